"""The order proof says of small random trees of Applications what trying every order says."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meshwright.check.model.repository import RootKind
from meshwright.check.order.analysis import OrderFault, analyse
from meshwright.check.order.startup import Moment
from support.argoworld import ArgoWorld, identity
from support.repositories import as_text
from support.rulecases import Case, model_of

_WAVES = st.sampled_from((None, None, "-1", "1", "2"))
_ENDLESS = {"automated": {}, "retry": {"limit": -1}}


def _item(
    api_version: str, kind: str, name: str, wave: str | None, namespace: str = "", **rest: Any
) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": name}
    if namespace:
        metadata["namespace"] = namespace
    if wave is not None:
        metadata["annotations"] = {"argocd.argoproj.io/sync-wave": wave}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **rest}


def _application(name: str, wave: str | None, source: dict[str, Any]) -> dict[str, Any]:
    spec = {"source": source, "destination": {"namespace": "default"}, "syncPolicy": _ENDLESS}
    return _item("argoproj.io/v1alpha1", "Application", name, wave, "argocd", spec=spec)


def _chart(name: str, wave: str | None, chart: str, values: dict[str, Any]) -> dict[str, Any]:
    source = {
        "repoURL": "https://charts.example.com",
        "chart": chart,
        "targetRevision": "1.0.0",
        "helm": {"valuesObject": values},
    }
    return _application(name, wave, source)


@st.composite
def _repositories(draw: st.DrawFn) -> tuple[list[dict[str, Any]], dict[str, list[dict[str, Any]]], bool]:
    """A root, up to three Applications below it or each other, and parts spread over them in waves."""
    names = ("root", *("a", "b", "c")[: draw(st.integers(1, 3))])
    objects: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    by_hand = [_application("root", None, {"repoURL": "x", "path": "root"})]
    for number, name in enumerate(names[1:], 1):
        child = _application(name, draw(_WAVES), {"repoURL": "x", "path": name})
        objects[draw(st.sampled_from(names[:number]))].append(child)
    pod = {"metadata": {"annotations": {"linkerd.io/inject": "enabled"}}, "spec": {"containers": []}}
    crd = {"group": "example.com", "names": {"kind": "Gadget"}}
    definition = ("apiextensions.k8s.io/v1", "CustomResourceDefinition", "gadgets.example.com")
    parts = [
        _chart("certs", draw(_WAVES), "cert-manager", {"crds": {"enabled": True}}),
        _chart("linkerd", draw(_WAVES), "linkerd-control-plane", {"identity": {"externalCA": True}}),
        _item("cert-manager.io/v1", "ClusterIssuer", "issuer", draw(_WAVES)),
        _item(*definition, draw(_WAVES), spec=crd),
        _item("example.com/v1", "Gadget", "one", draw(_WAVES)),
        _item("v1", "Namespace", "shop", draw(_WAVES)),
        _item("apps/v1", "Deployment", "web", draw(_WAVES), "shop", spec={"template": pod}),
        _item("apps/v1", "Deployment", "worker", draw(_WAVES), "shop", spec={"template": pod}),
        _item("v1", "ConfigMap", "linkerd-identity-trust-roots", draw(_WAVES), "default"),
    ]
    for number in sorted(draw(st.sets(st.integers(0, len(parts) - 1), min_size=4, max_size=9))):
        objects[draw(st.sampled_from(names))].append(parts[number])
    return by_hand, objects, draw(st.booleans())


@pytest.mark.parametrize("examples", [120, pytest.param(600, marks=pytest.mark.long)])
def test_the_proof_agrees_with_every_order_tried(examples: int) -> None:
    settings(max_examples=examples, deadline=None)(given(_repositories())(_agrees))()


def _agrees(repository: tuple[list[dict[str, Any]], dict[str, list[dict[str, Any]]], bool]) -> None:
    by_hand, objects, gates = repository
    world = ArgoWorld(by_hand, objects, gates)
    world.run()
    settings_of_argo = [] if gates else [_item("v1", "ConfigMap", "argocd-cm", None, "argocd", data={})]
    texts = {f"{name}/all.yaml": as_text(items) for name, items in objects.items() if items}
    files = {"entry.yaml": as_text([*by_hand, *settings_of_argo]), **texts}

    analysis = analyse(model_of(Case("", "", files, (), RootKind.ARGOCD)))

    startup, graph = analysis.startup, analysis.startup.graph
    units = [unit for unit in startup.units if unit.kind == "Application"]
    for unit in units:
        said = graph.can_happen(startup.unit(unit)[Moment.READY])
        assert said == world.ready(unit.name), unit.title
    stuck = any(not graph.can_happen(startup.unit(unit)[Moment.READY]) for unit in units)
    circles = (OrderFault.CIRCLE, OrderFault.SAME_APPLY, OrderFault.DEADLOCK)
    assert any(diagnosis.fault in circles for diagnosis in analysis.diagnoses) == stuck
    told = {diagnosis.subject for diagnosis in analysis.diagnoses if diagnosis.kind == "injector"}
    everything = [(name, item) for name, items in objects.items() for item in items]
    if any(identity(item) == "Application/linkerd" for _, item in everything):
        for name in objects:
            deployments = {identity(item) for item in objects[name] if item["kind"] == "Deployment"}
            assert (f"Application argocd/{name}" in told) == bool(deployments & world.unmeshed)
