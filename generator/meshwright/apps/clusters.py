"""The clusters of a generated repository: one answers file for each, or the repository's own for one."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from meshwright.apps.model import RepositorySettings
from meshwright.apps.names import LABEL
from meshwright.apps.settings import read_settings
from meshwright.errors import AnotherTemplateError, MeshwrightError, together
from meshwright.manifests.inside import read_inside
from meshwright.words import did_you_mean
from meshwright.yaml import as_written, parse

# The answers for the repository's own files, and for its cluster while it has only one.
ANSWERS = ".copier-answers.yml"
_OF_CLUSTER = re.compile(r"\.copier-answers\.(.+)\.yml\Z", re.DOTALL)
# What is read alike for all clusters: the URL with its user, port and scheme may differ.
_REMOTE = re.compile(r"(?:https|ssh)://(?:[^/@]*@)?([^/:]+)(?::[0-9]+)?/(.*?)(?:\.git)?/?\Z")


@dataclass(frozen=True)
class ClusterAnswers:
    """An answers file of this template: its name, and the answers without interpretation."""

    file: str
    given: Mapping[str, Any]

    @property
    def cluster(self) -> str:
        """The cluster that it renders; empty if it renders only the repository's own files."""
        return str(self.given["cluster_name"])


@dataclass(frozen=True)
class Mismatch:
    """Two answers that do not fit: ``text`` about the answer ``key`` of ``file``, with the fix."""

    file: str
    key: str
    text: str
    fix: str


def answers_file(cluster: str) -> str:
    """The name of the answers file that only ``cluster`` has."""
    return f".copier-answers.{cluster}.yml"


def cluster_of(file: str) -> str:
    """The cluster whose answers file has this name; empty if it is not that of one cluster."""
    found = _OF_CLUSTER.fullmatch(file)
    return found[1] if found else ""


def cluster_files(names: Iterable[str]) -> list[str]:
    """Those of the file names that are answers files of one cluster, perhaps of another template."""
    return sorted(name for name in names if cluster_of(name))


def is_answers(data: Any) -> bool:
    """Whether these are answers to this template's questions."""
    return isinstance(data, Mapping) and {"cluster_name", "engine"} <= data.keys()


def read_answers_files(root: Path) -> list[ClusterAnswers]:
    """Every answers file of this template, the repository's own first.

    Raises MeshwrightError if ``root`` is not a generated repository, or its answers files do not fit
    together.
    """
    found = [ClusterAnswers(ANSWERS, _repository_answers(root))]
    for name in cluster_files(os.listdir(root)):  # noqa: PTH208 - names only
        data = _parsed(root, name)
        if is_answers(data):
            found.append(ClusterAnswers(name, data))
    for item in found:
        _refuse_invalid(root, item)
    if faults := [f"{root / fault.file}: {fault.text}; {fault.fix}" for fault in mismatches(found)]:
        raise together(faults)
    return found


def read_clusters(root: Path) -> tuple[RepositorySettings, ...]:
    """The settings of every cluster of the repository at ``root``, by name.

    Raises MeshwrightError if it is not a generated repository, or its answers files do not fit together.
    """
    found = [item for item in read_answers_files(root) if item.cluster]
    return tuple(
        read_settings(root, item.given, item.file) for item in sorted(found, key=lambda item: item.cluster)
    )


def mismatches(found: list[ClusterAnswers]) -> Iterator[Mismatch]:
    """What does not fit together; the first of ``found`` is the repository's own."""
    repository, seen = found[0], dict[str, str]()
    for item in found:
        if item is not repository and item.file != answers_file(item.cluster):
            text = f"cluster_name is '{item.cluster}', but the name of the file is that of another cluster"
            yield Mismatch(item.file, "cluster_name", text, f"rename it to {answers_file(item.cluster)}")
        if item.cluster and item.cluster in seen:
            text = f"cluster '{item.cluster}' has answers in {seen[item.cluster]} too"
            fix = f"leave cluster_name empty in {ANSWERS}, or remove one of the two"
            yield Mismatch(item.file, "cluster_name", text, fix)
        seen.setdefault(item.cluster, item.file)
        if item.given["engine"] != repository.given["engine"]:
            text = f"engine is '{item.given['engine']}', but '{repository.given['engine']}' in {ANSWERS}"
            yield Mismatch(item.file, "engine", text, "use one engine for all clusters of a repository")
        if _remote(item) != _remote(repository):
            here, there = (answers.given.get("git_url") for answers in (item, repository))
            text = f"git_url is '{here}', but '{there}' in {ANSWERS}"
            yield Mismatch(item.file, "git_url", text, "all clusters of a repository read the same one")


def _remote(item: ClusterAnswers) -> tuple[str, ...]:
    url = str(item.given.get("git_url", "")).partition("?ref=")[0]
    found = _REMOTE.match(url)
    return found.groups() if found else (url,)


def _repository_answers(root: Path) -> Mapping[str, Any]:
    if not root.is_dir():
        raise MeshwrightError(f"{root}: no such folder; pass the folder of a generated repository")
    try:
        answers = _parsed(root, ANSWERS)
    except (OSError, UnicodeDecodeError):
        raise MeshwrightError(
            f"{root}: not a generated repository: it has no readable {ANSWERS}; "
            "create one with `meshwright new`, or pass another folder"
        ) from None
    if not is_answers(answers):
        raise AnotherTemplateError(
            f"{root / ANSWERS}: answers of another template: cluster_name and engine are missing"
        )
    given: Mapping[str, Any] = answers
    return given


def _parsed(root: Path, name: str) -> Any:
    try:
        return parse(read_inside(root, name).decode("utf-8"), name)
    except (OSError, UnicodeDecodeError) as error:
        if name == ANSWERS:
            raise
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise MeshwrightError(f"{root / name}: cannot be read: {reason}") from None


def _refuse_invalid(root: Path, item: ClusterAnswers) -> None:
    file, engine, name = root / item.file, item.given["engine"], item.given["cluster_name"]
    if engine not in ("flux", "argocd"):
        raise MeshwrightError(f"{file}: engine is {as_written(engine)}, but must be flux or argocd")
    if name == "" and item.file == ANSWERS:
        return
    if not isinstance(name, str) or not LABEL.fullmatch(name):
        # It becomes part of paths that are written.
        raise MeshwrightError(
            f"{file}: cluster_name is {as_written(name)}, but must be a DNS label such as home"
        )


def no_such_cluster(given: str, name: str, names: Iterable[str], root: Path) -> MeshwrightError:
    """The error for a cluster that a repository does not have; ``given`` is how the user named it."""
    known = sorted(names)
    others = f"; its clusters are {', '.join(known)}" if known else "; it has none"
    return MeshwrightError(f"{given}: no such cluster in {root}{did_you_mean(name, known) or others}")
