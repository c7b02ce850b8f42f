"""Chains in files: what Linkerd refuses makes the command fail, and what it takes does not."""

from __future__ import annotations

import json
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from meshwright.certificates.reading import read_linkerd
from meshwright.cli import app
from meshwright.errors import MeshwrightError
from meshwright.trust.deadlines import deadlines
from meshwright.trust.formats import as_data, render_text
from meshwright.trust.pem import read_files
from meshwright.trust.publiccertificates import evaluate
from meshwright.trust.report import TrustReport, read_trust
from support.authorities import NOW, Authority, key_usage

ROOT = "root.linkerd.cluster.local"
ISSUER = "identity.linkerd.cluster.local"


def limited(*names: str) -> tuple[x509.ExtensionType, bool]:
    return x509.NameConstraints([x509.DNSName(name) for name in names], None), True


def report(folder: Path, *files: str, bundle: str = "") -> TrustReport:
    paths = []
    for number, text in enumerate(files):
        paths.append(folder / f"{number}.pem")
        paths[-1].write_text(text, encoding="utf-8")
    roots = None
    if bundle:
        roots = folder / "roots"
        roots.write_text(bundle, encoding="utf-8")
    return read_trust(folder, paths, NOW, roots)


ANCHORS: list[tuple[dict[str, Any], str]] = [
    ({"path_length": 0}, "has path length 0"),
    ({"extensions": [(key_usage("digital_signature"), True)]}, "keyUsage without keyCertSign"),
    ({"extensions": [limited("example.com")]}, "name constraints that do not permit default.default."),
    ({"constrained": False}, "is not a CA"),
    (
        {"extensions": [(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False)]},
        "extendedKeyUsage without clientAuth",
    ),
]


@pytest.mark.parametrize(("made", "fault"), ANCHORS, ids=[fault for _, fault in ANCHORS])
def test_an_anchor_that_cannot_be_above_an_issuer_is_refused(
    tmp_path: Path, made: dict[str, Any], fault: str
) -> None:
    root = Authority(ROOT, **made)

    found = report(tmp_path, Authority(ISSUER, root, days=300).pem, bundle=root.pem)

    anchor, issuer = found.certificates
    assert found.exit_code == 1
    assert fault in anchor.faults[0]
    assert issuer.faults[0].startswith("does not lead to a trust anchor: it ")
    assert render_text(found).count("Linkerd rejects it") == 2


def test_another_anchor_of_the_bundle_makes_up_for_it(tmp_path: Path) -> None:
    root, corporate = Authority(ROOT), Authority("corporate", path_length=0)

    found = report(tmp_path, Authority(ISSUER, root, days=300).pem, bundle=corporate.pem + root.pem)

    assert found.exit_code == 0
    assert "has path length 0" in found.certificates[0].remarks[0]


def test_a_path_with_one_intermediate_needs_it_in_the_issuers_file(tmp_path: Path) -> None:
    root = Authority(ROOT)
    middle = Authority("intermediate", root, days=900)
    issuer = Authority(ISSUER, middle, days=300)

    whole = report(tmp_path, issuer.pem + middle.pem, bundle=root.pem)
    alone = report(tmp_path, issuer.pem, bundle=root.pem)
    apart = report(tmp_path, issuer.pem, middle.pem, bundle=root.pem)
    turned = report(tmp_path, middle.pem + issuer.pem, bundle=root.pem)

    assert [it.role for it in whole.certificates] == ["trust anchor", "identity issuer", "intermediate"]
    assert (whole.exit_code, alone.exit_code, apart.exit_code, turned.exit_code) == (0, 1, 1, 1)
    assert alone.certificates[1].faults == (
        "does not lead to a trust anchor: it is issued by intermediate, which is not among the trust anchors",
    )
    assert turned.certificates[2].faults == (
        "comes after intermediate in its file: Linkerd takes the first certificate for the issuer",
    )


def test_an_expired_certificate_in_the_issuers_file_ends_the_proxies_certificates(tmp_path: Path) -> None:
    root = Authority(ROOT)
    issuer = Authority(ISSUER, root, days=300)

    found = report(tmp_path, issuer.pem + Authority("old", root, days=5).pem, bundle=root.pem)

    assert found.exit_code == 1
    assert "it comes with old, which expired on 2026-10-27" in found.certificates[1].faults[0]


def test_an_intermediate_that_ends_first_sets_the_day(tmp_path: Path) -> None:
    root = Authority(ROOT)
    middle = Authority("intermediate", root, days=50)
    issuer = Authority(ISSUER, middle, days=300)

    found = report(tmp_path, issuer.pem + middle.pem, bundle=root.pem)

    assert f"{found.deadlines[0].day}" == "2026-12-11"
    assert "intermediate, which signed it, expires on 2026-12-11" in found.deadlines[0].action


def test_an_issuer_below_no_given_anchor_is_refused(tmp_path: Path) -> None:
    found = report(tmp_path, Authority("other").pem, Authority(ISSUER, Authority(ROOT), days=300).pem)

    assert found.exit_code == 1
    assert f"is issued by {ROOT}, which is not among the trust anchors" in render_text(found)


def test_an_intermediate_may_be_the_anchor(tmp_path: Path) -> None:
    middle = Authority("intermediate", Authority(ROOT), days=900)

    found = report(tmp_path, Authority(ISSUER, middle, days=300).pem, bundle=middle.pem)

    assert [it.role for it in found.certificates] == ["trust anchor", "identity issuer"]
    assert found.exit_code == 0


TEXTS: dict[str, tuple[Callable[[str, str], str], str]] = {
    "glued": (
        lambda one, two: one.rstrip() + two,
        "line N of the PEM: the certificate ends on the line of the next",
    ),
    "indented": (
        lambda one, _: textwrap.indent(one, "    "),
        "line 1 of the PEM: the certificate is indented",
    ),
    "one indented": (
        lambda one, two: one + textwrap.indent(two, "  "),
        "line N of the PEM: the certificate is ind",
    ),
    "byte order mark": (
        lambda one, _: f"\ufeff{one}",
        "line 1 of the PEM: the certificate follows a byte order mark",
    ),
    "empty line": (lambda one, _: f"{one}\n", "line N of the PEM: an empty line after the last certificate"),
    "prose after": (lambda one, _: f"{one}# end\n", "line N of the PEM: text after the last certificate"),
    "not a certificate": (
        lambda _, __: "-----BEGIN CERTIFICATE-----\nYWJj\n-----END CERTIFICATE-----\n",
        "line 1 of the PEM: the certificate cannot be read as a certificate",
    ),
    "not base64": (
        lambda _, __: "-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----\n",
        "line 1 of the PEM: the certificate is not base64",
    ),
    "trusted": (
        lambda one, two: one + two.replace("CERTIFICATE", "TRUSTED CERTIFICATE") + one,
        "line N of the PEM: a TRUSTED CERTIFICATE block, where Linkerd stops reading",
    ),
}


@pytest.mark.parametrize("name", TEXTS)
def test_a_bundle_is_read_as_linkerd_reads_it(tmp_path: Path, name: str) -> None:
    make, problem = TEXTS[name]
    first = Authority(ROOT).pem
    text = make(first, Authority("next").pem)

    found = report(tmp_path, bundle=text)

    assert found.exit_code == 1
    lines = first.count("\n")
    problem = problem.replace("line N", f"line {lines if name == 'glued' else lines + 1}")
    assert found.unread[0].message.startswith(problem)
    assert f"error: {problem}" in render_text(found)


def config_map(pem: str, key: str = "ca-bundle.crt") -> str:
    annotation = json.dumps(json.dumps({"data": {"ca-bundle.crt": pem}}))
    return (
        f"apiVersion: v1\ndata:\n  {key}: |\n{textwrap.indent(pem, '    ')}kind: ConfigMap\nmetadata:\n"
        f"  annotations: {{last-applied: {annotation}}}\n"
        "  name: linkerd-identity-trust-roots\n  namespace: linkerd\n"
    )


def test_the_live_bundle_comes_as_kubectl_prints_it(tmp_path: Path) -> None:
    root = Authority(ROOT)
    text = config_map(root.pem)
    as_json = json.dumps(
        {"kind": "List", "items": [{"kind": "ConfigMap", "data": {"ca-bundle.crt": root.pem}}]}
    )

    for bundle in (text, as_json, root.pem):
        found = report(tmp_path, Authority(ISSUER, root, days=300).pem, bundle=bundle)
        assert [it.role for it in found.certificates] == ["trust anchor", "identity issuer"]
        assert found.exit_code == 0


def test_another_config_map_is_not_a_bundle(tmp_path: Path) -> None:
    with pytest.raises(MeshwrightError, match="pass PEM, or ConfigMap linkerd-identity-trust-roots"):
        report(tmp_path, bundle=config_map(Authority(ROOT).pem, "root.crt"))


def due(folder: Path, *files: str, bundle: str) -> list[tuple[str, str]]:
    found = report(folder, *files, bundle=bundle)
    return [(f"{it.day}", it.action.partition(":")[0]) for it in found.deadlines]


def test_each_certificate_has_its_day(tmp_path: Path) -> None:
    root = Authority(ROOT, days=400)
    issuer = Authority(ISSUER, root, days=100).pem

    assert due(tmp_path, issuer, bundle=root.pem) == [
        ("2027-01-30", f"renew identity issuer {ISSUER}"),
        ("2027-09-27", f"begin to replace trust anchor {ROOT}, which expires on 2027-11-26"),
    ]
    assert due(tmp_path, bundle=root.pem) == [
        ("2027-09-27", f"begin to replace trust anchor {ROOT}, which expires on 2027-11-26")
    ]


def test_a_rotation_in_progress_has_its_days(tmp_path: Path) -> None:
    old, new, gone = Authority(ROOT, days=400), Authority("next"), Authority("gone", days=50)
    issuer = Authority(ISSUER, old, days=100).pem

    assert due(tmp_path, issuer, bundle=old.pem + new.pem + gone.pem)[::2] == [
        ("2026-12-11", "remove trust anchor gone from the bundle"),
        (
            "2027-09-27",
            f"let trust anchor next sign the issuer instead of {ROOT}, which expires on 2027-11-26",
        ),
    ]


def test_what_is_overdue_is_for_today(tmp_path: Path) -> None:
    assert due(tmp_path, bundle=Authority(ROOT, days=40).pem)[0][0] == "2026-11-01"
    assert due(tmp_path, bundle=Authority(ROOT, days=5).pem)[0][0] == "2026-11-01"


def test_the_report_for_machines_has_texts_and_days(root: Path, tmp_path: Path) -> None:
    schema = json.loads((root / "schema/trust-report.schema.json").read_text(encoding="utf-8"))
    anchor = Authority(ROOT)

    data = as_data(
        report(tmp_path, Authority(ISSUER, anchor, days=300).pem, f"x\n{anchor.pem}y", bundle=anchor.pem)
    )

    assert list(Draft202012Validator(schema).iter_errors(json.loads(json.dumps(data)))) == []
    assert len(data["deadlines"]) == 2
    assert [it["place"] for it in data["unread"]] == [str(tmp_path / "1.pem")]


def test_a_trust_domain_of_its_own_is_what_constraints_permit(tmp_path: Path) -> None:
    anchor = Authority(ROOT, extensions=[limited("mesh.example.com")])
    (tmp_path / "a.pem").write_text(anchor.pem)
    found = read_files([tmp_path / "a.pem"]).found

    assert evaluate(found, NOW, {"home": "mesh.example.com"})[0].accepted
    assert not evaluate(found, NOW)[0].accepted


def test_more_certificates_than_a_mesh_has_are_refused(tmp_path: Path) -> None:
    found = report(tmp_path, bundle=Authority(ROOT).pem * 900)
    assert len(deadlines(found.certificates, NOW)) == 1

    with pytest.raises(MeshwrightError, match="1001 certificates: at most 1000"):
        report(tmp_path, bundle=Authority(ROOT).pem * 1001)


def test_the_option_takes_a_bundle(tmp_path: Path) -> None:
    (tmp_path / "roots.pem").write_text(Authority(ROOT, start=NOW.replace(year=2020), days=9000).pem)

    result = CliRunner().invoke(app, ["trust", str(tmp_path), "--bundle", str(tmp_path / "roots.pem")])

    assert result.exit_code == 0
    assert "to do" in result.output
    assert "by 2045-04-24" in result.output


@pytest.mark.parametrize(
    "text",
    [
        "-----BEGIN CERTIFICATE-----" * 50_000,
        "-----END CERTIFICATE-----\n" * 50_000,
        "-----BEGIN CERTIFICATE-----\n" + "a:b\n" * 300_000,
        "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----x\n" * 30_000,
    ],
    ids=["begins", "ends", "headers", "pairs"],
)
def test_a_text_made_to_take_long_does_not(text: str) -> None:
    begin = time.process_time()

    reading = read_linkerd(text)

    assert reading.refused
    assert len(reading.problems) <= 20
    assert time.process_time() - begin < 3
