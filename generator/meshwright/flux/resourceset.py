"""The objects that a ResourceSet of flux-operator makes from its templates and inputs.

source: flux-operator 0.59, internal/builder/resourceset.go: Go templates with << and >>, sprig, and one set
of objects for each input; the same object from two inputs is made once. internal/inputs: each set of inputs
has ``provider``, and ``id``, which only the cluster knows except for permutations. A template that reads an
input which is not there ends the ResourceSet (missingkey=error; the controller stalls with BuildFailed).
"""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections.abc import Callable, Iterator, Mapping
from itertools import product
from typing import Any

from meshwright.errors import Position
from meshwright.flux import goyaml
from meshwright.flux.kustomization import INSTANCE_GROUP
from meshwright.gotemplate import MissingKey, Unsupported, execute
from meshwright.manifests.manifestfile import object_name
from meshwright.manifests.unit import BuiltObject, Origin
from meshwright.yaml import YamlFault, parse_all
from meshwright.yaml.pointer import Pointer, items_of, mapping_of

_KIND, _PROVIDER = "ResourceSet", "ResourceSetInputProvider"
# Helm's own braces are text to a ResourceSet.
_BRACES = {"{{": "\ue000", "}}": "\ue001"}


_ACTION = re.compile(r"<<(.*?)>>", re.S)
_INPUTS = re.compile(r"(?<![\w.$\"])inputs(?=[\s.|)-]|\Z)")


class NotExpanded(Exception):
    """A ResourceSet whose objects are not known; the argument says why."""


class InputMissing(NotExpanded):
    """A ResourceSet that flux-operator refuses, because the template at ``pointer`` reads no input."""

    def __init__(self, path: str, pointer: Pointer) -> None:
        super().__init__(f"no input gives '{path}'")
        self.path = path
        self.pointer = pointer


def is_resource_set(built: BuiltObject) -> bool:
    """Whether an object is a ResourceSet."""
    return built.kind == _KIND and built.group == INSTANCE_GROUP


def expand(
    built: BuiltObject, others: list[BuiltObject], position: Callable[[Pointer], Position]
) -> list[BuiltObject]:
    """The objects of a ResourceSet; ``others`` may have its input providers. Raises NotExpanded."""
    found: dict[tuple[str, str, str, str], BuiltObject] = {}
    spec = mapping_of(built.data.get("spec"))
    sets = list(_inputs(built, spec, others))
    parts: list[tuple[Pointer, Mapping[str, Any]]] = [(("spec",), spec)]
    parts += [
        (("spec", "steps", number), step)
        for number, step in enumerate(items_of(spec.get("steps")))
        if isinstance(step, Mapping)
    ]
    for inputs in sets:
        for at, part in parts:
            for pointer, data in _objects(part, inputs, at):
                if not isinstance(data, dict) or not object_name(data) or (inputs and _is_excluded(data)):
                    continue
                origin = Origin(made_by=_KIND, place=position((*at, *pointer)))
                made = BuiltObject(_with_metadata(data, spec), origin)
                found.setdefault((made.group, made.kind, made.namespace, made.name), made)
    return list(found.values())


def _is_excluded(data: Mapping[str, Any]) -> bool:
    annotations = mapping_of(mapping_of(data.get("metadata")).get("annotations"))
    return annotations.get(f"{INSTANCE_GROUP}/reconcile") == "disabled"


def _objects(
    part: Mapping[str, Any], inputs: Mapping[str, Any], at: Pointer
) -> Iterator[tuple[Pointer, Any]]:
    for number, resource in enumerate(items_of(part.get("resources"))):
        try:
            text = _filled(goyaml.write(resource), inputs, (*at, "resources", number))
            yield ("resources", number), goyaml.read(text)
        except ValueError as error:
            raise NotExpanded(f"resource {number + 1} is not YAML once it is filled: {error}") from None
    template = part.get("resourcesTemplate")
    if isinstance(template, str):
        try:
            for data in parse_all(_filled(template, inputs, (*at, "resourcesTemplate"))):
                yield ("resourcesTemplate",), data
        except YamlFault as fault:
            raise NotExpanded(f"resourcesTemplate is not YAML once it is filled: {fault.problem}") from None


def _filled(text: str, inputs: Mapping[str, Any], pointer: Pointer) -> str:
    for braces, sign in _BRACES.items():
        text = text.replace(braces, sign)
    # inputs is a function there; here the variable of all data holds them.
    text = _ACTION.sub(lambda found: "{{" + _INPUTS.sub("$.inputs", found[1]) + "}}", text)
    try:
        text = execute(text, {"inputs": inputs}, strict=True)
    except MissingKey as missing:
        if str(missing).rpartition(".")[2] == "id":
            raise NotExpanded("only the cluster knows the id of its inputs") from None
        raise InputMissing(str(missing).lstrip("$."), pointer) from None
    except Unsupported as reason:
        raise NotExpanded(str(reason)) from None
    for braces, sign in _BRACES.items():
        text = text.replace(sign, braces)
    return text


def _inputs(
    built: BuiltObject, spec: Mapping[str, Any], others: list[BuiltObject]
) -> Iterator[Mapping[str, Any]]:
    """Each set of inputs, or one empty set if it has none."""
    own = [entry for entry in items_of(spec.get("inputs")) if isinstance(entry, Mapping)]
    given = [(built, own)] if own else []
    for entry in items_of(spec.get("inputsFrom")):
        given += [(one, [_static(one)]) for one in _providers(built, mapping_of(entry), others)]
    given = [
        (one, [{**inputs, "provider": _reference(one, built.namespace)} for inputs in sets])
        for one, sets in given
    ]
    if mapping_of(spec.get("inputStrategy")).get("name") == "Permute":
        names = [_key(one.name) for one, _ in given]
        for combination in product(*(list(enumerate(sets)) for _, sets in given)):
            places = [f"{name}={number}" for name, (number, _) in zip(names, combination, strict=True)]
            made = dict(zip(names, (inputs for _, inputs in combination), strict=True))
            yield {**made, "id": str(zlib.adler32("/".join(places).encode()))}
        return
    flat = [inputs for _, sets in given for inputs in sets]
    yield from flat or ([] if spec.get("inputsFrom") else [{}])


def _reference(provider: BuiltObject, namespace: str) -> Mapping[str, Any]:
    """What ``inputs.provider`` is."""
    return {
        "apiVersion": provider.api_version,
        "kind": provider.kind,
        "name": provider.name,
        "namespace": provider.namespace or namespace,
    }


def _key(name: str) -> str:
    """A provider's name as the key of its inputs: words of letters and digits, joined by _."""
    letters = (
        "_" if letter.isspace() or unicodedata.category(letter).startswith("P") else letter
        for letter in name.lower()
    )
    kept = "".join(letter for letter in letters if letter == "_" or (letter.isascii() and letter.isalnum()))
    return "_".join(word for word in kept.split("_") if word)


def _providers(
    built: BuiltObject, entry: Mapping[str, Any], others: list[BuiltObject]
) -> Iterator[BuiltObject]:
    name, selector = entry.get("name"), mapping_of(mapping_of(entry.get("selector")).get("matchLabels"))
    found = [
        other
        for other in others
        if other.kind == _PROVIDER
        and other.namespace in ("", built.namespace)
        and (other.name == name if name else _fits(other, selector))
    ]
    if not found:
        raise NotExpanded(f"its input provider '{name or 'by label'}' is not in this repository")
    yield from found


def _fits(other: BuiltObject, selector: Mapping[str, Any]) -> bool:
    labels = mapping_of(other.metadata.get("labels"))
    return bool(selector) and all(labels.get(key) == value for key, value in selector.items())


def _static(provider: BuiltObject) -> Mapping[str, Any]:
    spec = mapping_of(provider.data.get("spec"))
    if spec.get("type") != "Static":
        raise NotExpanded(f"{provider.title} asks a service for its inputs")
    return mapping_of(spec.get("defaultValues"))


def _with_metadata(data: dict[str, Any], spec: Mapping[str, Any]) -> dict[str, Any]:
    common = mapping_of(spec.get("commonMetadata"))
    metadata = dict(mapping_of(data.get("metadata")))
    for name in ("labels", "annotations"):
        if added := mapping_of(common.get(name)):
            metadata[name] = {**mapping_of(metadata.get(name)), **added}
    return {**data, "metadata": metadata}
