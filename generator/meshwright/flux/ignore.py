"""Which files Flux leaves out of what it fetches.

source-controller drops a fixed list, then what ``.sourceignore`` files and a source's spec.ignore
name (github.com/fluxcd/pkg/sourceignore v0.18.0).
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from fnmatch import fnmatchcase

from meshwright.manifests.files import RepositoryFiles
from meshwright.yaml import YamlFault

_FILE = ".sourceignore"
_NAMES = frozenset(
    {
        ".git",
        ".gitignore",
        ".gitmodules",
        ".gitattributes",
        ".github",
        ".circleci",
        ".travis.yml",
        ".gitlab-ci.yml",
        "appveyor.yml",
        ".drone.yml",
        "cloudbuild.yaml",
        "codeship-services.yml",
        "codeship-steps.yml",
        ".goreleaser.yml",
        ".sops.yaml",
        ".flux.yaml",
    }
)
_PATTERNS = ("*.jpg", "*.jpeg", "*.gif", "*.png", "*.wmv", "*.flv", "*.tar.gz", "*.zip")


class SourceIgnore:
    """Says for a path whether it is missing from the artifact."""

    def __init__(self, files: RepositoryFiles) -> None:
        self._matchers: list[tuple[str, Callable[[str], bool | None]]] = []
        for path in files.paths:
            if posixpath.basename(path) == _FILE:
                try:
                    text = files.text(path)
                except YamlFault:
                    continue
                self._matchers.append((posixpath.dirname(path), _matcher(text)))

    def __call__(self, path: str) -> bool:
        """Whether Flux leaves ``path`` out."""
        parts = path.split("/")
        ignored = any(part in _NAMES for part in parts) or any(
            fnmatchcase(parts[-1], pattern) for pattern in _PATTERNS
        )
        for folder, matches in self._matchers:
            prefix = f"{folder}/" if folder else ""
            if path.startswith(prefix):
                said = matches(path.removeprefix(prefix))
                ignored = ignored if said is None else said
        return ignored


def _matcher(text: str) -> Callable[[str], bool | None]:
    # Few repositories have such a file, and the import costs more than the rest of this module.
    import pathspec

    spec = pathspec.GitIgnoreSpec.from_lines(text.splitlines())
    return lambda path: spec.check_file(path).include
