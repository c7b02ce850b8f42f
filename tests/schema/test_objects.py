"""Objects that a cluster takes and objects that it would not, through the real kubeconform."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from meshwright.yaml import parse

Object = dict[str, Any]

GOOD: dict[str, Object] = parse(Path(__file__).with_name("objects.yml").read_text(encoding="utf-8"))
LABELS = {"matchLabels": {"app": "web"}}

# Name of a good object, where to put a value, the value, and what kubeconform then says.
FAULTS: list[tuple[str, str, Any, str]] = [
    ("deployment", "metadata/lables", {}, "'lables' not allowed"),
    ("deployment", "spec/replica", 1, "'replica' not allowed"),
    ("deployment", "spec/replicas", "2", "got string"),
    ("deployment", "spec/template/metadata/annotation", {}, "'annotation' not allowed"),
    ("deployment", "spec/template/metadata/annotations/linkerd.io/inject", True, "got boolean"),
    ("deployment", "spec/template/spec/containers/0/imagePull", "Always", "'imagePull' not allowed"),
    ("deployment", "spec/template/spec/containers/0/resources/limits/cpu", [], "got array"),
    ("namespace", "metadata/labels/linkerd.io/extension", "a b", "does not match pattern"),
    ("namespace", "metadata/labels/linkerd.io/extension", 1, "got number, want string"),
    ("configmap", "dat", {}, "'dat' not allowed"),
    ("configmap", "metadata/namespace", "Upper_Case", "does not match pattern"),
    ("crd", "spec/versions/0/schema/openAPIV3Schema/properties/spec/typ", "", "'typ' not allowed"),
    ("kustomization", "spec/dependOn", [], "'dependOn' not allowed"),
    ("kustomization", "spec/interval", "10 minutes", "does not match pattern"),
    ("kustomization", "spec/deletionPolicy", "Keep", "must be one of"),
    ("helmrelease", "spec/chart/spec/ref", {}, "'ref' not allowed"),
    ("helmrelease", "spec/interval", None, "got null"),
    ("certificate", "spec/privateKey/rotationPolicy", "Sometimes", "must be one of"),
    ("certificate", "spec/isCa", True, "'isCa' not allowed"),
    ("bundle", "spec/target/configmap", {}, "'configmap' not allowed"),
    ("podmonitor", "spec/podMetricsEndpoints/0/portt", "a", "'portt' not allowed"),
    ("middleware", "spec/basicAuth/removeHeaders", True, "'removeHeaders' not allowed"),
    ("gateway", "spec/addresses/0/value", "not-an-address", "'oneOf' failed"),
    ("helmchartconfig", "spec/valueContent", "", "'valueContent' not allowed"),
    ("application", "spec/syncPolicy/automatic", {}, "'automatic' not allowed"),
    ("server", "spec/podSelector", ..., "'oneOf' failed"),
    ("server", "spec/externalWorkloadSelector", LABELS, "'oneOf' failed"),
    ("server", "spec/port", ..., "missing property 'port'"),
    ("server", "spec/port", 0, "minimum"),
    ("server", "spec/port", 70000, "maximum"),
    ("server", "spec/proxyProtocol", "http2", "must be one of"),
    ("server", "spec/accessPolicy", "allow", "must be one of"),
    ("server", "spec/podSelector/matchLabels/app", True, "got boolean"),
    ("server", "spec/podSelector/app", "web", "'app' not allowed"),
    ("server-workloads", "spec/accessPolicy", "deny", "'accessPolicy' not allowed"),
    ("server-old", "spec/podSelector", ..., "missing property 'podSelector'"),
    ("authorization", "spec/requiredAuthenticationRefs", ..., "missing property"),
    ("authorization", "spec/targetRef/namespace", "y", "'namespace' not allowed"),
    ("meshtls", "spec/identities", ..., "'oneOf' failed"),
    ("meshtls", "spec/identities", [], "minItems"),
    ("meshtls", "spec/identityRefs", [{"kind": "ServiceAccount", "name": "a"}], "'oneOf' failed"),
    ("network", "spec/networks", [], "minItems"),
    ("network", "spec/networks/0/cidr", "everyone", "does not match pattern"),
    ("egress", "spec/trafficPolicy", "Block", "must be one of"),
    ("ratelimit", "spec/total/requestsPerSecond", "10", "got string"),
    ("httproute", "spec/rules/0/timeouts/request", "soon", "duration"),
    ("httproute", "spec/rules/0/filters", [{"type": "ResponseHeaderModifier"}], "must be one of"),
    ("profile", "spec/routes/0/retryable", True, "'retryable' not allowed"),
    ("workload", "spec/meshTls", {}, "'meshTls' not allowed"),
    ("link", "spec/gatewayPort", 4143, "got number, want string"),
]  # fmt: skip


def changed(data: Object, path: str, value: Any) -> Object:
    """A copy with the value at ``path``, whose last step may hold slashes; ... takes it away."""
    result = copy.deepcopy(data)
    node: Any = result
    steps = path.split("/")
    while len(steps) > 1 and (isinstance(node, list) or steps[0] in node):
        step = steps.pop(0)
        node = node[int(step)] if isinstance(node, list) else node[step]
    key = "/".join(steps)
    if value is ...:
        del node[key]
    else:
        node[key] = value
    return result


@pytest.fixture(scope="module")
def verdicts(conform: Any) -> Any:
    """All objects of this module in one process."""
    bad = {
        f"{number}": changed(GOOD[name], path, value) for number, (name, path, value, _) in enumerate(FAULTS)
    }
    return conform({**GOOD, **bad})


@pytest.mark.parametrize("name", GOOD)
def test_good(verdicts: Any, name: str) -> None:
    assert verdicts[name].status == "valid", verdicts[name].message


@pytest.mark.parametrize(
    "number", range(len(FAULTS)), ids=[f"{name}:{path}={value}" for name, path, value, _ in FAULTS]
)
def test_fault(verdicts: Any, number: int) -> None:
    verdict = verdicts[str(number)]
    assert verdict.status == "invalid", verdict
    assert FAULTS[number][3] in verdict.message


def test_a_kind_that_nobody_knows_is_an_error_at_once(conform: Any) -> None:
    verdict = conform(
        {"unknown": {"apiVersion": "example.org/v1", "kind": "Unknown", "metadata": {"name": "x"}}}
    )["unknown"]
    assert verdict.status == "error"
    assert "could not find schema" in verdict.message
