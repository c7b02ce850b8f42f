"""The order proof says of small random repositories what trying every order says."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meshwright.check.model.repository import RootKind
from meshwright.check.order.analysis import OrderFault, analyse
from meshwright.check.order.startup import Moment
from support.fluxworld import world_of
from support.repositories import as_text
from support.rulecases import Case, model_of

_NAMES = ("a", "b", "c", "d")


def _kustomization(name: str, needs: list[str], *, wait: bool) -> dict[str, Any]:
    return {
        "apiVersion": "kustomize.toolkit.fluxcd.io/v1",
        "kind": "Kustomization",
        "metadata": {"name": name, "namespace": "flux-system"},
        "spec": {
            "path": f"./{name}",
            "sourceRef": {"kind": "GitRepository", "name": "x"},
            "dependsOn": [{"name": need} for need in needs],
            "wait": wait,
        },
    }


def _release(
    name: str, chart: str, values: dict[str, Any], needs: list[str], *, waits: bool
) -> dict[str, Any]:
    return {
        "apiVersion": "helm.toolkit.fluxcd.io/v2",
        "kind": "HelmRelease",
        "metadata": {"name": name, "namespace": "flux-system"},
        "spec": {
            "install": {"strategy": {"name": "RetryOnFailure"}, **({} if waits else {"disableWait": True})},
            "chart": {"spec": {"chart": chart, "version": "1.0.0", "sourceRef": {"name": "x"}}},
            "targetNamespace": "default",
            "values": values,
            "dependsOn": [{"name": need} for need in needs],
        },
    }


def _workload(name: str, *, mounts: bool) -> dict[str, Any]:
    volumes = [{"name": "v", "configMap": {"name": "settings"}}] if mounts else []
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": "shop"},
        "spec": {
            "template": {
                "metadata": {"annotations": {"linkerd.io/inject": "enabled"}},
                "spec": {"containers": [], "volumes": volumes},
            }
        },
    }


def _plain(api_version: str, kind: str, name: str, **spec: Any) -> dict[str, Any]:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name}, **spec}


def _config_map(name: str, namespace: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": namespace}}


@st.composite
def _repositories(draw: st.DrawFn) -> dict[str, str]:
    """Up to four Kustomizations, nested or not, with the parts that make order matter spread over them."""
    names = _NAMES[: draw(st.integers(2, 4))]
    files: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    by_hand: list[dict[str, Any]] = []
    for number, name in enumerate(names):
        needs = draw(st.lists(st.sampled_from(names), max_size=2, unique=True))
        item = _kustomization(name, needs, wait=draw(st.booleans()))
        # A parent comes earlier in the list, so that every Kustomization is reached from the top.
        parent = draw(st.sampled_from((None, *names[:number]))) if number else None
        (by_hand if parent is None else files[parent]).append(item)
    crd = {"group": "example.com", "names": {"kind": "Gadget"}}
    linkerd = {"identity": {"externalCA": True}}
    others = [[], ["certs"]]
    parts = [
        _release("certs", "cert-manager", {"crds": {"enabled": True}}, [], waits=draw(st.booleans())),
        _release(
            "linkerd",
            "linkerd-control-plane",
            linkerd,
            draw(st.sampled_from(others)),
            waits=draw(st.booleans()),
        ),
        _plain("cert-manager.io/v1", "ClusterIssuer", "issuer"),
        _plain("apiextensions.k8s.io/v1", "CustomResourceDefinition", "gadgets.example.com", spec=crd),
        _plain("example.com/v1", "Gadget", "one"),
        _plain("v1", "Namespace", "shop"),
        _workload("web", mounts=draw(st.booleans())),
        _workload("worker", mounts=draw(st.booleans())),
        _config_map("settings", "shop"),
        _config_map("linkerd-identity-trust-roots", "default"),
    ]
    there = draw(st.sets(st.integers(0, len(parts) - 1), min_size=5, max_size=10))
    if 0 not in there:
        parts[1]["spec"]["dependsOn"] = []
    for number in sorted(there):
        files[draw(st.sampled_from(names))].append(parts[number])
    texts = {f"{name}/all.yaml": as_text(items) for name, items in files.items() if items}
    return {"flux.yaml": as_text(by_hand), **texts}


@pytest.mark.parametrize("examples", [120, pytest.param(600, marks=pytest.mark.long)])
def test_the_proof_agrees_with_every_order_tried(examples: int) -> None:
    settings(max_examples=examples, deadline=None)(given(_repositories())(_agrees))()


def _agrees(files: dict[str, str]) -> None:
    world = world_of(files)
    world.run()

    analysis = analyse(model_of(Case("", "", files, (), RootKind.FLUX)))

    startup, graph = analysis.startup, analysis.startup.graph
    for unit in startup.units:
        if unit.kind in ("Kustomization", "HelmRelease"):
            said = graph.can_happen(startup.unit(unit)[Moment.READY])
            assert said == world.ready(f"{unit.kind}/{unit.name}"), unit.title
    stuck = [unit for unit in startup.units if not graph.can_happen(startup.unit(unit)[Moment.READY])]
    circles = [diagnosis for diagnosis in analysis.diagnoses if diagnosis.fault in _CIRCLES]
    assert bool(circles) == bool(stuck)
    told = {
        (diagnosis.fault is OrderFault.TOO_EARLY, diagnosis.subject)
        for diagnosis in analysis.diagnoses
        if diagnosis.kind == "injector"
    }
    for owner, items in world.objects.items():
        for item in items:
            title = f"Deployment/{item['metadata']['name']}"
            if item["kind"] != "Deployment" or ("HelmRelease/linkerd" not in _titles(world.objects)):
                continue
            always = title in world.unmeshed and title not in world.meshed
            sometimes = title in world.unmeshed
            subject = f"Kustomization flux-system/{owner}"
            assert ((True, subject) in told) == always
            assert ((False, subject) in told) == (sometimes and not always)


_CIRCLES = (OrderFault.CIRCLE, OrderFault.SAME_APPLY, OrderFault.DEADLOCK)


def _titles(objects: dict[str, list[dict[str, Any]]]) -> set[str]:
    return {f"{item['kind']}/{item['metadata']['name']}" for items in objects.values() for item in items}
