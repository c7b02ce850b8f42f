"""Values of single layers and applications with which something would not start, be open, or stay silent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import re2

from meshwright.apps.injectability import blocked, verdict
from meshwright.apps.podowners import pod_owner
from meshwright.linkerd.injection import Namespace
from meshwright.manifests.unit import BuiltObject, Origin
from meshwright.pins import load_pins
from meshwright.resources import data_root
from meshwright.scaffold import render
from meshwright.yaml import parse, parse_all
from support.configurations import Answers

VIZ = {"viz_host": "linkerd.home.arpa"}
EXISTING = {"namespace": "observe", "url": "http://prometheus.observe:9090", "release": "prom"}


def rendered(folder: Path, **answers: Any) -> Path:
    render(answers, folder / "repository")
    return folder / "repository"


def load(file: Path) -> Any:
    return parse(file.read_text(encoding="utf-8"))


def objects(file: Path) -> dict[str, Any]:
    """Kind -> object, of a file with one object of each kind."""
    return {item["kind"]: item for item in parse_all(file.read_text(encoding="utf-8"))}


def built(data: Any) -> BuiltObject:
    return BuiltObject(data, Origin("job.yaml"))


@pytest.mark.parametrize("engine", ["flux", "argocd"])
def test_every_gate_is_injected_and_needs_no_other_image_than_the_proxys(engine: str, tmp_path: Path) -> None:
    repository = rendered(tmp_path, engine=engine, ingress="own", apps=["demo"], **VIZ)
    gates = [*repository.rglob("gate.yaml"), repository / "platform/home/linkerd-gate/job.yaml"]
    assert len(gates) == (4 if engine == "argocd" else 1)

    for file in gates:
        job = objects(file)["Job"]
        owner = pod_owner(built(job))
        assert owner is not None
        assert verdict(built(job), owner, Namespace("linkerd-gate")).injected, file
        [container] = job["spec"]["template"]["spec"]["containers"]
        assert container["image"] == f"ghcr.io/linkerd/proxy:edge-{load_pins().charts['linkerd'][2:]}"
        assert container["command"] == ["/usr/lib/linkerd/linkerd-await", "--timeout=10s"]
        # Under the usual name of this image, the injector takes the gate for injected already.
        container["image"] = container["image"].replace("ghcr.io", "cr.l5d.io")
        assert blocked(built(job), owner) is not None


def test_the_eck_operator_fits_the_level_of_its_namespace(tmp_path: Path) -> None:
    folder = rendered(tmp_path, apps=["elastic"]) / "apps/eck-operator"
    level = load(folder / "namespace.yaml")["metadata"]["labels"]["pod-security.kubernetes.io/enforce"]
    context = load(folder / "values.yaml")["podSecurityContext"]

    # The chart sets runAsNonRoot alone, and a value replaces all of it.
    assert level == "restricted"
    assert context == {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}


@pytest.mark.parametrize(
    ("ingress", "allowed"),
    [
        ("k3s", {"kind": "ServiceAccount", "name": "traefik", "namespace": "kube-system"}),
        ("own", {"kind": "ServiceAccount", "name": "traefik", "namespace": "traefik"}),
        ("none", {"kind": "ServiceAccount", "name": "web"}),
    ],
)
@pytest.mark.parametrize("engine", ["flux", "argocd"])
def test_only_traefik_reaches_the_dashboard(
    engine: str, ingress: str, allowed: dict[str, str], tmp_path: Path
) -> None:
    folder = rendered(tmp_path, engine=engine, ingress=ingress, **VIZ) / "platform/home/linkerd-viz"
    found = objects(folder / "policy.yaml")
    server, policy, clients = (
        found[kind] for kind in ("Server", "AuthorizationPolicy", "MeshTLSAuthentication")
    )

    assert "policy.yaml" in load(folder / "kustomization.yaml")["resources"]
    # The labels and the port of viz/charts/linkerd-viz/templates/web.yaml.
    assert server["spec"]["podSelector"] == {
        "matchLabels": {"linkerd.io/extension": "viz", "component": "web"}
    }
    assert server["spec"]["port"] == "http"
    assert "accessPolicy" not in server["spec"]
    assert policy["spec"]["targetRef"]["name"] == server["metadata"]["name"]
    assert [ref["name"] for ref in policy["spec"]["requiredAuthenticationRefs"]] == [
        clients["metadata"]["name"]
    ]
    assert clients["spec"] == {"identityRefs": [allowed]}
    assert {item["metadata"]["namespace"] for item in found.values()} == {"linkerd-viz"}


@pytest.mark.parametrize("ingress", ["k3s", "none"])
def test_the_dashboard_answers_to_its_host_and_to_a_port_forward_alone(ingress: str, tmp_path: Path) -> None:
    folder = rendered(tmp_path, ingress=ingress, **VIZ) / "platform/home/linkerd-viz"
    values = load(folder / "values.yaml")
    # Go's regexp, as web/srv/server.go matches req.Host.
    host = re2.compile(values["dashboard"]["enforcedHostRegexp"])

    for good in (
        "linkerd.home.arpa",
        "linkerd.home.arpa:443",
        "localhost:50750",
        "127.0.0.1:50750",
        "[::1]:1",
    ):
        assert host.search(good), good
    for bad in (
        "evil.example",
        "linkerdxhome.arpa",
        "localhost.evil.example",
        "x.localhost",
        "127.0.0.1.x",
        "",
    ):
        assert not host.search(bad), bad
    hidden = values["tap"]["ignoreHeaders"]
    assert {"authorization", "cookie", "set-cookie", "x-api-key"} <= set(hidden)
    assert hidden == [header.lower() for header in hidden]


def test_the_dashboard_gets_a_certificate_from_the_issuer_that_is_named(tmp_path: Path) -> None:
    folder = rendered(tmp_path, viz_host="linkerd.home.arpa", viz_issuer="1e3") / "platform/home/linkerd-viz"
    found = objects(folder / "dashboard.yaml")

    spec = found["Certificate"]["spec"]
    assert spec["issuerRef"] == {"group": "cert-manager.io", "kind": "ClusterIssuer", "name": "1e3"}
    assert spec["dnsNames"] == ["linkerd.home.arpa"]
    assert found["IngressRoute"]["spec"]["tls"] == {"secretName": spec["secretName"]}
    assert found["IngressRoute"]["spec"]["routes"][0]["match"] == "Host(`linkerd.home.arpa`)"
    assert "issuer" not in (folder / "values.yaml").read_text(encoding="utf-8")


def test_without_an_issuer_traefiks_own_certificate_is_used_and_the_readme_says_so(tmp_path: Path) -> None:
    repository = rendered(tmp_path, **VIZ)
    found = objects(repository / "platform/home/linkerd-viz/dashboard.yaml")
    readme = (repository / "clusters/home/README.md").read_text(encoding="utf-8")

    assert "Certificate" not in found
    assert found["IngressRoute"]["spec"]["tls"] == {}
    steps = [
        readme.index(f"{number}. **{word}**")
        for number, word in enumerate(("DNS", "Login", "Certificate"), 1)
    ]
    assert steps == sorted(steps)
    assert "--answers viz_issuer=NAME" in readme


def test_without_an_ingress_the_readme_opens_the_dashboard_with_the_cli(tmp_path: Path) -> None:
    readme = (rendered(tmp_path, ingress="none", **VIZ) / "clusters/home/README.md").read_text(
        encoding="utf-8"
    )

    assert "`linkerd viz dashboard` opens it in a browser" in readme
    assert "curl --header" not in readme


GRAFANA: list[tuple[Answers, Answers]] = [
    ({}, {"url": "kube-prometheus-stack-grafana.monitoring.svc.cluster.local"}),
    ({"metrics": "none"}, {}),
    ({"metrics": "existing", "existing_prometheus": EXISTING}, {}),
    (
        {"metrics": "existing", "existing_prometheus": {**EXISTING, "grafana": "grafana.observe.svc:3000"}},
        {"url": "grafana.observe.svc:3000"},
    ),
    (
        {"metrics": "existing", "existing_prometheus": {**EXISTING, "grafana": "https://g.example.org/x"}},
        {"externalUrl": "https://g.example.org/x"},
    ),
]


@pytest.mark.parametrize(("answers", "expected"), GRAFANA)
def test_the_dashboard_knows_the_grafana_there_is(
    answers: Answers, expected: Answers, tmp_path: Path
) -> None:
    repository = rendered(tmp_path, **VIZ, **answers)
    readme = (repository / "clusters/home/README.md").read_text(encoding="utf-8")

    assert load(repository / "platform/home/linkerd-viz/values.yaml").get("grafana", {}) == expected
    assert ("Grafana is at `/grafana`" in readme) == ("url" in expected)
    assert ("root_url = https://linkerd.home.arpa/grafana/" in readme) == (
        "url" in expected and "existing_prometheus" in answers
    )


def test_an_existing_grafana_gets_the_dashboards_by_label_or_by_id(root: Path, tmp_path: Path) -> None:
    repository = rendered(tmp_path, metrics="existing", existing_prometheus=EXISTING)
    upstream = load(data_root() / "template/includes/grafana-dashboards.yml")
    layer = load(repository / "platform/home/linkerd-monitoring/kustomization.yaml")
    readme = (repository / "clusters/home/README.md").read_text(encoding="utf-8")
    manual = (root / "docs/monitoring.md").read_text(encoding="utf-8")

    assert len(layer["configMapGenerator"]) == 3
    assert layer["generatorOptions"]["labels"] == {"grafana_dashboard": "1"}
    assert len(upstream) == 18
    for dashboard in upstream:
        assert f"{dashboard['id']} ({dashboard['name']})" in readme
        assert f"| {dashboard['name']} | {dashboard['id']} | {dashboard['revision']} |" in manual


@pytest.mark.parametrize("engine", ["flux", "argocd"])
def test_grafana_downloads_nothing_unless_it_is_asked_to(engine: str, tmp_path: Path) -> None:
    plain = rendered(tmp_path / "plain", engine=engine, **VIZ)
    values = load(plain / "platform/home/kube-prometheus-stack/values.yaml")
    asked = rendered(tmp_path / "asked", engine=engine, apps=["grafana-dashboards"], **VIZ)
    with_them = load(asked / "platform/home/kube-prometheus-stack/values.yaml")

    assert not {"dashboards", "dashboardProviders", "defaultCurlOptions"} & values["grafana"].keys()
    assert len(with_them["grafana"]["dashboards"]["linkerd"]) == 18
    assert not (asked / "apps/grafana-dashboards").exists()


@pytest.mark.parametrize("engine", ["flux", "argocd"])
def test_no_section_is_empty_because_that_would_delete_the_charts_own(engine: str, tmp_path: Path) -> None:
    values = load(rendered(tmp_path, engine=engine) / "platform/home/kube-prometheus-stack/values.yaml")

    assert [name for name, section in values.items() if section is None] == []


@pytest.mark.parametrize("ingress", ["k3s", "own"])
def test_traefik_keeps_its_way_to_services_of_others(ingress: str, tmp_path: Path) -> None:
    repository = rendered(tmp_path, ingress=ingress, **VIZ)

    for file in (repository / "platform/home/traefik").iterdir():
        assert "nativeLB" not in file.read_text(encoding="utf-8"), file
    [route] = objects(repository / "platform/home/linkerd-viz/dashboard.yaml")["IngressRoute"]["spec"][
        "routes"
    ]
    assert [service["nativeLB"] for service in route["services"]] == [True]


@pytest.mark.parametrize("owner", ["k3s", "none", "repo"])
def test_linkerd_waits_for_gateway_api_crds_of_another_owner(owner: str, tmp_path: Path) -> None:
    flux = rendered(tmp_path / "flux", gateway_api=owner)
    argocd = rendered(tmp_path / "argocd", gateway_api=owner, engine="argocd")
    spec = load(flux / "clusters/home/platform/linkerd-crds.yaml")["spec"]
    waited = {(check["kind"], check["name"]) for check in spec.get("healthChecks", [])}
    resources = load(argocd / "platform/home/linkerd-crds/kustomization.yaml").get("resources", [])

    if owner == "repo":
        assert spec["wait"] is True
        assert (waited, resources) == (set(), [])
        return
    assert waited == {
        ("HelmRelease", "linkerd-crds"),
        ("CustomResourceDefinition", "httproutes.gateway.networking.k8s.io"),
        ("CustomResourceDefinition", "grpcroutes.gateway.networking.k8s.io"),
    }
    assert "wait" not in spec
    assert resources == ["gateway-api.yaml"]
    route = objects(argocd / "platform/home/linkerd-crds/gateway-api.yaml")["HTTPRoute"]
    assert route["apiVersion"] == "gateway.networking.k8s.io/v1"
    assert route["metadata"]["annotations"] == {"argocd.argoproj.io/ignore-healthcheck": "true"}
    assert not (flux / "platform/home/linkerd-crds/gateway-api.yaml").exists()


def test_linkerd_sends_no_heartbeat(tmp_path: Path) -> None:
    values = load(rendered(tmp_path, nodes=3) / "platform/home/linkerd-control-plane/values.yaml")

    assert values["disableHeartBeat"] is True
    assert not [key for key in values if key.startswith("heartbeat")]


def test_fluent_bit_reads_the_journal_of_k3s(tmp_path: Path) -> None:
    on_k3s = load(rendered(tmp_path / "k3s", apps=["elastic"]) / "apps/fluent-bit/values.yaml")
    other = load(
        rendered(tmp_path / "other", apps=["elastic"], distribution="other") / "apps/fluent-bit/values.yaml"
    )

    inputs = on_k3s["config"]["inputs"]
    assert "Systemd_Filter _SYSTEMD_UNIT=k3s.service" in inputs
    assert "Systemd_Filter _SYSTEMD_UNIT=k3s-agent.service" in inputs
    assert "kubelet.service" not in inputs
    # The tags of both inputs are those that the outputs match.
    assert "Tag kube.*" in inputs
    assert "Tag host.*" in inputs
    assert "inputs" not in other["config"]
    assert other["config"]["outputs"] == on_k3s["config"]["outputs"]
