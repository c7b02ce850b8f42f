"""Values that a variable gives which is not in the repository: no finding may rest on one of them."""

from __future__ import annotations

from collections.abc import Iterator

from meshwright.check.model.index import Item, Model
from meshwright.check.model.unseen import Absence, Gap
from meshwright.errors import Position
from meshwright.flux.substitution import unresolved
from meshwright.manifests.files import RepositoryFiles
from meshwright.yaml import YamlFault
from meshwright.yaml.pointer import mapping_of

_OPENING, _CLOSING = "{[", "}]"


def rests_on_variable(model: Model, message: str, at: Position) -> bool:
    """Whether a finding quotes, or is about, a value with a variable that only the cluster knows."""
    if at.path not in model.once(_files_with_variables):
        return False
    return "${" in message or "${" in value_text(model.files, at)


def may_bring(model: Model, absence: Absence) -> Iterator[Gap]:
    """Objects that may be what is missing, because a variable gives their name, namespace or labels."""
    found = model.once(_with_variables)
    for kind in absence.kinds or [kind for cluster, kind in found if cluster == absence.cluster]:
        for item in found.get((absence.cluster, kind), ()):
            place = item.built.namespace
            if absence.namespace in (None, "") or unresolved(place) or item.namespace == absence.namespace:
                yield Gap(item.title, item.at(), item.cluster)
    if absence.other is not None:
        yield from may_bring(model, absence.other)


def value_text(files: RepositoryFiles, at: Position) -> str:
    """The text of the YAML value, or of the key and its value, that starts at a position."""
    try:
        lines = files.text(at.path).splitlines()
    except YamlFault:
        return ""
    if not 0 < at.line <= len(lines):
        return ""
    start = max(at.column - 1, 0)
    first = lines[at.line - 1][start:]
    if first[:1] in _OPENING:
        return _bracketed([first, *lines[at.line :]])
    rest = [first]
    for line in lines[at.line :]:
        indent = len(line) - len(line.lstrip())
        if line.strip() and (indent < start or (indent == start and not first.startswith("-"))):
            break
        rest.append(line)
    return "\n".join(rest)


def _bracketed(lines: list[str]) -> str:
    depth = 0
    taken: list[str] = []
    for line in lines:
        for number, sign in enumerate(line):
            depth += (sign in _OPENING) - (sign in _CLOSING)
            if depth == 0:
                return "\n".join([*taken, line[: number + 1]])
        taken.append(line)
    return "\n".join(taken)


def _files_with_variables(model: Model) -> frozenset[str]:
    """The files of roots with variables that are not in the repository."""
    roots = [root for root in model.repository.roots if not root.complete]
    return frozenset(path for root in roots if root.unit is not None for path in root.unit.inputs.files)


def _with_variables(model: Model) -> dict[tuple[str, str], list[Item]]:
    """Objects by cluster and kind whose name, namespace or pod labels are only known on the cluster."""
    found: dict[tuple[str, str], list[Item]] = {}
    for root in model.repository.roots:
        if root.complete:
            continue
        for built in root.objects:
            pod = mapping_of(mapping_of(built.data.get("spec")).get("template"))
            labels = mapping_of(mapping_of(pod.get("metadata")).get("labels"))
            texts = (
                built.name,
                built.namespace,
                *mapping_of(built.metadata.get("labels")).values(),
                *labels.values(),
            )
            if any(map(unresolved, texts)):
                found.setdefault((root.cluster, built.kind), []).append(Item(root, built, model.files))
    return found
