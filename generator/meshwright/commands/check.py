"""``meshwright check``: build and validate everything in a repository, offline."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from meshwright.check import check_repository
from meshwright.check.memory import check_remembered
from meshwright.errors import ExitCode


def run(
    path: Path, output: str, kubernetes: str | None, *, remember: bool = False, charts: Path | None = None
) -> ExitCode:
    """Check ``path`` and print the report as ``output`` says, "text" or "json".

    ``kubernetes`` is a minor such as 1.35, by default the pinned one; ``charts`` a folder
    with charts to render; ``remember`` gives the last report
    again when nothing has changed since. Raises MeshwrightError when the check could not run.
    """
    check = check_remembered if remember else check_repository
    report = check(path, kubernetes=kubernetes, charts=charts)
    if output == "json":
        from meshwright.check import json_output

        sys.stdout.write(json_output.render(report))
    else:
        from meshwright.check import text

        colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        sys.stdout.write(text.render(report, colour=colour))
    return report.exit_code
