"""`copier update` after a finished rotation: the next release of the template merges around the new names."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from copier import run_copy, run_update

from meshwright.commands import trust

TRUST = "platform/home/linkerd-trust"


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=Test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false")
    run = subprocess.run(
        ["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, text=True
    )
    return run.stdout


def commit(folder: Path, tag: str = "") -> None:
    if not (folder / ".git").exists():
        git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message=state")
    if tag:
        git(folder, "tag", tag)


def release_next(template: Path) -> None:
    """v0.2.0: something else in every file that a rotation touches."""
    place = template / "template/repo/platform/[[ cluster_name ]]"
    for path, old, new in (
        ("linkerd-trust/bundle.yaml.jinja", "# Copies the certificates", "# Writes the certificates"),
        ("linkerd-trust/identity-issuer.yaml.jinja", "  duration: 4320h\n", "  duration: 4344h\n"),
        (
            "linkerd-trust/kustomization.yaml.jinja",
            "  - webhook-ca.yaml\n",
            "  - webhook-ca.yaml\n  - more.yaml\n",
        ),
        (
            "linkerd-control-plane/values.yaml.jinja",
            "podMonitor:\n",
            "controllerLogFormat: json\npodMonitor:\n",
        ),
    ):
        file = place / path
        text = file.read_text(encoding="utf-8")
        assert old in text
        file.write_text(text.replace(old, new), encoding="utf-8")
    (anchor,) = place.glob("linkerd-trust/*anchor-own*")
    text = anchor.read_text(encoding="utf-8")
    anchor.write_text(text.replace("  renewBefore: 8760h\n", "  renewBefore: 8784h\n"), encoding="utf-8")
    (place / "linkerd-trust/more.yaml").write_text(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: more}\n"
    )
    commit(template, "v0.2.0")


def test_an_update_after_a_rotation_has_no_conflict(root: Path, tmp_path: Path) -> None:
    template, folder = tmp_path / "template-repository", tmp_path / "cluster"
    template.mkdir()
    shutil.copy(root / "copier.yml", template)
    shutil.copytree(root / "template", template / "template")
    commit(template, "v0.1.0")
    answers = {"viz_host": "linkerd.home.arpa"}
    run_copy(str(template), folder, data=answers, defaults=True, quiet=True, unsafe=False, vcs_ref="v0.1.0")
    commit(folder)
    for stage in (1, 2, 3, 4):
        trust.rotate(stage, folder)
        commit(folder)

    release_next(template)
    run_update(folder, defaults=True, overwrite=True, quiet=True, unsafe=False)

    fresh = tmp_path / "fresh"
    run_copy(str(template), fresh, data=answers, defaults=True, quiet=True, unsafe=False, vcs_ref="v0.2.0")
    assert git(folder, "diff", "--name-only", "--diff-filter=U") == ""
    different = []
    for file in sorted(path for path in fresh.rglob("*") if path.is_file()):
        name = file.relative_to(fresh).as_posix()
        here, there = (folder / name).read_text(encoding="utf-8"), file.read_text(encoding="utf-8")
        if here != there:
            different.append(name)
            assert here == there.replace("linkerd-trust-anchor", "linkerd-trust-anchor-2")
    assert different == [f"{TRUST}/anchor-own.yaml", f"{TRUST}/bundle.yaml", f"{TRUST}/identity-issuer.yaml"]
    trust.rotate(1, folder, preview=True)
