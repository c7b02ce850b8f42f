"""The checker: one function over a repository, and the report that it gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from meshwright.check.pipeline import check_repository

__all__ = ["check_repository"]


def __getattr__(name: str) -> Any:
    # A report from the cache needs nothing of what the pipeline imports.
    if name == "check_repository":
        from meshwright.check import pipeline

        return pipeline.check_repository
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
