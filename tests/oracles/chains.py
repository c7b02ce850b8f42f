"""Chains of certificates and PEM texts, made at run time: right ones, and ones with something changed."""

from __future__ import annotations

import random
import textwrap
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import cache
from ipaddress import ip_address, ip_network
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, ObjectIdentifier

from meshwright.certificates.path import proxy_name
from support.authorities import NOW, Authority, key_usage, rsa_key

PROXY = proxy_name("cluster.local")
_USAGES = ExtendedKeyUsageOID
Case = dict[str, Any]


def _pss(hashed: hashes.HashAlgorithm) -> padding.PSS:
    return padding.PSS(padding.MGF1(hashed), hashed.digest_size)


def _short_pss(hashed: hashes.HashAlgorithm) -> padding.PSS:
    return padding.PSS(padding.MGF1(hashed), hashed.digest_size - 12)


@cache
def _key(kind: str) -> Any:
    """RSA keys take long to make, so there is one of a size."""
    return rsa_key(int(kind.removeprefix("rsa")))


def _limits(permitted: list[Any], excluded: list[Any]) -> x509.NameConstraints:
    return x509.NameConstraints(permitted or None, excluded or None)


def _directory(name: str) -> x509.DirectoryName:
    return x509.DirectoryName(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]))


def _extension(made: Callable[[], Any], critical: bool = False) -> Callable[[random.Random], Case]:
    return lambda _: {"extensions": [(made(), critical)]}


def _names(*names: Any) -> Callable[[random.Random], Case]:
    return _extension(lambda: x509.SubjectAlternativeName(names))


def _constraint(permitted: list[Any], excluded: list[Any]) -> Callable[[random.Random], Case]:
    return lambda dice: {"extensions": [(_limits(permitted, excluded), dice.random() < 0.7)]}


_DNS, _IP, _MAIL = x509.DNSName, x509.IPAddress, x509.RFC822Name
_URI = x509.UniformResourceIdentifier
# What may be unusual about one certificate of a chain.
CHANGES: dict[str, Callable[[random.Random], Case]] = {
    "not a CA": lambda _: {"ca": False},
    "no basicConstraints": lambda _: {"constrained": False},
    "path length": lambda dice: {"path_length": dice.choice([0, 0, 1, 2])},
    "expired": lambda _: {"start": NOW - timedelta(days=400), "days": 300},
    "not yet valid": lambda _: {"start": NOW + timedelta(days=3)},
    "ends now": lambda _: {"start": NOW - timedelta(days=30), "days": 30},
    "P-384": lambda _: {"key": ec.generate_private_key(ec.SECP384R1())},
    "P-521": lambda _: {"key": ec.generate_private_key(ec.SECP521R1())},
    "P-224": lambda _: {"key": ec.generate_private_key(ec.SECP224R1())},
    "secp256k1": lambda _: {"key": ec.generate_private_key(ec.SECP256K1())},
    "brainpool": lambda _: {"key": ec.generate_private_key(ec.BrainpoolP256R1())},
    "Ed25519": lambda _: {"key": ed25519.Ed25519PrivateKey.generate()},
    "RSA 2048": lambda _: {"key": _key("rsa2048")},
    "RSA 3072": lambda _: {"key": _key("rsa3072")},
    "RSA 4096": lambda _: {"key": _key("rsa4096")},
    "SHA-384": lambda _: {"hashed": hashes.SHA384()},
    "SHA-512": lambda _: {"hashed": hashes.SHA512()},
    "SHA-224": lambda _: {"hashed": hashes.SHA224()},
    "RSA-PSS": lambda _: {"key": _key("rsa2048"), "below": _pss},
    "RSA-PSS with a short salt": lambda _: {"key": _key("rsa2048"), "below": _short_pss},
    "another key": lambda _: {"signing_key": ec.generate_private_key(ec.SECP256R1())},
    "keyUsage signs": _extension(lambda: key_usage("key_cert_sign", "crl_sign"), True),
    "keyUsage digitalSignature": _extension(lambda: key_usage("digital_signature"), True),
    "keyUsage keyEncipherment": _extension(lambda: key_usage("key_encipherment", "digital_signature")),
    "keyUsage crlSign": _extension(lambda: key_usage("crl_sign"), True),
    "usage server": _extension(lambda: x509.ExtendedKeyUsage([_USAGES.SERVER_AUTH])),
    "usage client": _extension(lambda: x509.ExtendedKeyUsage([_USAGES.CLIENT_AUTH])),
    "usage both": _extension(lambda: x509.ExtendedKeyUsage([_USAGES.SERVER_AUTH, _USAGES.CLIENT_AUTH])),
    "usage any": _extension(lambda: x509.ExtendedKeyUsage([_USAGES.ANY_EXTENDED_KEY_USAGE])),
    "usage other": _extension(lambda: x509.ExtendedKeyUsage([_USAGES.CODE_SIGNING])),
    "usage unknown": _extension(lambda: x509.ExtendedKeyUsage([ObjectIdentifier("1.2.3.4")])),
    "permits another domain": _constraint([_DNS("example.com")], []),
    "permits the domain": _constraint([_DNS("cluster.local")], []),
    "permits the domain in capitals": _constraint([_DNS("CLUSTER.local")], []),
    "permits below a dot": _constraint([_DNS(".cluster.local")], []),
    "permits half a label": _constraint([_DNS("uster.local")], []),
    "permits one of two": _constraint([_DNS("example.com"), _DNS("identity.linkerd.cluster.local")], []),
    "permits the name": _constraint([_DNS(PROXY)], []),
    "excludes another domain": _constraint([], [_DNS("example.com")]),
    "excludes the domain": _constraint([], [_DNS("local")]),
    "excludes part of the permitted": _constraint([_DNS("cluster.local")], [_DNS("default.cluster.local")]),
    "permits and excludes": _constraint(
        [_DNS("local")], [_DNS("serviceaccount.identity.linkerd.cluster.local")]
    ),
    "permits addresses": _constraint([_IP(ip_network("10.0.0.0/8"))], []),
    "permits mail": _constraint([_MAIL("example.com")], []),
    "permits a mailbox": _constraint([_MAIL("root@example.com")], []),
    "permits URIs": _constraint([_URI(".example.com")], []),
    "permits a directory": _constraint([_directory("somewhere")], []),
    "excludes a directory": _constraint([], [_directory("somewhere")]),
    "permits a domain and a directory": _constraint([_DNS("local"), _directory("somewhere")], []),
    "name DNS": _names(_DNS("identity.linkerd.cluster.local")),
    "name elsewhere": _names(_DNS("ca.example.com")),
    "name wildcard": _names(_DNS("*.cluster.local")),
    "name address": _names(_IP(ip_address("10.1.2.3"))),
    "name address elsewhere": _names(_IP(ip_address("192.168.1.1"))),
    "name mail": _names(_MAIL("root@example.com")),
    "name URI": _names(_URI("https://ca.example.com/roots")),
    "name URI of an address": _names(_URI("https://10.0.0.1/roots")),
    "critical name": _extension(lambda: x509.SubjectAlternativeName([_DNS("a.cluster.local")]), True),
    "critical directory name": _extension(lambda: x509.SubjectAlternativeName([_directory("x")]), True),
    "unknown": _extension(lambda: x509.UnrecognizedExtension(ObjectIdentifier("1.2.3.5"), b"\x05\x00")),
    "unknown, critical": _extension(
        lambda: x509.UnrecognizedExtension(ObjectIdentifier("1.2.3.5"), b"\x05\x00"), True
    ),
    "policies": _extension(
        lambda: x509.CertificatePolicies([x509.PolicyInformation(ObjectIdentifier("1.2.3.6"), None)])
    ),
    "policy required": _extension(lambda: x509.PolicyConstraints(0, None), True),
    "policy required soon": _extension(lambda: x509.PolicyConstraints(1, None), True),
    "policy required later": _extension(lambda: x509.PolicyConstraints(2, None), True),
    "inhibited policy": _extension(lambda: x509.InhibitAnyPolicy(0), True),
    "issuer's alternative name": _extension(lambda: x509.IssuerAlternativeName([_DNS("a.b")]), True),
    "critical access": _extension(
        lambda: x509.AuthorityInformationAccess(
            [x509.AccessDescription(AuthorityInformationAccessOID.OCSP, _URI("http://a.b/"))]
        ),
        True,
    ),
    "critical key identifier": _extension(lambda: x509.SubjectKeyIdentifier(b"1234"), True),
    "key identifier": _extension(lambda: x509.SubjectKeyIdentifier(b"1234")),
}


def chains(number: int, seed: int) -> Iterator[Case]:
    """Cases of anchors with an issuer. Every change comes up; then pairs of changes do."""
    dice = random.Random(seed)
    changes = list(CHANGES)
    for count in range(number):
        place = dice.choice(["anchor", "between", "issuer"])
        chosen = [(changes[count % len(changes)], place)]
        if count >= 3 * len(changes) or dice.random() < 0.15:
            chosen.append((dice.choice(changes), dice.choice(["anchor", "between", "issuer"])))
        if dice.random() < 0.04:
            chosen = []
        yield _chain(dice, chosen, dice.choice(["", "", "between"]))


def _chain(dice: random.Random, chosen: list[tuple[str, str]], middle: str) -> Case:
    made = {role: _changed(dice, chosen, role) for role in ("anchor", "between", "issuer")}
    identified = {"identified": dice.random() < 0.7}
    for role, changed in made.items():
        ours = any(isinstance(it, x509.SubjectKeyIdentifier) for it, _ in changed.get("extensions", ()))
        made[role] = changed if ours else {**identified, **changed}
    anchor = Authority("root.linkerd.cluster.local", **made["anchor"])
    between = []
    above = anchor
    if middle or any(role == "between" for _, role in chosen):
        above = Authority("intermediate", anchor, **{"days": 900, **made["between"]})
        between.append(above)
    issuer = Authority("identity.linkerd.cluster.local", above, **{"days": 300, **made["issuer"]})
    anchors = _anchors(dice, anchor, above, issuer)
    bundle = [issuer, *between]
    layout = dice.random()
    if layout < 0.06:
        bundle = [issuer]
    elif layout < 0.1:
        bundle = [issuer, *between, anchor]
    return {
        "kind": "chain",
        "anchors": "".join(it.pem for it in anchors),
        "issuer": "".join(it.pem for it in bundle),
        "key": issuer.private_pem(),
        "proxy": PROXY,
        "now": NOW.isoformat(),
        "changes": chosen,
        "leaf": _leaf(issuer, bundle),
    }


def _changed(dice: random.Random, chosen: list[tuple[str, str]], role: str) -> Case:
    made: Case = {}
    for change, place in chosen:
        if place == role:
            for name, value in CHANGES[change](dice).items():
                known = made.get(name, [])
                kinds = {type(extension) for extension, _ in known} if name == "extensions" else set()
                if name != "extensions":
                    made[name] = value
                elif not kinds & {type(extension) for extension, _ in value}:
                    made[name] = [*known, *value]
    if made.get("ca") is False or made.get("constrained") is False:
        made.pop("path_length", None)
    return made


def _anchors(dice: random.Random, anchor: Authority, above: Authority, issuer: Authority) -> list[Authority]:
    chance = dice.random()
    if chance < 0.06:
        return [Authority("other.root")]
    if chance < 0.12:
        # The next anchor has the same name and another key, as in a rotation.
        return dice.sample([anchor, Authority("root.linkerd.cluster.local", identified=True)], 2)
    if chance < 0.16:
        return [above]
    if chance < 0.19:
        return [issuer]
    if chance < 0.22:
        return [Authority("root.linkerd.cluster.local")]
    return [anchor]


def _leaf(issuer: Authority, bundle: list[Authority]) -> str:
    """A proxy's certificate as Linkerd signs it. source: linkerd2 pkg/tls/ca.go, createTemplate."""
    end = min(NOW + timedelta(hours=23), *(it.certificate.not_valid_after_utc for it in bundle))
    usages = x509.ExtendedKeyUsage([_USAGES.SERVER_AUTH, _USAGES.CLIENT_AUTH])
    return Authority(
        "default",
        issuer,
        ca=False,
        constrained=False,
        start=end - timedelta(days=1),
        days=1,
        extensions=[
            (key_usage("digital_signature", "key_encipherment"), True),
            (usages, False),
            (x509.SubjectAlternativeName([_DNS(PROXY)]), False),
        ],
        identified=True,
    ).pem


def anchors(number: int, seed: int) -> Iterator[Case]:
    """Cases of single anchors."""
    dice = random.Random(seed)
    changes = list(CHANGES)
    for count in range(number):
        chosen = [(changes[count % len(changes)], "anchor")]
        if count >= len(changes):
            chosen.append((dice.choice(changes), "anchor"))
        anchor = Authority("root.linkerd.cluster.local", **_changed(dice, chosen, "anchor"))
        yield {
            "kind": "anchor",
            "anchors": anchor.pem,
            "key": anchor.private_pem(),
            "proxy": PROXY,
            "now": NOW.isoformat(),
            "changes": chosen,
        }


_BEGIN, _END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
# What people and tools do to PEM; each gets the certificates' texts, which end with a line break.
EDITS: dict[str, Callable[[random.Random, list[str]], str]] = {
    "plain": lambda _, made: "".join(made),
    "glued": lambda _, made: "".join(text.rstrip("\n") for text in made) + "\n",
    "glued once": lambda _, made: made[0].rstrip("\n") + "".join(made[1:]),
    "glued after": lambda _, made: made[0] + "".join(text.rstrip("\n") for text in made[1:]),
    "glued by a blank": lambda _, made: " ".join(text.rstrip("\n") for text in made),
    "no last line break": lambda _, made: "".join(made).rstrip("\n"),
    "empty line after": lambda _, made: "".join(made) + "\n",
    "blanks after": lambda _, made: "".join(made) + "  ",
    "empty line before": lambda _, made: "\n\n" + "".join(made),
    "empty lines between": lambda _, made: "\n\n".join(made),
    "indented": lambda _, made: textwrap.indent("".join(made), "    "),
    "one indented": lambda _, made: textwrap.indent(made[0], "  ") + "".join(made[1:]),
    "BEGIN indented": lambda _, made: "".join(made).replace(_BEGIN, f" {_BEGIN}"),
    "END indented": lambda _, made: "".join(made).replace(_END, f" {_END}", 1),
    "body indented": lambda _, made: (
        "".join(made).replace("\n", "\n  ").replace(f"  {_END}", _END).replace(f"  {_BEGIN}", _BEGIN)
    ),
    "tabs": lambda _, made: textwrap.indent("".join(made), "\t"),
    "byte order mark": lambda _, made: "\ufeff" + "".join(made),
    "byte order mark between": lambda _, made: "\ufeff".join(made),
    "CRLF": lambda _, made: "".join(made).replace("\n", "\r\n"),
    "CR": lambda _, made: "".join(made).replace("\n", "\r"),
    "blanks at line ends": lambda _, made: "".join(made).replace("\n", " \t\n"),
    "one line": lambda _, made: "".join(_one_line(text) for text in made),
    "all on one line": lambda _, made: "".join(made).replace("\n", " "),
    "escaped": lambda _, made: "".join(made).replace("\n", "\\n"),
    "quoted": lambda _, made: f'"{"".join(made)}"',
    "prose before": lambda _, made: "subject=CN = root\nissuer=CN = root\n" + "".join(made),
    "prose between": lambda _, made: "# the next anchor\n".join(made),
    "prose after": lambda _, made: "".join(made) + "# the end\n",
    "headers": lambda _, made: "".join(made).replace(_BEGIN, f"{_BEGIN}\nProc-Type: 4\n", 1),
    "headers and a line": lambda _, made: "".join(made).replace(_BEGIN, f"{_BEGIN}\nProc-Type: 4\n\n"),
    "a comment within": lambda _, made: "".join(made).replace(_BEGIN, f"{_BEGIN}\n# root", 1),
    "a colon in the end": lambda _, made: "".join(made).replace(_END, f"a: b\n{_END}", 1),
    "trusted": lambda _, made: "".join(made).replace("CERTIFICATE", "TRUSTED CERTIFICATE"),
    "X509": lambda _, made: "".join(made).replace(" CERTIFICATE", " X509 CERTIFICATE", 2),
    "another block first": lambda _, made: _other() + "".join(made),
    "another block between": lambda _, made: _other().join(made),
    "another block last": lambda _, made: "".join(made) + _other(),
    "END of another": lambda _, made: "".join(made).replace(_END, "-----END TRUST-----", 1),
    "BEGIN twice": lambda _, made: f"{_BEGIN}\n" + "".join(made),
    "END twice": lambda _, made: "".join(made) + f"{_END}\n",
    "no END": lambda _, made: "".join(made).replace(f"{_END}\n", "", 1),
    "no BEGIN": lambda _, made: "".join(made).replace(f"{_BEGIN}\n", "", 1),
    "four dashes": lambda _, made: "".join(made).replace("-----\n", "----\n", 1),
    "six dashes": lambda _, made: "".join(made).replace("-----\n", "------\n", 1),
    "six dashes before": lambda _, made: "".join(made).replace("-----BEGIN", "------BEGIN", 1),
    "more after END": lambda _, made: "".join(made).replace(f"{_END}\n", f"{_END} # root\n", 1),
    "more after BEGIN": lambda _, made: "".join(made).replace(f"{_BEGIN}\n", f"{_BEGIN} # root\n", 1),
    "a comma": lambda _, made: ",".join(made),
    "lower case": lambda _, made: "".join(made).replace("CERTIFICATE", "certificate"),
    "two blanks": lambda _, made: "".join(made).replace("BEGIN ", "BEGIN  "),
    "truncated": lambda dice, made: "".join(made)[: dice.randrange(10, len("".join(made)))],
    "cut at the start": lambda dice, made: "".join(made)[dice.randrange(1, 60) :],
    "a letter less": lambda dice, made: _without(dice, "".join(made)),
    "a letter more": lambda dice, made: _with(dice, "".join(made), "Ax=+ \n\t-:!\u00a0\u2028"),
    "empty": lambda _, _made: "",
    "a placeholder": lambda _, _made: "# your trust anchor\n",
    "an empty block": lambda _, _made: f"{_BEGIN}\n{_END}\n",
    "a block of blanks": lambda _, _made: f"{_BEGIN}\n  \n{_END}\n",
    "not a certificate": lambda _, _made: f"{_BEGIN}\nMBAGByqGSM49AgEGBSuBBAAi\n{_END}\n",
    "padding gone": lambda _, made: "".join(made).replace("=", ""),
    "padding early": lambda _, made: "".join(made).replace("\n", "=\n", 2),
    "trailing bytes": lambda _, made: "".join(made).replace(_END, f"AAAA\n{_END}", 1),
}


def _one_line(text: str) -> str:
    begin, _, rest = text.partition("\n")
    body, _, end = rest.rstrip("\n").rpartition("\n")
    return f"{begin}\n{''.join(body.splitlines())}\n{end}\n"


def _other() -> str:
    return "-----BEGIN DH PARAMETERS-----\nMAYCAQcCAQU=\n-----END DH PARAMETERS-----\n"


def _without(dice: random.Random, text: str) -> str:
    at = dice.randrange(len(text))
    return text[:at] + text[at + 1 :]


def _with(dice: random.Random, text: str, letters: str) -> str:
    at = dice.choice(
        [dice.randrange(len(text)), dice.choice([m for m in range(len(text)) if text[m] in "-\n"])]
    )
    return text[:at] + dice.choice(letters) + text[at:]


def pem_texts(number: int, seed: int) -> Iterator[Case]:
    """Cases of PEM. Every edit comes up; then two edits do, one after the other."""
    dice = random.Random(seed)
    edits = list(EDITS)
    pool = [Authority(f"root-{count}", key=_pem_key()).pem for count in range(6)]
    for count in range(number):
        made = dice.sample(pool, dice.choice([1, 2, 2, 3]))
        names = [edits[count % len(edits)]]
        if count >= len(edits):
            names.insert(0, dice.choice(edits))
        text = EDITS[names[0]](dice, made)
        for name in names[1:]:
            text = EDITS[name](dice, [text]) if text else text
        yield {"kind": "pem", "text": text, "changes": names}


def _pem_key() -> Any:
    return ec.generate_private_key(ec.SECP256R1())
