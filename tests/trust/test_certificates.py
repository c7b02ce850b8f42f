"""Public certificates: what they say, whether the chain holds, and whether Linkerd would take them."""

from __future__ import annotations

import textwrap
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from meshwright.errors import MeshwrightError
from meshwright.trust.pem import read_files
from meshwright.trust.publiccertificates import PublicCertificate, evaluate
from support.authorities import NOW, Authority, rsa_key


def read(tmp_path: Path, *texts: str) -> list[PublicCertificate]:
    files = []
    for number, text in enumerate(texts):
        files.append(tmp_path / f"{number}.pem")
        files[-1].write_text(text, encoding="utf-8")
    return evaluate(read_files(files).found, NOW)


def test_an_anchor_and_an_issuer_below_it(tmp_path: Path) -> None:
    root = Authority("root.linkerd.cluster.local")
    issuer = Authority("identity.linkerd.cluster.local", root, days=180)

    anchor, below = read(tmp_path, root.pem, issuer.pem)

    assert (anchor.role, anchor.verified, anchor.accepted) == ("trust anchor", "itself", True)
    assert (below.role, below.verified, below.accepted) == (
        "identity issuer",
        "root.linkerd.cluster.local",
        True,
    )
    assert (below.key, below.is_ca, below.days_left) == ("ECDSA P-256", True, 170)
    assert below.issuer == "root.linkerd.cluster.local"


def test_two_anchors_of_one_name_are_told_apart(tmp_path: Path) -> None:
    old, new = Authority("root"), Authority("root")
    issuer = Authority("issuer", new, days=180)

    with_both, with_old = (
        read(tmp_path, old.pem + new.pem, issuer.pem)[-1],
        read(tmp_path, old.pem, issuer.pem)[-1],
    )

    assert with_both.verified == "root"
    assert with_old.faults == (
        "does not lead to a trust anchor: it is signed with another key than that of root",
    )


def test_a_chain_whose_top_was_not_given_is_noted(tmp_path: Path) -> None:
    (issuer,) = read(tmp_path, Authority("issuer", Authority("root"), days=180).pem)

    assert issuer.accepted
    assert issuer.remarks == ("its issuer root is not among the certificates read",)


@pytest.mark.parametrize(
    ("made", "fault"),
    [
        ({"days": 5}, "expired on 2026-10-27"),
        ({"start": NOW + timedelta(hours=5)}, "is not valid before 2026-11-01 05:00 UTC"),
        ({"key": ec.SECP384R1()}, "has a key on secp384r1: Linkerd only accepts P-256"),
        ({"hashed": hashes.SHA384()}, "is signed with SHA-384: Linkerd only accepts SHA-256"),
        ({"key": 3072}, "has an RSA key of 3072 bits: Linkerd accepts 2048 and 4096"),
        ({"key": 2048}, None),
        ({"ca": False}, "is self-signed but not a CA, so it cannot be an anchor"),
    ],
)
def test_what_linkerd_refuses_as_an_anchor(tmp_path: Path, made: dict[str, Any], fault: str | None) -> None:
    key = made.get("key")
    if isinstance(key, int):
        made = {**made, "key": rsa_key(key)}
    elif isinstance(key, ec.EllipticCurve):
        made = {**made, "key": ec.generate_private_key(key)}

    (anchor,) = read(tmp_path, Authority("root", **made).pem)

    assert anchor.faults == ((fault,) if fault else ())


def test_an_issuer_may_not_have_an_rsa_key(tmp_path: Path) -> None:
    root = Authority("root", key=rsa_key(2048))
    issuer = Authority("issuer", root, key=rsa_key(2048), days=100)

    assert read(tmp_path, root.pem, issuer.pem)[1].faults == (
        "has a key of type RSA 2048: Linkerd accepts ECDSA P-256 for an identity issuer",
    )


def test_an_issuer_signed_by_an_rsa_anchor_is_taken(tmp_path: Path) -> None:
    root = Authority("root", key=rsa_key(2048))

    assert read(tmp_path, root.pem, Authority("issuer", root, days=100).pem)[1].accepted


def test_an_end_within_sixty_days_is_noted(tmp_path: Path) -> None:
    (anchor,) = read(tmp_path, Authority("root", days=69).pem)

    assert anchor.accepted
    assert anchor.remarks == ("expires within 60 days: `linkerd check` warns about it",)


def test_an_issuer_that_outlives_its_anchor_is_noted(tmp_path: Path) -> None:
    root = Authority("root", days=400)

    _, issuer = read(tmp_path, root.pem, Authority("issuer", root, days=500).pem)

    assert issuer.remarks == ("is valid longer than root, which signed it and expires on 2027-11-26",)


def test_manifests_give_the_certificates_in_their_strings(tmp_path: Path) -> None:
    root = Authority("root")
    manifest = "kind: ConfigMap\ndata:\n  ca-bundle.crt: |\n" + textwrap.indent(root.pem + root.pem, "    ")

    found = read(tmp_path, manifest)

    assert [certificate.place.rpartition("/")[2] for certificate in found] == [
        "0.pem:3 data['ca-bundle.crt'] #1",
        "0.pem:3 data['ca-bundle.crt'] #2",
    ]


def test_words_around_pem_do_no_harm(tmp_path: Path) -> None:
    assert len(read(tmp_path, f"subject=CN: root\n  x: [\n{Authority('root').pem}")) == 1


def test_an_odd_key_is_told(tmp_path: Path) -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    root = Authority("root")

    (issuer,) = read(tmp_path, Authority("x", root, key=_Ed25519(key), days=90).pem)

    assert issuer.faults == ("has a key of type Ed25519: Linkerd accepts ECDSA P-256 for an identity issuer",)


class _Ed25519:
    def __init__(self, key: ed25519.Ed25519PrivateKey) -> None:
        self._key = key

    def public_key(self) -> ed25519.Ed25519PublicKey:
        return self._key.public_key()


@pytest.mark.parametrize("around", ["", "words\n", "{certificate}"])
def test_a_private_key_is_refused_in_one_line_and_not_shown(tmp_path: Path, around: str) -> None:
    root = Authority("root")
    secret = root.private_pem()

    with pytest.raises(MeshwrightError) as caught:
        read(tmp_path, around.replace("{certificate}", root.pem) + secret)

    said = str(caught.value)
    assert "contains a private key, so it is not read" in said
    assert "\n" not in said
    assert secret.splitlines()[1] not in said


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("nothing here\n", "contains no certificate"),
        ("", "contains no certificate"),
        ("a: 1\n", "contains no certificate"),
        ("kind: Secret\ndata: {tls.key: c2VjcmV0}\n", "is a Secret, which is not read"),
        (
            "-----BEGIN CERTIFICATE REQUEST-----\nabc\n-----END CERTIFICATE REQUEST-----\n",
            "is a certificate request, not a certificate",
        ),
    ],
)
def test_what_is_no_certificate_is_told_by_its_file(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(MeshwrightError, match=problem) as caught:
        read(tmp_path, text)

    assert str(caught.value).startswith(str(tmp_path / "0.pem"))


def test_der_is_told_with_the_way_out(tmp_path: Path) -> None:
    file = tmp_path / "a.der"
    file.write_bytes(b"\x30\x82\x01\xff\xfe")

    with pytest.raises(MeshwrightError, match="openssl x509 -inform der"):
        read_files([file])


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(MeshwrightError, match="cannot be read: No such file"):
        read_files([tmp_path / "gone.pem"])
