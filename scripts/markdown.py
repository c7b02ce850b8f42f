"""Plain text in the Markdown of generated pages."""

from __future__ import annotations


def shown(text: str) -> str:
    """The text so that Markdown shows its angle brackets and backslashes, as in ``<name>`` and ``a\\.b``.

    Spans in backticks stay as they are.
    """
    spans = text.split("`")
    spans[::2] = [span.replace("\\", "\\\\").replace("<", "&lt;") for span in spans[::2]]
    return "`".join(spans)
