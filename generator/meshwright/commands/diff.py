"""``meshwright diff``: what differs in what two revisions of a repository render."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from meshwright.difference import Difference
from meshwright.difference.comparison import compare_files
from meshwright.difference.revision import Checkout
from meshwright.errors import ExitCode
from meshwright.printing import emit, in_colour, tell
from meshwright.progress import working


@dataclass(frozen=True)
class DiffRequest:
    """What the command line asks for.

    ``old`` and ``new`` are revisions, ``new`` empty for the work tree. ``output`` is text, markdown or json;
    ``charts`` a folder with charts to render; ``exit_code`` asks for 1 when something differs
    or could not be compared.
    """

    old: str = "HEAD"
    new: str = ""
    output: str = "text"
    exit_code: bool = False
    charts: Path | None = None


def run(path: Path, request: DiffRequest) -> ExitCode:
    """Compare and print. Raises MeshwrightError when that is not possible."""
    with working("reading"), Checkout.of(path).files(request.old, request.new) as (old, new, changed):
        difference = compare_files(old, new, changed, request.charts)
    _print(difference, request)
    differs = request.exit_code and not difference.is_same
    return ExitCode.FINDINGS if differs else ExitCode.CLEAN


def _print(difference: Difference, request: DiffRequest) -> None:
    # Each format is imported by itself: the start of the program stays fast.
    if request.output == "json":
        from meshwright.difference import json_output

        emit(json_output.render(difference, request.old, request.new))
    elif request.output == "markdown":
        from meshwright.difference import markdown

        tell(markdown.render(difference, request.old, request.new))
    else:
        from meshwright.difference import text

        tell(text.render(difference, colour=in_colour()), colour=in_colour())
