"""Renders the template through Copier's API and turns every failure into a one-line error."""

from __future__ import annotations

import re
import shutil
import tempfile
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from meshwright import __version__
from meshwright.errors import MeshwrightError
from meshwright.resources import data_root

# Not the short gh: form, because Renovate looks up tags under the literal text.
PUBLISHED_SOURCE = "https://github.com/meshwright/meshwright.git"


def render(
    answers: Mapping[str, Any],
    destination: Path,
    *,
    template: Path | None = None,
    source: str = PUBLISHED_SOURCE,
    commit: str = f"v{__version__}",
) -> None:
    """Render the template into ``destination``, which must not exist or be empty.

    Questions without an answer get their default; nothing is asked, and no code of the template is trusted.
    The answers file records ``source`` at ``commit``, by default the published template at this package's
    version, because a path on this machine would break later updates. ``template`` is a folder with
    copier.yml and template/, by default the one in this package. Raises MeshwrightError with Copier's
    message if an answer is rejected; then nothing is written.
    """
    with tempfile.TemporaryDirectory(prefix="meshwright-") as scratch:
        _run_copier(template or _plain_copy(Path(scratch)), destination, answers)
    _name_source(destination / ".copier-answers.yml", source, commit)


def _plain_copy(scratch: Path) -> Path:
    """A copy of the template without Git, because Copier would clone a checkout for each render."""
    root = data_root()
    shutil.copy(root / "copier.yml", scratch)
    shutil.copytree(root / "template", scratch / "template")
    return scratch


def _run_copier(source: Path, destination: Path, answers: Mapping[str, Any]) -> None:
    # Imported here because these imports take half a second.
    from copier import run_copy
    from copier.errors import CopierError
    from jinja2 import TemplateError
    from plumbum import ProcessExecutionError

    from meshwright.scaffold.lean import lean

    try:
        with warnings.catch_warnings(), lean():
            warnings.simplefilter("ignore")
            run_copy(
                str(source),
                destination,
                data=dict(answers),
                defaults=True,
                quiet=True,
                unsafe=False,
                overwrite=False,
            )
    except (CopierError, TemplateError, ProcessExecutionError, ValueError, TypeError) as error:
        raise MeshwrightError(_one_line(error)) from None


def _one_line(error: Exception) -> str:
    return re.sub(r"\s+", " ", str(error)).strip() or type(error).__name__


def _name_source(answers_file: Path, source: str, commit: str) -> None:
    lines = [
        line
        for line in answers_file.read_text(encoding="utf-8").splitlines()
        if not line.startswith(("_commit:", "_src_path:"))
    ]
    header = [line for line in lines if line.startswith("#")]
    body = [line for line in lines if not line.startswith("#")]
    named = [f'_commit: "{commit}"', f'_src_path: "{source}"']
    answers_file.write_text("\n".join([*header, *named, *body]) + "\n", encoding="utf-8")
