"""The options of every command that reads a repository: its time limit and its resource limits."""

from __future__ import annotations

from contextvars import copy_context
from typing import Any

from typer.core import TyperOption

from meshwright.commands.group import Command

_TIMEOUT, _LIMIT = "meshwright.timeout", "meshwright.limit"
# Seconds: a large repository takes a hundredth of it.
_SECONDS = 600


class Bounded(Command):
    """A command with --timeout and --limit, which apply while its function runs."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.params += [
            TyperOption(
                param_decls=["--timeout"],
                type=int,
                default=_SECONDS,
                metavar="SECONDS",
                callback=_keep(_TIMEOUT),
                expose_value=False,
                help="Stop after this many seconds; 0 means no limit.",
            ),
            TyperOption(
                param_decls=["--limit"],
                type=str,
                multiple=True,
                metavar="NAME=NUMBER",
                callback=_keep(_LIMIT),
                expose_value=False,
                help="Raise a resource limit that a finding names. Can be repeated.",
            ),
        ]

    def invoke(self, ctx: Any) -> Any:
        """Run the function. Raises MeshwrightError for an invalid limit."""
        return copy_context().run(self._invoke, ctx)

    def _invoke(self, ctx: Any) -> Any:
        # Imported here: `meshwright --version` needs none of it.
        from meshwright.deadline import deadline

        if pairs := ctx.meta.get(_LIMIT):
            from meshwright.limits import set_limits

            set_limits(pairs)
        seconds = ctx.meta[_TIMEOUT]
        if seconds < 0:
            from meshwright.errors import MeshwrightError

            raise MeshwrightError(f"--timeout {seconds}: write a number of seconds, or 0 for no limit")
        with deadline(seconds):
            return super().invoke(ctx)


class UnixBounded(Bounded):
    """A command for Linux and macOS; on other systems it is refused before it runs."""

    def invoke(self, ctx: Any) -> Any:
        """Run the function. Raises MeshwrightError on another system or for an invalid limit."""
        from meshwright.systems import require_unix

        require_unix(_words(ctx))
        return super().invoke(ctx)


def _words(ctx: Any) -> str:
    """The command as written after the program's name, such as ``trust rotate``."""
    return f"{_words(ctx.parent)} {ctx.info_name}".lstrip() if ctx.parent else ""


def _keep(name: str) -> Any:
    def callback(ctx: Any, _: Any, value: Any) -> Any:
        ctx.meta[name] = value
        return value

    return callback
