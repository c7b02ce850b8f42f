"""Files that only look like manifests: sources of templates, which another tool turns into YAML."""

from __future__ import annotations

import posixpath
import re

from meshwright.errors import Position
from meshwright.manifests.files import RepositoryFiles
from meshwright.manifests.finding import NotSeen
from meshwright.yaml import YamlFault

_CHART = "Chart.yaml"
# Go templates and Jinja, ERB; what is written in a comment or in quotes is YAML all the same.
_PLACEHOLDER = re.compile(r"\{\{|\{%|<%")


def chart_of_template(files: RepositoryFiles, path: str) -> str:
    """The folder of the Helm chart that has ``path`` among its templates; empty when none has."""
    parts = path.split("/")
    for depth, part in enumerate(parts[:-1]):
        folder = "/".join(parts[:depth]) or "."
        if part == "templates" and files.is_file(posixpath.join(folder, _CHART)):
            return folder
    return ""


def unread_template(files: RepositoryFiles, fault: YamlFault) -> NotSeen | None:
    """What to say of a file that is no YAML because it is a template; None when it is none."""
    path = fault.position.path
    try:
        if not _PLACEHOLDER.search(files.text(path)):
            return None
    except YamlFault:
        return None
    return NotSeen(f"'{path}'", "it is a template, which only its own tool can read", Position(path))
