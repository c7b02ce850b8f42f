"""The catalog: complete from a plain copy, byte for byte what generate makes, on both engines."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from meshwright.apps.base import read_bases
from meshwright.apps.generate import generate
from meshwright.apps.inspection.gathering import gather
from meshwright.apps.inspection.status import app_status
from meshwright.check import check_repository
from meshwright.resources import includes_root
from meshwright.scaffold import render
from meshwright.yaml import parse_all
from scripts.overlays import CHOICES, catalog, overlays

EVERYTHING = {"apps": CHOICES}
# What differs in a catalog: its namespaces' level, the platform it waits for.
VARIANTS = [
    {},
    {"redirect": "cni", "nodes": 3},
    {"distribution": "other", "ingress": "none", "metrics": "none"},
    {"inject": "enabled", "viz_host": "linkerd.home.arpa", "cluster_name": "no"},
]


@pytest.fixture(scope="module", params=["flux", "argocd"])
def repository(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("catalog") / str(request.param)
    render({"engine": request.param, **EVERYTHING}, root)
    return root


@pytest.mark.parametrize("engine", ["flux", "argocd"])
def test_the_scaffold_includes_what_generate_makes(engine: str, tmp_path: Path) -> None:
    folder = includes_root() / "apps" / "overlays" / engine
    found = {file.stem: file.read_text(encoding="utf-8") for file in folder.glob("*.yaml")}

    assert found == overlays(engine, tmp_path), "run python scripts/overlays.py"


@pytest.mark.parametrize("engine", ["flux", "argocd"])
@pytest.mark.parametrize("variant", VARIANTS)
def test_a_plain_copy_is_fresh(engine: str, variant: dict[str, object], tmp_path: Path) -> None:
    root = tmp_path / "repository"
    render({"engine": engine, **EVERYTHING, **variant}, root)

    outcome = generate(root, check=True, force=False, remember=False)

    assert outcome.findings == ()
    assert [change.path for change in outcome.changes] == []
    assert outcome.applications == len(catalog(""))


def test_it_is_clean(repository: Path) -> None:
    report = check_repository(repository)

    assert [str(finding) for finding in report.findings] == []
    known = ("k8s.elastic.co", "is not rendered")
    assert all(any(word in item.reason for word in known) for item in report.not_seen)


def test_who_is_meshed(repository: Path) -> None:
    gathered = gather(repository)
    [landscape] = gathered.contexts

    assert [*gathered.findings, *gathered.base_faults] == []
    meshed = re.findall(
        r"^  meshed: (\S+)$", (includes_root() / "catalog.yml").read_text("utf-8"), re.MULTILINE
    )
    wanted = {name: "yes" if word == "true" else "no" for name, word in zip(catalog(""), meshed, strict=True)}
    assert {app.name: app_status(app, landscape).meshed for app in landscape.apps.values()} == wanted


def test_nothing_of_longhorn_waits_for_the_mesh(repository: Path) -> None:
    wiring = (repository / "clusters/home/apps/longhorn.yaml").read_text(encoding="utf-8")

    assert "linkerd" not in wiring.partition("\nspec:")[2].replace("mesh/apps/home/longhorn", "")


def test_the_demo_has_what_the_tour_shows(repository: Path) -> None:
    base = read_bases(repository, ["apps/demo"])[0]["apps/demo"]
    kinds = [item.kind for item in base.objects]

    assert {kind: kinds.count(kind) for kind in ("Deployment", "StatefulSet", "Job", "CronJob")} == {
        "Deployment": 3,
        "StatefulSet": 1,
        "Job": 1,
        "CronJob": 1,
    }


def test_longhorn_dashboard_on_request(repository: Path, tmp_path: Path) -> None:
    """The way that apps/longhorn/mesh.yaml describes in its own comment."""
    engine = repository.name
    root = tmp_path / "repository"
    render({"engine": engine, "apps": ["longhorn"]}, root)
    file = root / "apps/longhorn/mesh.yaml"
    text = file.read_text(encoding="utf-8")
    advised = [line[1:].strip() for line in text.splitlines() if line.startswith("#   ")]
    kept = [line for line in text.splitlines() if not line.startswith(("inject:", "scope:"))]
    file.write_text("\n".join([*kept, *advised]) + "\n", encoding="utf-8")

    assert generate(root, check=False, force=False, remember=False).findings == ()

    overlay = (root / "mesh/apps/home/longhorn/kustomization.yaml").read_text(encoding="utf-8")
    patched = [line.strip() for line in overlay.splitlines() if "name: longhorn-" in line]
    assert set(patched) == {"name: longhorn-ui"}
    wiring = parse_all((root / "clusters/home/apps/longhorn.yaml").read_text(encoding="utf-8"))[0]
    assert "linkerd-gate" in str(wiring) or engine == "argocd"
    assert (root / "mesh/apps/home/longhorn/gate.yaml").exists() == (engine == "argocd")
