"""Which files are active, and which are disabled by not being listed in a kustomization."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from meshwright.manifests.files import RepositoryFiles
from meshwright.manifests.inputsreader import BuildInputsReader
from meshwright.manifests.kustomization import FILE_NAMES, KustomizationIndex
from meshwright.manifests.templatefiles import chart_of_template
from meshwright.yaml import YamlFault


def files_that_mention(
    mark: re.Pattern[str], files: RepositoryFiles, inputs_reader: BuildInputsReader
) -> Iterator[str]:
    """YAML files that match ``mark``, except kustomizations, files that only feed them, and templates."""
    for path in files.yaml_paths():
        if path in inputs_reader.ingredients or posixpath.basename(path) in FILE_NAMES:
            continue
        # A chart's template is only used by Helm when it renders the chart.
        if chart_of_template(files, path) and path not in inputs_reader.resources:
            continue
        try:
            text = files.text(path)
        except YamlFault:
            # Too large or not text, so not a manifest that someone wrote.
            continue
        if mark.search(text):
            yield path


def is_active(
    path: str, index: KustomizationIndex, inputs_reader: BuildInputsReader, generated: set[str]
) -> bool:
    """Whether a kustomization includes the file, or no kustomization governs its folder.

    A file beside a kustomization.yaml that does not list it is disabled.
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
