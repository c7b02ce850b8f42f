"""Which files are in force, and which a person has switched off."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from meshwright.manifests.buildinputs import BuildInputsReader
from meshwright.manifests.files import RepositoryFiles
from meshwright.manifests.kustomization import FILE_NAMES, KustomizationIndex
from meshwright.manifests.templatefiles import chart_of_template
from meshwright.yaml import YamlFault


def files_that_mention(
    mark: re.Pattern[str], files: RepositoryFiles, inputs_reader: BuildInputsReader
) -> Iterator[str]:
    """YAML files with ``mark`` in their text, without kustomizations, what only feeds them, and templates."""
    for path in files.yaml_paths():
        if path in inputs_reader.ingredients or posixpath.basename(path) in FILE_NAMES:
            continue
        # Helm makes something of it when it renders the chart, and nothing else does.
        if chart_of_template(files, path) and path not in inputs_reader.resources:
            continue
        try:
            text = files.text(path)
        except YamlFault:
            # Too large, or no text: nothing that a person wrote for an engine.
            continue
        if mark.search(text):
            yield path


def in_force(
    path: str, index: KustomizationIndex, inputs_reader: BuildInputsReader, generated: set[str]
) -> bool:
    """Whether something takes the file in, or nothing decides about it and a person applies it.

    A file beside a kustomization.yaml that does not list it is switched off.
    """
    if path in inputs_reader.resources:
        return True
    folder = posixpath.dirname(path) or "."
    while True:
        if folder in index:
            return False
        if folder in generated or folder == ".":
            return True
        folder = posixpath.dirname(folder) or "."
