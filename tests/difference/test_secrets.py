"""No value of a Secret is in any output of a difference, however it got there."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from meshwright.difference import Difference, compare, json_output, markdown, text
from support.repositories import GITOPS_SYNC, config_map, flux_kustomization, write

HEAD = "apiVersion: v1\nkind: Secret\nmetadata: {name: login, namespace: shop}\n"
OLD, NEW = "hunter-One/2+x", "tiger-Two/3+y"
Files = dict[str, str]


def encoded(value: str) -> str:
    return base64.b64encode(value.encode()).decode()


def secret(value: str, field: str = "stringData") -> str:
    return f"{HEAD}{field}: {{password: '{value}'}}\n"


def forms(value: str) -> list[str]:
    whole = encoded(value)
    basic = [encoded("x" * before + value)[before + 1 : before + 12] for before in range(3)]
    return [value, whole, encoded(whole), *basic]


def outputs(difference: Difference) -> dict[str, str]:
    return {
        "text": text.render(difference, colour=True),
        "markdown": markdown.render(difference),
        "json": json_output.render(difference),
    }


def folder(resources: str, **files: str) -> Files:
    return {"kustomization.yaml": resources, **{name.replace("_", "."): body for name, body in files.items()}}


def map_with(value: str) -> str:
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: plain, namespace: shop}}\ndata:\n{value}"


BOTH = "resources: [login.yaml, plain.yaml]\n"
ONE = "resources: [plain.yaml]\n"
CASES: Mapping[str, Callable[[str], Files]] = {
    "string data": lambda it: folder("resources: [login.yaml]\n", login_yaml=secret(it)),
    "data": lambda it: folder("resources: [login.yaml]\n", login_yaml=secret(encoded(it), "data")),
    "plain in a ConfigMap": lambda it: folder(
        BOTH, login_yaml=secret(it), plain_yaml=map_with(f"  a: 'postgres://u:{it}@db'\n")
    ),
    "decoded in a ConfigMap": lambda it: folder(
        BOTH, login_yaml=secret(encoded(it), "data"), plain_yaml=map_with(f"  a: 'x {it} y'\n")
    ),
    "base64 in a ConfigMap": lambda it: folder(
        BOTH, login_yaml=secret(it), plain_yaml=map_with(f"  a: '{encoded(it)}'\n")
    ),
    "inside other base64": lambda it: folder(
        BOTH, login_yaml=secret(it), plain_yaml=map_with(f"  a: 'Basic {encoded('user:' + it)}'\n")
    ),
    "base64 twice": lambda it: folder(
        BOTH, login_yaml=secret(it), plain_yaml=map_with(f"  a: '{encoded(encoded(it))}'\n")
    ),
    "a key": lambda it: folder(
        BOTH, login_yaml=secret(it), plain_yaml=map_with(f"  values.yaml: |\n    '{it}': 1\n    b: '{it}'\n")
    ),
    "a name in a list": lambda it: folder(
        BOTH,
        login_yaml=secret(it),
        plain_yaml="apiVersion: v1\nkind: Service\nmetadata: {name: s, namespace: shop}\n"
        f"spec: {{ports: [{{name: '{it}', port: 80}}, {{name: b, port: 81}}]}}\n",
    ),
    "a list in a Secret": lambda it: folder(
        "resources: [login.yaml]\n",
        login_yaml="apiVersion: v1\nkind: Secret\nmetadata: {name: login, namespace: shop}\n"
        f"stringData: {{deep: [{{name: '{it}', '{it}': 1}}]}}\n",
    ),
    "a Secret in a List": lambda it: folder(
        "resources: [login.yaml]\n",
        login_yaml=f"apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Secret\n"
        f"  metadata: {{name: login, namespace: shop}}\n  stringData: {{a: '{it}'}}\n",
    ),
    "a Secret in another object": lambda it: folder(
        "resources: [plain.yaml]\n",
        plain_yaml="apiVersion: kubernetes.crossplane.io/v1alpha2\nkind: Object\nmetadata: {name: o}\n"
        f"spec: {{forProvider: {{manifest: {{apiVersion: v1, kind: Secret, stringData: {{a: '{it}'}}}}}}}}\n",
    ),
    "a Secret in a text": lambda it: folder(
        ONE,
        plain_yaml=map_with(
            f"  s.yaml: |\n    apiVersion: v1\n    kind: Secret\n    stringData: {{a: '{it}'}}\n"
        ),
    ),
    "two documents in a text": lambda it: folder(
        ONE,
        plain_yaml=map_with(
            f"  s: |\n    a: 1\n    ---\n    kind: Secret\n    apiVersion: v1\n    data: {{a: '{it}'}}\n"
        ),
    ),
    "a generator's literals": lambda it: folder(
        f"resources: [plain.yaml]\nsecretGenerator: [{{name: g, literals: ['p={it}']}}]\n",
        plain_yaml=map_with(f"  a: '{it}'\n"),
    ),
    "a generator's files": lambda it: folder(
        "resources: [plain.yaml]\nsecretGenerator: [{name: g, files: [password.txt]}]\n",
        password_txt=f"{it}\n",
        plain_yaml=map_with(f"  a: '{it}'\n"),
    ),
    "an annotation": lambda it: folder(
        "resources: [login.yaml]\n",
        login_yaml="apiVersion: v1\nkind: Secret\nmetadata: {name: login, namespace: shop, "
        f"annotations: {{last: '{encoded(it)}'}}}}\ndata: {{}}\n",
    ),
    "a line of a file": lambda it: folder(
        BOTH,
        login_yaml="apiVersion: v1\nkind: Secret\nmetadata: {name: login, namespace: shop}\n"
        f"stringData: {{settings: \"host = x\\npassword = '{it}'\\n\"}}\n",
        plain_yaml=map_with(f"  a: \"# copied\\npassword = '{it}'\\n\"\n"),
    ),
}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_no_output_tells_a_secret(case: str, tmp_path: Path) -> None:
    old, new = (write(tmp_path / name, CASES[case](it)) for name, it in (("old", OLD), ("new", NEW)))

    difference = compare(old, new)

    assert difference.roots
    for name, shown in outputs(difference).items():
        for form in [form for value in (OLD, NEW) for form in forms(value)]:
            assert form not in shown, name


def test_a_secret_of_a_root_that_did_not_change_counts_too(tmp_path: Path) -> None:
    files = {
        "clusters/home/sync.yaml": GITOPS_SYNC,
        "clusters/home/a.yaml": flux_kustomization("a", "./a"),
        "clusters/home/b.yaml": flux_kustomization("b", "./b"),
        "a/login.yaml": secret(OLD),
        "b/plain.yaml": map_with(f"  a: '{encoded(OLD)}'\n  port: '1'\n"),
    }
    new = {**files, "b/plain.yaml": map_with("  a: other\n  port: '2'\n")}

    shown = outputs(compare(write(tmp_path / "old", files), write(tmp_path / "new", new)))

    for output in shown.values():
        assert encoded(OLD) not in output
        assert "data.port" in output


def test_what_is_no_secret_is_shown(tmp_path: Path) -> None:
    """A sealed one is for everybody's eyes; a port or a word is no secret because a Secret has it too."""

    def files(value: str, port: int) -> Files:
        sealed = (
            "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {name: s, namespace: shop}\n"
        )
        login = "apiVersion: v1\nkind: Secret\nmetadata: {name: l, namespace: shop}\n"
        return {
            "kustomization.yaml": "resources: [sealed.yaml, login.yaml, plain.yaml]\n",
            "sealed.yaml": f"{sealed}spec: {{encryptedData: {{password: '{value}'}}}}\n",
            "login.yaml": f"{login}stringData: {{port: '8080', on: 'true', name: plain-name}}\n",
            "plain.yaml": config_map("plain-name") + f"  port: '{port}'\n  on: 'true'\n",
        }

    old, new = write(tmp_path / "old", files(OLD, 8080)), write(tmp_path / "new", files(NEW, 8081))

    for output in outputs(compare(old, new)).values():
        assert OLD in output
        assert NEW in output
        assert "8081" in output
        assert "plain-name" in output
