"""The answer `secrets`: what decrypts, what refuses a Secret in plain text."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from meshwright.apps import generate as generating
from meshwright.check import check_repository
from meshwright.scaffold import render
from meshwright.yaml import parse, parse_all

ENCRYPTED = """\
apiVersion: v1
kind: Secret
metadata: {name: token, namespace: shop}
stringData: {token: "ENC[AES256_GCM,data:x]"}
sops: {version: 3.9.0, mac: "ENC[AES256_GCM,data:y]"}
"""
PLAIN = ENCRYPTED.partition("sops:")[0].replace("ENC[AES256_GCM,data:x]", "hunter2")
KEY = {"provider": "sops", "secretRef": {"name": "sops-age"}}
SMALL = {"secrets": "sops", "ingress": "none", "metrics": "none", "apps": ["demo"]}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    render(SMALL, tmp_path / "repository")
    return tmp_path / "repository"


def generate(repository: Path) -> generating.Outcome:
    return generating.generate(repository, check=False, force=False, remember=False)


def add_shop(repository: Path, *lines: str) -> None:
    shop = repository / "apps/shop"
    shop.mkdir()
    (shop / "secret.yaml").write_text(ENCRYPTED, encoding="utf-8")
    (shop / "kustomization.yaml").write_text("resources: [secret.yaml]\n", encoding="utf-8")
    spec = ["schema_version: 1", "namespace: shop", "createNamespace: true", "inject: disabled", *lines]
    (shop / "mesh.yaml").write_text("\n".join(spec) + "\n", encoding="utf-8")


def undecrypted(repository: Path) -> list[str]:
    return [item.message for item in check_repository(repository).findings if item.id == "MW903"]


def yaml_lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if not line.lstrip().startswith("#")]


def kustomization(repository: Path, path: str) -> dict[str, Any]:
    found: dict[str, Any] = parse((repository / path).read_text(encoding="utf-8"))
    return found


def test_every_kustomization_decrypts_from_the_entry_point_to_the_applications(repository: Path) -> None:
    add_shop(repository)
    (repository / "clusters/home/token.yaml").write_text(ENCRYPTED.replace("shop", "flux-system"), "utf-8")

    assert generate(repository).findings == ()

    wirings = [f"clusters/home/apps/{name}.yaml" for name in ("demo", "shop")]
    layers = [
        path.relative_to(repository).as_posix()
        for path in (repository / "clusters/home/platform").glob("*.yaml")
        if path.stem != "kustomization"
    ]
    assert {path: kustomization(repository, path)["spec"].get("decryption") for path in wirings + layers} == (
        dict.fromkeys(wirings + layers, KEY)
    )
    assert undecrypted(repository) == []
    entry = repository / "clusters/home/flux-system/gotk-sync.yaml"
    before, decryption, after = entry.read_text(encoding="utf-8").partition("  # `flux bootstrap` removes")
    assert yaml_lines(decryption + after) == ["decryption:", "provider: sops", "secretRef:", "name: sops-age"]
    entry.write_text(before, encoding="utf-8")
    assert undecrypted(repository) == []
    # Without the patch of the entry point, which `flux bootstrap` keeps, a Secret beside it is refused.
    (repository / "clusters/home/flux-system/kustomization.yaml").unlink()
    assert len(undecrypted(repository)) == 1


def test_bootstrap_may_write_its_manifests_over_ours(repository: Path) -> None:
    folder = repository / "clusters/home/flux-system"
    assert parse_all((folder / "gotk-components.yaml").read_text(encoding="utf-8")) in ([], [None])
    listed = kustomization(repository, "clusters/home/flux-system/kustomization.yaml")["resources"]
    assert sorted(listed) == ["gotk-components.yaml", "gotk-sync.yaml"]


def test_an_application_names_another_key(repository: Path) -> None:
    add_shop(repository, "decryption: {provider: sops, secretRef: {name: shop-keys}}")

    assert generate(repository).findings == ()

    spec = kustomization(repository, "clusters/home/apps/shop.yaml")["spec"]
    assert spec["decryption"] == {"provider": "sops", "secretRef": {"name": "shop-keys"}}


def test_argo_cd_cannot_decrypt_and_says_what_can(tmp_path: Path) -> None:
    render({**SMALL, "engine": "argocd", "secrets": "none"}, tmp_path / "repository")
    add_shop(tmp_path / "repository", "decryption: {provider: sops}")

    found = generate(tmp_path / "repository").findings
    finding, secret = found

    assert str(finding.position) == "apps/shop/mesh.yaml:5:1"
    assert "Argo CD does not decrypt SOPS files" in finding.message
    assert finding.fix == "remove it, and use External Secrets or Sealed Secrets"
    assert (secret.id, str(secret.position)) == ("mesh/engine", "apps/shop/secret.yaml:1:1")


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        (PLAIN, True),
        (PLAIN.replace("kind: Secret", "kind: 'Secret'  # mine"), True),
        (f"{ENCRYPTED}---\n{PLAIN}", True),
        (f"{PLAIN}---\n{ENCRYPTED}", True),
        (PLAIN.replace("\n", "\r\n"), True),
        (ENCRYPTED, False),
        (f"{ENCRYPTED}---\n{ENCRYPTED}", False),
        (PLAIN.replace("kind: Secret", "kind: SecretStore"), False),
        ("kind: Pod\nspec:\n  volumes:\n    - kind: Secret\n", False),
    ],
)
def test_the_hook_refuses_a_secret_in_plain_text(
    text: str, refused: bool, repository: Path, tmp_path: Path
) -> None:
    hooks = [
        hook
        for repo in kustomization(repository, ".pre-commit-config.yaml")["repos"]
        for hook in repo["hooks"]
    ]
    [hook] = [hook for hook in hooks if hook["id"] == "secret-in-plain-text"]
    file = tmp_path / "secret.yaml"
    file.write_bytes(text.encode())
    command = [sys.executable, "-m", "pre_commit.languages.pygrep", *hook["args"], hook["entry"], str(file)]

    run = subprocess.run(command, capture_output=True, text=True, check=False)

    assert (run.returncode, bool(run.stdout)) == (int(refused), refused)


def test_a_plain_secret_is_an_error_where_sops_is_set_up(repository: Path) -> None:
    add_shop(repository)
    (repository / "apps/shop/secret.yaml").write_text(PLAIN, encoding="utf-8")
    generate(repository)

    [finding] = [item for item in check_repository(repository).findings if item.id == "MW902"]
    (repository / ".sops.yaml").unlink()
    [warning] = [item for item in check_repository(repository).findings if item.id == "MW902"]

    assert (finding.severity, warning.severity) == ("error", "warning")


@pytest.mark.parametrize("patched", [True, False])
def test_flux_operator_makes_the_entry_point_that_the_readme_patches(patched: bool, repository: Path) -> None:
    readme = (repository / "clusters/home/README.md").read_text(encoding="utf-8")
    line = re.search(r"add the line\s+`(/clusters/[^`]+)` to a file `.sourceignore`", readme)
    instance = textwrap.dedent(readme.partition("```yaml\n")[2].partition("   ```")[0])
    assert line is not None
    # Without the whole folder its kustomization.yaml would list a file that is left out.
    assert line[1] == "/clusters/home/flux-system/"
    shutil.rmtree(repository / "clusters/home/flux-system")
    if not patched:
        instance = instance.partition("  kustomize:\n")[0]
    (repository / "instance.yaml").write_text(instance, encoding="utf-8")
    (repository / "clusters/home/token.yaml").write_text(ENCRYPTED.replace("shop", "flux-system"), "utf-8")

    assert [message.partition(" is")[0] for message in undecrypted(repository)] == (
        [] if patched else ["Secret flux-system/token"]
    )
