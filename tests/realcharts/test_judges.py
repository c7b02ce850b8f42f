"""The judges of `make charts`, on small invented repositories and charts (cases.yaml)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from engine.builds import binary
from meshwright.check.schema.schemas import choose_minor
from meshwright.manifests.values import ChartReference
from meshwright.yaml import dump, parse
from realcharts.admission import Admitted, Ask, inject, injection_faults, program, security_faults
from realcharts.charts import Charts
from realcharts.facts import SUBJECTS, load
from realcharts.helm import Helm
from realcharts.ignoredvalues import leaves
from realcharts.installation import Installation, Part
from realcharts.judges import Judge
from realcharts.pods import Namespace, namespaces, pods
from realcharts.reserved import WITHOUT_VALUE

CASES: dict[str, Any] = parse(Path(__file__).with_name("cases.yaml").read_text(encoding="utf-8"))
DETAIL = (
    'seccompProfile (pod or container "web" must set securityContext.seccompProfile.type '
    'to "RuntimeDefault" or "Localhost")'
)


def _security(questions: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What Pod Security says of the cases, in its own words."""
    refused = {"allowed": False, "detail": DETAIL}
    return [
        {"allowed": True}
        if one["level"] == "privileged" or "seccompProfile" in one["spec"]["securityContext"]
        else refused
        for one in questions
    ]


def _no_question(questions: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    assert not questions
    return []


@pytest.fixture(params=["as recorded", pytest.param("the real evaluator", marks=pytest.mark.long)])
def security(request: pytest.FixtureRequest) -> Ask:
    if request.param == "as recorded":
        return _security
    built = binary("podsecurity")
    if not built.exists():
        pytest.skip("the evaluator is built by make charts and make e2e")
    return program(built)


@pytest.mark.parametrize("name", CASES["cases"])
def test_faults_are_found_and_nothing_else(name: str, security: Ask, tmp_path: Path) -> None:
    case = CASES["cases"][name]
    for path, content in {**CASES["base"], **case.get("files", {})}.items():
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content if isinstance(content, str) else dump(content), encoding="utf-8")
    (tmp_path / "charts").rename(tmp_path.parent / f"{tmp_path.name}-charts")
    charts = Charts(tmp_path.parent / f"{tmp_path.name}-charts", tmp_path.parent / f"{tmp_path.name}-scratch")
    verdict = Judge(charts, Helm(choose_minor(None)), _no_question, security).judge(tmp_path)
    expected = case.get("faults", [])
    assert len(verdict.faults) == len(expected), [str(fault) for fault in verdict.faults]
    for fault, line in zip(verdict.faults, expected, strict=True):
        assert str(fault).startswith(line.strip())
    assert verdict.images == {"example/web:1"} or "helm refuses" in str(expected)


INJECTOR = """
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingWebhookConfiguration
metadata: {name: injector}
webhooks:
  - name: linkerd-proxy-injector.linkerd.io
    clientConfig: {service: {name: linkerd-proxy-injector}}
    namespaceSelector:
      matchExpressions: [{key: kubernetes.io/metadata.name, operator: NotIn, values: [kube-system]}]
"""


def _installation(*extra: str) -> Installation:
    texts = [
        INJECTOR,
        "{apiVersion: v1, kind: ConfigMap, metadata: {name: linkerd-config}, data: {values: 'x: y'}}",
        "{kind: Namespace, metadata: {name: shop, annotations: {linkerd.io/inject: enabled}}}",
        *extra,
    ]
    objects = [parse(text) for text in texts]
    placed = [{**one, "metadata": {"namespace": "shop", **one["metadata"]}} for one in objects]
    return Installation(parts=[Part("shop", "apps/shop", tuple(placed))])


def _pod(name: str, namespace: str = "shop", spec: str = "{}", annotations: str = "{}") -> str:
    about = f"{{name: {name}, namespace: {namespace}, annotations: {annotations}}}"
    return f"{{apiVersion: v1, kind: Pod, metadata: {about}, spec: {spec}}}"


def _admitted(found: Installation) -> list[Admitted]:
    """The injector's answers by name: what it gives to `web`, and what it leaves out."""

    def injector(questions: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        assert all(one["values"] == "x: y" for one in questions)
        return [
            {
                "injected": True,
                "pod": {"metadata": {}, "spec": {"initContainers": [{"name": "linkerd-init"}]}},
            }
            if one["name"] == "web"
            else {"injected": False, "reasons": ["hostNetwork is enabled"]}
            for one in questions
        ]

    return inject(found, pods(found), namespaces(found), injector)


def test_the_injector_is_asked_for_pods_that_its_webhook_selects() -> None:
    found = _installation(_pod("web"), _pod("dns", "kube-system"))
    web, dns = _admitted(found)
    assert (web.injected, dns.injected) == (True, False)
    assert web.spec == {"initContainers": [{"name": "linkerd-init"}]}
    assert dns.reasons == ("no webhook of Linkerd's injector selects it",)


def test_pods_that_should_be_meshed_and_are_not_are_faults() -> None:
    enabled = "{linkerd.io/inject: enabled}"
    found = _installation(
        _pod("web"),
        _pod("left-out"),
        _pod("exporter", spec="{hostNetwork: true}"),
        _pod("host", spec="{hostNetwork: true}", annotations=enabled),
        _pod("off", annotations="{linkerd.io/inject: disabled}"),
        _pod("odd", annotations="{linkerd.io/inject: enable}"),
        _pod("dns", "kube-system", annotations=enabled),
    )
    assert [str(fault) for fault in injection_faults(_admitted(found), namespaces(found))] == [
        "apps/shop: Pod shop/left-out should get a proxy and gets none: hostNetwork is enabled",
        "apps/shop: Pod shop/host should get a proxy and gets none: hostNetwork is enabled",
        "apps/shop: Pod shop/odd has linkerd.io/inject: enable, which the injector does not know",
        "apps/shop: Pod kube-system/dns should get a proxy and gets none: "
        "no webhook of Linkerd's injector selects it",
    ]


def test_pod_security_judges_a_pod_as_the_injector_leaves_it() -> None:
    found = _installation(_pod("web"))
    known = {"shop": Namespace("shop", {"pod-security.kubernetes.io/enforce": "baseline"}, {}, created=True)}

    def security(questions: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        [one] = questions
        assert one["level"] == "baseline"
        assert one["spec"] == {"initContainers": [{"name": "linkerd-init"}]}
        return [{"allowed": False, "detail": "non-default capabilities"}]

    [fault] = security_faults(_admitted(found), known, security)
    why = "is refused by Pod Security level baseline: non-default capabilities"
    assert str(fault) == f"apps/shop: Pod shop/web, with its proxy, {why}"


def test_the_nearest_version_stands_for_one_that_is_missing(tmp_path: Path) -> None:
    for version in ("1.20.9", "1.21.2", "2.0.0"):
        folder = tmp_path / "given" / f"web-{version}"
        folder.mkdir(parents=True)
        (folder / "Chart.yaml").write_text(
            f"apiVersion: v2\nname: web\nversion: {version}\n", encoding="utf-8"
        )
    charts = Charts(tmp_path / "given", tmp_path / "scratch")
    wanted, missing = ChartReference("web", "v1.21.3"), ChartReference("db", "1.0.0")
    [line, other] = charts.provide([wanted, missing])
    assert line == "chart web v1.21.3 is judged as 1.21.2, the nearest in the folder"
    assert other.startswith("chart db 1.0.0 is not in ")
    assert charts.find(missing) is None
    found = charts.find(wanted)
    assert found is not None
    assert found.parent.name == "web-v1.21.3"
    assert parse((found / "Chart.yaml").read_text(encoding="utf-8"))["version"] == "1.21.2"


def test_each_value_is_changed_alone() -> None:
    values = {"a": {"b": 1, "c": {}}, "d": [{"e": 2}], "f": None}
    assert list(leaves(values)) == [("a", "b"), ("a", "c"), ("d",), ("f",)]


def test_a_container_that_need_not_request_anything_is_one_of_its_chart() -> None:
    containers = {
        (subject.namespace, name)
        for subject in SUBJECTS
        for pod in load(subject.name).get("pods", {}).values()
        for kind in ("initContainers", "containers")
        for name in pod.get(kind) or {}
    }
    charts = {subject.namespace for subject in SUBJECTS}

    assert {one for one in WITHOUT_VALUE if one[0] in charts} <= containers
