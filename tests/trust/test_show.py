"""``meshwright trust``: what a repository asks for, on both engines and elsewhere."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from meshwright.check.pipeline import read_model
from meshwright.cli import app
from meshwright.errors import MeshwrightError
from meshwright.trust.chain import read_chains
from meshwright.trust.formats import as_data, render_text
from meshwright.trust.meshed import meshed, operator_objects
from meshwright.trust.report import TrustReport, read_trust
from support.authorities import NOW, Authority
from support.repositories import GITOPS_SYNC, flux_kustomization, write

# A repository of another make: nothing from cert-manager, certificates in the chart's values.
FOREIGN = {
    "clusters/home/flux-system/sync.yaml": GITOPS_SYNC,
    "clusters/home/linkerd.yaml": flux_kustomization("linkerd", "./linkerd"),
    "linkerd/kustomization.yaml": "resources: [release.yaml]\n",
}
RELEASE = """\
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: linkerd-control-plane, namespace: linkerd}
spec:
  interval: 1h
  chart:
    spec: {chart: linkerd-control-plane, version: 2026.8.3, sourceRef: {kind: HelmRepository, name: linkerd}}
  values:
    identityTrustAnchorsPEM: |
"""


def rows(report: TrustReport) -> list[tuple[str, str, float | None, float | None, str]]:
    day = 86400
    return [
        (
            row.role,
            row.title,
            row.lifetime and row.lifetime / day,
            row.renewed and row.renewed / day,
            row.new_key,
        )
        for row in report.planned
    ]


@pytest.mark.parametrize("example", ["pi-cluster", "pi-cluster-argocd"])
def test_an_own_anchor_and_all_below_it(root: Path, example: str) -> None:
    report = read_trust(root / "examples" / example, [])

    assert rows(report)[:4] == [
        ("trust anchor", "Certificate cert-manager/linkerd-trust-anchor", 3650, 3285, "same key"),
        ("identity issuer", "Certificate linkerd/linkerd-identity-issuer", 180, 119, "new key"),
        ("webhook CA", "Certificate cert-manager/linkerd-webhook-ca", 3650, 3285, "same key"),
        ("webhook certificate", "Certificate linkerd/linkerd-proxy-injector", 180, 119, "new key"),
    ]
    assert len(report.planned) == 8
    assert report.exit_code == 0
    assert "renewed first, 119 days after issuance: identity issuer, 5 webhook certificates" in render_text(
        report
    )


def test_a_borrowed_anchor_says_whose_it_is(root: Path) -> None:
    report = read_trust(root / "examples/datacenter", [])

    assert rows(report)[0][:2] == (
        "carrier of an external CA",
        "Certificate cert-manager/linkerd-trust-roots",
    )
    assert report.planned[0].signed_by == "ClusterIssuer ca-issuer, which is not in this repository"
    assert "rotation by stages: not possible" in render_text(report)


def test_the_report_for_machines_has_its_form(root: Path, tmp_path: Path) -> None:
    schema = json.loads((root / "schema/trust-report.schema.json").read_text(encoding="utf-8"))
    (tmp_path / "a.pem").write_text(Authority("root").pem)

    for path in ("examples/pi-cluster", "examples/datacenter-argocd"):
        data = as_data(read_trust(root / path, [tmp_path / "a.pem"], NOW))
        assert list(Draft202012Validator(schema).iter_errors(json.loads(json.dumps(data)))) == []


def foreign(folder: Path, *anchors: str) -> Path:
    values = textwrap.indent("".join(anchors), "      ")
    return write(folder, {**FOREIGN, "linkerd/release.yaml": RELEASE + values})


def test_certificates_in_the_values_are_read_and_the_charts_own_are_told(tmp_path: Path) -> None:
    report = read_trust(foreign(tmp_path, Authority("root", days=3650).pem), [], NOW)

    (anchor,) = report.certificates
    assert anchor.place.endswith("linkerd/release.yaml:9:30 identityTrustAnchorsPEM")
    assert anchor.accepted
    by_chart = [row for row in report.planned if row.signed_by == "itself, created by Helm at each rendering"]
    assert [(row.role, row.renewed) for row in by_chart] == [("webhook certificate", None)] * 3


def test_an_ended_anchor_in_the_values_fails(tmp_path: Path) -> None:
    report = read_trust(foreign(tmp_path, Authority("root", days=9).pem), [], NOW)

    assert report.exit_code == 1
    assert "error: expired on 2026-10-31" in render_text(report)


def test_a_private_key_in_the_values_is_a_finding(tmp_path: Path) -> None:
    root = Authority("root")

    report = read_trust(foreign(tmp_path, root.pem, root.private_pem()), [], NOW)

    assert "MW901" in [finding.id for finding in report.findings]
    assert root.private_pem().splitlines()[1] not in render_text(report)
    assert report.exit_code == 1


def test_what_is_no_certificate_in_the_values_hides_nothing(tmp_path: Path) -> None:
    report = read_trust(foreign(tmp_path, Authority("root").pem.replace("MII", "!!!")), [], NOW)

    assert report.certificates == ()
    assert len(report.planned) == 3


def test_a_fault_of_the_chain_fails(root: Path, tmp_path: Path) -> None:
    (tmp_path / "repository").mkdir()
    subprocess.run(["cp", "-r", f"{root}/examples/pi-cluster/.", tmp_path / "repository"], check=True)
    file = tmp_path / "repository/platform/pi-cluster/linkerd-trust/identity-issuer.yaml"
    file.write_text(file.read_text().replace("size: 256", "size: 384"))

    report = read_trust(tmp_path / "repository", [])

    assert report.exit_code == 1
    assert [finding.id for finding in report.findings] == ["MW203"]


@pytest.mark.parametrize("example", ["datacenter", "datacenter-argocd"])
def test_charts_and_operators_that_are_meshed_are_found(root: Path, example: str) -> None:
    with read_model(root / "examples" / example) as model:
        (chain,) = read_chains(model)
        found = meshed(model, chain.cluster, {"linkerd", "linkerd-viz"})
        operators = operator_objects(model, chain.cluster)

    everything = ["deployment,statefulset,daemonset"]
    assert found == {"elastic": everything, "traefik": everything, "velero": everything}
    assert operators == ["Elasticsearch elastic/elastic", "Kibana elastic/elastic"]


def invoke(*arguments: str) -> Any:
    return CliRunner().invoke(app, ["trust", *arguments])


def test_certificates_alone_need_no_repository(tmp_path: Path) -> None:
    (tmp_path / "a.pem").write_text(Authority("root", start=NOW.replace(year=2020), days=9000).pem)

    result = invoke(str(tmp_path), "--certificate", str(tmp_path / "a.pem"))

    assert result.exit_code == 0
    assert "repository not read:" in result.output
    assert "Linkerd accepts it as a trust anchor" in result.output


def test_show_may_be_left_out(root: Path) -> None:
    path = str(root / "examples/pi-cluster")

    assert invoke(path).output == invoke("show", path).output
    assert json.loads(invoke(path, "--format", "json").output)["schema_version"] == 1


def test_where_there_is_no_trust_nothing_is_shown(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "a/kustomization.yaml": "resources: [c.yaml]\n",
            "a/c.yaml": "kind: ConfigMap\napiVersion: v1\nmetadata: {name: c}\n",
        },
    )

    with pytest.raises(MeshwrightError, match="no certificates of Linkerd found"):
        read_trust(tmp_path, [])


def test_the_library_for_certificates_is_loaded_for_certificates_alone(root: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from meshwright.trust.report import read_trust;"
        f"read_trust(Path({str(root / 'examples/pi-cluster')!r}), []);"
        "sys.exit('cryptography' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_the_manual_shows_what_is_printed(root: Path) -> None:
    page = (root / "docs/trust.md").read_text(encoding="utf-8")
    said = render_text(read_trust(root / "examples/pi-cluster", [])).splitlines()

    assert "\n".join(["$ meshwright trust examples/pi-cluster", *said[:12]]) in page
    assert "\n".join(said[-4:]) in page
