"""The objects that a ResourceSet of flux-operator makes from its templates and inputs.

source: flux-operator 0.59, internal/builder/resourceset.go: Go templates with << and >>, sprig, and one set
of objects for each input; the same object from two inputs is made once.
"""

from __future__ import annotations

import re
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
            for pointer, data in _objects(part, inputs):
                if not isinstance(data, dict) or not object_name(data):
                    continue
                origin = Origin(made_by=_KIND, place=position((*at, *pointer)))
                made = BuiltObject(_with_metadata(data, spec), origin)
                found.setdefault((made.api_version, made.kind, made.namespace, made.name), made)
    return list(found.values())


def _objects(part: Mapping[str, Any], inputs: Mapping[str, Any]) -> Iterator[tuple[Pointer, Any]]:
    for number, resource in enumerate(items_of(part.get("resources"))):
        try:
            yield ("resources", number), goyaml.read(_filled(goyaml.write(resource), inputs))
        except ValueError as error:
            raise NotExpanded(f"resource {number + 1} is not YAML once it is filled: {error}") from None
    template = part.get("resourcesTemplate")
    if isinstance(template, str):
        try:
            for data in parse_all(_filled(template, inputs)):
                yield ("resourcesTemplate",), data
        except YamlFault as fault:
            raise NotExpanded(f"resourcesTemplate is not YAML once it is filled: {fault.problem}") from None


def _filled(text: str, inputs: Mapping[str, Any]) -> str:
    for braces, sign in _BRACES.items():
        text = text.replace(braces, sign)
    # inputs is a function there; here the variable of all data holds them.
    text = _ACTION.sub(lambda found: "{{" + _INPUTS.sub("$.inputs", found[1]) + "}}", text)
    try:
        text = execute(text, {"inputs": inputs}, strict=True)
    except MissingKey as missing:
        raise NotExpanded(f"no input gives '{missing}'") from None
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
    given: list[tuple[str, list[Mapping[str, Any]]]] = [(built.name, own)] if own else []
    for entry in items_of(spec.get("inputsFrom")):
        given += [(one.name, [_static(one)]) for one in _providers(built, mapping_of(entry), others)]
    if mapping_of(spec.get("inputStrategy")).get("name") == "Permute":
        names = [name.replace("-", "_") for name, _ in given]
        for combination in product(*(sets for _, sets in given)):
            yield dict(zip(names, combination, strict=True))
        return
    flat = [inputs for _, sets in given for inputs in sets]
    yield from flat or ([] if spec.get("inputsFrom") else [{}])


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
