"""Flux's post-build variable substitution, applied to the objects that a Kustomization builds.

kustomize-controller 1.9 writes each object as YAML, replaces ``${NAME}`` in that text, and parses it
again (github.com/fluxcd/pkg/kustomize v1.35.6, kustomize_varsub.go). Quotes in the source file are lost
by then, so a value that looks like a number becomes one. An undefined variable fails the whole
Kustomization (feature gate StrictPostBuildSubstitutions, on since 1.9).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from meshwright.errors import Position
from meshwright.finding import Finding
from meshwright.flux import goyaml
from meshwright.flux.envsubst import evaluate
from meshwright.flux.expression import BadSubstitution, Expression
from meshwright.flux.kustomization import FluxKustomization
from meshwright.manifests.generated import place_of
from meshwright.manifests.kustomization import KustomizationIndex
from meshwright.manifests.source import find_text
from meshwright.manifests.unit import BuiltObject
from meshwright.yaml import flow
from meshwright.yaml.pointer import Pointer, items_of, scalars

SUBSTITUTE = "kustomize.toolkit.fluxcd.io/substitute"
_NAME = re.compile(r"^[_a-zA-Z][_a-zA-Z0-9]*\Z")


@dataclass
class Variables:
    """The variables that postBuild defines; ``unseen`` names the sources that may define more."""

    values: dict[str, str] = field(default_factory=dict)
    unseen: list[str] = field(default_factory=list)
    # Names of the variables that come from a Secret.
    secret: set[str] = field(default_factory=set)
    always: bool = False
    asked_for: bool = False

    @property
    def applies(self) -> bool:
        """Whether the controller substitutes at all: if there is a variable, or always."""
        return self.asked_for and bool(self.values or self.unseen or self.always)


Lookup = Callable[[str, str, str], Mapping[str, str] | None]


def read_variables(kustomization: FluxKustomization, lookup: Lookup, *, is_open: bool = False) -> Variables:
    """The variables of a Kustomization: substitute overrides substituteFrom, later entries override earlier.

    ``lookup`` returns the data of a ConfigMap or Secret by kind, namespace and name, or None if the
    repository does not contain it. ``is_open`` means that a parent has variables that are not known, so that
    a variable in a value may be one of the parent's, which gives it a value that is not known either.
    """
    post_build = kustomization.spec.get("postBuild")
    variables = Variables(asked_for=isinstance(post_build, Mapping))
    if not isinstance(post_build, Mapping):
        return variables
    variables.always = post_build.get("substituteStrategy") == "Always"
    for reference in items_of(post_build.get("substituteFrom")):
        if not isinstance(reference, Mapping):
            continue
        kind, name = str(reference.get("kind") or ""), str(reference.get("name") or "")
        data = lookup(kind, kustomization.built.namespace, name)
        if data is not None:
            variables.values.update({key: value.replace("\n", "") for key, value in data.items()})
            variables.secret -= data.keys()
            variables.secret |= data.keys() if kind == "Secret" else set()
        elif not (reference.get("optional") is True and kind == "ConfigMap"):
            variables.unseen.append(f"{kind} '{name}'")
    substitute = post_build.get("substitute")
    for key, value in substitute.items() if isinstance(substitute, Mapping) else ():
        text = value if isinstance(value, str) else flow(value)
        variables.values[str(key)] = text.replace("\n", "")
        variables.secret.discard(str(key))
    passed = sorted(f"'{name}'" for name, value in variables.values.items() if is_open and unresolved(value))
    variables.unseen += [f"its parent ({', '.join(passed)})"] if passed else []
    return variables


def name_findings(kustomization: FluxKustomization, variables: Variables) -> Iterator[Finding]:
    """A finding for each variable whose name the controller refuses."""
    for name in sorted(variables.values):
        if not _NAME.match(name):
            yield Finding(
                "build/variable-name",
                kustomization.position("spec", "postBuild", "substitute", name, key=True),
                f"{kustomization.title}: variable name '{name}' must consist of letters, digits and _",
                "rename it; every key of a ConfigMap under substituteFrom is a variable",
                kustomization.title,
            )


class Substitution:
    """Applies the variables of one Kustomization; problems are collected in ``findings``."""

    def __init__(
        self, kustomization: FluxKustomization, variables: Variables, index: KustomizationIndex
    ) -> None:
        self._kustomization = kustomization
        self._variables = variables
        self._index = index
        self.findings: list[Finding] = list(name_findings(kustomization, variables))

    def apply(self, built: BuiltObject) -> BuiltObject:
        """The object as Flux applies it; unchanged if substitution is disabled or fails."""
        if not self._variables.applies or _is_disabled(built) or not _mentions(built.data):
            return built
        missing: dict[str, Expression] = {}

        def missing_value(expression: Expression) -> str:
            if not self._variables.unseen:
                missing.setdefault(expression.name, expression)
            # An unknown variable keeps its expression, which ``unresolved`` recognizes later.
            return expression.source

        try:
            text = evaluate(goyaml.write(built.data), self._variables.values, missing_value)
        except BadSubstitution as bad:
            self.findings.append(self._bad(built, bad))
            return built
        except ValueError as error:
            self.findings.append(self._broken(built, str(error)))
            return built
        self.findings.extend(self._undefined(built, missing[name]) for name in sorted(missing))
        try:
            data = goyaml.read(text)
        except ValueError as error:
            self.findings.append(self._broken(built, str(error)))
            return built
        if not isinstance(data, dict):
            self.findings.append(self._broken(built, "the result is not a mapping"))
            return built
        return BuiltObject(data, built.origin)

    def _undefined(self, built: BuiltObject, expression: Expression) -> Finding:
        name = expression.name
        return Finding(
            "build/undefined-variable",
            self._text_position(built, expression.source),
            f"variable '{name}' in {built.title} is not defined by {self._kustomization.title}, "
            "which fails as a whole",
            f"define it under postBuild.substitute, escape it as $${{{name}}}, "
            f"or annotate the object with {SUBSTITUTE}: disabled",
            built.title,
        )

    def _bad(self, built: BuiltObject, bad: BadSubstitution) -> Finding:
        return Finding(
            "build/substitution",
            self._text_position(built, bad.expression),
            f"Flux cannot parse '{bad.expression}' in {built.title}: {bad.problem}; "
            f"{self._kustomization.title} fails",
            f"write $$ for a dollar sign, or annotate the object with {SUBSTITUTE}: disabled",
            built.title,
        )

    def _broken(self, built: BuiltObject, problem: str) -> Finding:
        pointer = next((pointer for pointer, text in _texts(built.data) if "${" in text), ())
        return Finding(
            "build/substitution",
            self._pointer_position(built, pointer),
            f"{built.title} is not valid YAML after {self._kustomization.title} substitutes its variables: "
            f"{problem}",
            "keep quotes, colons, line breaks and control characters out of the variables",
            built.title,
        )

    def _text_position(self, built: BuiltObject, wanted: str) -> Position:
        """The position of ``wanted`` in the object's source."""
        for pointer, text in _texts(built.data):
            if wanted in text:
                return find_text(self._kustomization.files, self._pointer_position(built, pointer), wanted)
        return self._pointer_position(built, ())

    def _pointer_position(self, built: BuiltObject, pointer: Pointer) -> Position:
        return place_of(self._kustomization.files, self._index, built, pointer)


def _is_disabled(built: BuiltObject) -> bool:
    return any(
        isinstance(values := built.metadata.get(field), Mapping) and values.get(SUBSTITUTE) == "disabled"
        for field in ("labels", "annotations")
    )


def _mentions(data: Any) -> bool:
    return any(mark in text for _, text in _texts(data) for mark in ("${", "$$"))


def _texts(data: Any) -> Iterator[tuple[Pointer, str]]:
    """Every text of an object, including its keys."""
    for pointer, value in scalars(data):
        key = str(pointer[-1]) if pointer else ""
        yield pointer, f"{key}\0{value}" if isinstance(value, str) else key


def unresolved(value: Any) -> bool:
    """Whether ``value`` contains a variable whose value is not known."""
    return isinstance(value, str) and "${" in value
