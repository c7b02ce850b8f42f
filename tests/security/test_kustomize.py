"""Kustomize and helm get nothing but what was looked at: no code, no file outside, no connection."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from security.hostile import SECRET, Canaries

CASES = yaml.safe_load((Path(__file__).parent / "kustomizations.yaml").read_text(encoding="utf-8"))
APPLICATION = """
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: app, namespace: argocd}
spec:
  project: default
  source: {repoURL: https://git.example.org/us.git, path: app}
  destination: {server: https://kubernetes.default.svc, namespace: app}
"""
FLUX = """
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: app, namespace: flux-system}
spec: {interval: 1h, path: ./app, prune: true, sourceRef: {kind: GitRepository, name: flux-system}}
"""
CHART = {
    "app/charts/foo/Chart.yaml": "apiVersion: v2\nname: foo\nversion: 1.0.0\n",
    "app/charts/foo/values.yaml": "greeting: hello\n",
    "app/charts/foo/templates/cm.yaml": (
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: foo}\ndata: {greeting: '{{ .Values.greeting }}'}\n"
    ),
    "app/cm.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: cm}\ndata: {a: b}\n",
}
ENGINES = {"argocd": APPLICATION, "flux": FLUX}


def meshwright(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-P", "-m", "meshwright", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)


def git(*arguments: str, folder: Path) -> None:
    identity = ("-c", "user.name=t", "-c", "user.email=t@localhost")
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", CASES)
def test_a_hostile_kustomization(name: str, engine: str, watched: Canaries) -> None:
    case = CASES[name]
    git("init", "-q", folder=watched.repository)
    git("remote", "add", "origin", "https://git.example.org/us.git", folder=watched.repository)
    git("commit", "-q", "--allow-empty", "-m", "empty", folder=watched.repository)
    watched.write({**CHART, f"{engine}/app.yaml": ENGINES[engine], **case["files"]})
    for link, target in case.get("links", {}).items():
        place = watched.repository / link
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(target.replace("@OUTSIDE@", str(watched.outside)))

    checked = meshwright("check", "--no-cache", ".", folder=watched.repository)
    compared = meshwright("diff", "--format", "markdown", folder=watched.repository)

    drawn = meshwright("graph", ".", folder=watched.repository)

    said = (checked.stdout, checked.stderr, compared.stdout, compared.stderr, drawn.stdout, drawn.stderr)
    watched.assert_silent(*said)
    assert "Traceback" not in "".join(said)
    assert checked.returncode in (0, 1), checked.stderr
    assert (compared.returncode, drawn.returncode) == (0, 0), compared.stderr + drawn.stderr
    expected = case.get(engine, case.get("says", ""))
    assert expected, "each case says what a person is told"
    assert expected in checked.stdout


def test_the_canaries_sing(watched: Canaries) -> None:
    """What the cases try does work where nobody looks: kustomize alone reads outside and connects."""
    from meshwright.tools import locate

    watched.write(
        {
            "app/kustomization.yaml": (
                "configMapGenerator: [{name: g, Files: ['x=@SECRET@']}]\n"
                "Resources: ['http://127.0.0.1:@PORT@/r.yaml']\n"
            )
        }
    )
    command = [str(locate("kustomize").path), "build", "--load-restrictor", "LoadRestrictionsNone", "app"]
    ended = subprocess.run(command, cwd=watched.repository, capture_output=True, text=True, check=False)
    assert watched.listener.visits
    watched.write({"app/kustomization.yaml": "configMapGenerator: [{name: g, Files: ['x=@SECRET@']}]\n"})
    ended = subprocess.run(command, cwd=watched.repository, capture_output=True, text=True, check=False)
    assert SECRET in ended.stdout
