"""Templates that look like manifests but are rendered to YAML by another tool."""

from __future__ import annotations

import posixpath
import re

from meshwright.errors import Position
from meshwright.finding import NotSeen
from meshwright.manifests.files import RepositoryFiles
from meshwright.yaml import YamlFault

_CHART = "Chart.yaml"
# Go templates and Jinja, ERB. Only searched in invalid YAML: in comments and quotes they are valid YAML.
_PLACEHOLDER = re.compile(r"\{\{|\{%|<%")


def chart_of_template(files: RepositoryFiles, path: str) -> str:
    """The folder of the Helm chart whose template ``path`` is; empty if it is none."""
    parts = path.split("/")
    for depth, part in enumerate(parts[:-1]):
        folder = "/".join(parts[:depth]) or "."
        if part == "templates" and files.is_file(posixpath.join(folder, _CHART)):
            return folder
    return ""


def unread_template(files: RepositoryFiles, fault: YamlFault) -> NotSeen | None:
    """The report for a file that is not YAML because it is a template; None for other files."""
    path = fault.position.path
    if fault.is_conflict:
        return None
    try:
        if not _PLACEHOLDER.search(files.text(path)):
            return None
    except YamlFault:
        return None
    return NotSeen(f"'{path}'", "it is a template, which only its own tool can render", Position(path))
