"""A new repository is what plain `copier copy` from the public repository gives, and is updated like one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from meshwright.bootstrap.creation import Request, create
from meshwright.scaffold import PUBLISHED_SOURCE
from meshwright.yaml import dump
from support.publicrepository import Public
from support.upgrades import adopt, commit, git

pytestmark = pytest.mark.long

CASES: dict[str, dict[str, Any]] = {
    "defaults": {},
    "flux": {
        "cluster_name": "pi",
        "git_url": "ssh://git@github.com/example/pi.git?ref=live",
        "nodes": 3,
        "viz_host": "linkerd.pi.lan",
        "apps": ["demo", "longhorn"],
    },
    "argocd": {"engine": "argocd", "distribution": "other", "redirect": "cni", "apps": ["elastic", "velero"]},
    "argocd-existing": {
        "engine": "argocd",
        "metrics": "existing",
        "existing_prometheus": {
            "namespace": "observe",
            "url": "http://prometheus.observe:9090",
            "release": "p",
        },
        "cert_manager": "existing",
        "trust_anchor": "ca-issuer",
        "inject": "enabled",
    },
}


def contents(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {
        path.relative_to(folder).as_posix(): (path.read_bytes(), path.stat().st_mode)
        for path in folder.rglob("*")
        if path.is_file() and ".git" not in path.relative_to(folder).parts
    }


@pytest.mark.parametrize("case", CASES)
def test_the_same_answers_give_the_same_bytes(case: str, public: Public, tmp_path: Path) -> None:
    answers = CASES[case]
    file = tmp_path / "answers.yml"
    file.write_text(dump(answers), encoding="utf-8")
    copy = ["-m", "copier", "copy", "--defaults", "--quiet", "--vcs-ref=v0.1.0", f"--data-file={file}"]
    subprocess.run(
        [sys.executable, *copy, PUBLISHED_SOURCE, tmp_path / "copier"], env=public.environment, check=True
    )

    create(Request(tmp_path / "new", defaults=True, data_file=file))

    assert contents(tmp_path / "new") == contents(tmp_path / "copier")


class TestLaterUpdates:
    @pytest.fixture
    def home(self, public: Public, tmp_path: Path) -> Path:
        """A new repository with an edit, and a newer release of the public template."""
        create(Request(tmp_path / "home", defaults=True, data=("nodes=3",)))
        home = adopt(tmp_path / "home")
        readme = home / "README.md"
        readme.write_text(readme.read_text(encoding="utf-8") + "\nmine\n", encoding="utf-8")
        commit(home)
        pins = public.folder / "template/includes/pins.yml"
        text = pins.read_text(encoding="utf-8")
        assert '"2026.8.3"' in text
        pins.write_text(text.replace('"2026.8.3"', '"2026.9.1"'), encoding="utf-8")
        commit(public.folder, "v0.2.0")
        return home

    @pytest.mark.parametrize(
        "command",
        [
            ["-m", "copier", "update", "--defaults", "--quiet"],
            ["-m", "meshwright", "update", "--no-check"],
        ],
        ids=["copier", "meshwright"],
    )
    def test_the_recorded_source_and_version_lead_there(
        self, command: list[str], home: Path, public: Public
    ) -> None:
        before = (home / ".copier-answers.yml").read_text(encoding="utf-8")
        assert f'\n_commit: "v0.1.0"\n_src_path: "{PUBLISHED_SOURCE}"\n' in before

        done = subprocess.run(
            [sys.executable, *command],
            cwd=home,
            env=public.environment,
            capture_output=True,
            text=True,
            check=False,
        )

        assert done.returncode == 0, done.stdout + done.stderr
        after = (home / ".copier-answers.yml").read_text(encoding="utf-8")
        assert after == before.replace("v0.1.0", "v0.2.0")
        release = (home / "platform/home/linkerd-control-plane/helmrelease.yaml").read_text(encoding="utf-8")
        assert 'version: "2026.9.1"' in release
        assert (home / "README.md").read_text(encoding="utf-8").endswith("\nmine\n")
        assert git(home, "diff", "--name-only", "--diff-filter=U") == ""
