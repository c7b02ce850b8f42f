"""Random applications: their overlays build, by the real kustomize, what the specs say and nothing else."""

from __future__ import annotations

import copy
import random
from pathlib import Path
from typing import Any

import pytest

from meshwright.apps.generate import generate
from meshwright.check import check_repository
from meshwright.check.model.loader import load
from meshwright.errors import ExitCode
from meshwright.manifests.files import RepositoryFiles
from meshwright.manifests.workspace import Workspace
from meshwright.scaffold import render
from meshwright.yaml import dump, dump_all, parse_all

pytestmark = pytest.mark.long

COUNT = 60
OPAQUE = "25,587,3306,4444,5432,6379,9300,11211"
JOBS = ("Job", "CronJob")
Data = dict[str, Any]


class _Random:
    """One random application, and by rules of its own what must come of it."""

    def __init__(self, name: str, chooser: random.Random, others: list[str]) -> None:
        self.name = name
        self.chooser = chooser
        self.objects: list[Data] = []
        self.makes_namespace = chooser.random() < 0.5
        for number in range(chooser.randint(1, 5)):
            kind = chooser.choice(["Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob"])
            self.objects.append(self._workload(kind, f"{chooser.choice(['web', 'y', 'no', 'a.b'])}-{number}"))
        self.objects.append(self._service(chooser.choice([80, 4222, 7005])))
        if not self.makes_namespace:
            self.objects.append({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        self.spec = self._spec(others)

    def _workload(self, kind: str, name: str) -> Data:
        template: Data = {
            "metadata": {"labels": {"app": name}},
            "spec": {"containers": [{"name": "main", "image": "busybox:1.37.0"}]},
        }
        if self.chooser.random() < 0.3:
            template["metadata"]["annotations"] = {"example.org/kept": "yes"}
        if self.chooser.random() < 0.15:
            template["spec"]["hostNetwork"] = True
        spec: Data = {"template": template}
        if kind in JOBS:
            template["spec"]["restartPolicy"] = "Never"
        else:
            spec["selector"] = {"matchLabels": {"app": name}}
        if kind == "StatefulSet":
            spec["serviceName"] = name
        if kind == "CronJob":
            spec = {"schedule": "0 0 * * *", "jobTemplate": {"spec": spec}}
        version = "batch/v1" if kind in JOBS else "apps/v1"
        return {
            "apiVersion": version,
            "kind": kind,
            "metadata": {"name": name, "namespace": self.name},
            "spec": spec,
        }

    def _service(self, port: int) -> Data:
        metadata = {"name": "web", "namespace": self.name}
        return {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": metadata,
            "spec": {"ports": [{"port": port}]},
        }

    def _spec(self, others: list[str]) -> Data:
        chooser = self.chooser
        spec: Data = {
            "schema_version": 1,
            "namespace": self.name,
            "inject": chooser.choice(["enabled", "enabled", "ingress", "disabled"]),
        }
        if self.makes_namespace:
            spec["createNamespace"] = True
        if chooser.random() < 0.4:
            spec["scope"] = "namespace"
        free = [item for item in self.workloads if not _template(item)["spec"].get("hostNetwork")]
        if not free:
            # An application without any workload that can be meshed is refused.
            del _template(self.workloads[0])["spec"]["hostNetwork"]
            free = self.workloads[:1]
        if free and chooser.random() < 0.4:
            chosen = chooser.sample(free, chooser.randint(1, len(free)))
            spec["workloads"] = [self._entry(item) for item in chosen]
        hosts = [item for item in self.workloads if item not in free]
        if hosts and spec["inject"] != "disabled" and ("workloads" not in spec or "scope" in spec):
            spec["except"] = [{"kind": it["kind"], "name": it["metadata"]["name"]} for it in hosts]
        if chooser.random() < 0.4:
            spec["opaquePorts"] = chooser.choice([[4222], ["7000-7010"], [9200, 4222]])
        if chooser.random() < 0.3:
            spec["skipInboundPorts"] = [8443]
        if spec["inject"] != "disabled" and chooser.random() < 0.3:
            spec["jobs"] = chooser.choice(["native", "disabled"])
        if others and chooser.random() < 0.4:
            spec["dependsOn"] = chooser.sample(others, 1)
        return spec

    def _entry(self, item: Data) -> Data:
        entry = {"kind": item["kind"], "name": item["metadata"]["name"]}
        if self.chooser.random() < 0.4:
            entry["inject"] = self.chooser.choice(["enabled", "disabled"])
        return entry

    @property
    def workloads(self) -> list[Data]:
        return [item for item in self.objects if _holds_template(item)]

    @property
    def is_meshed(self) -> bool:
        entries = self.spec.get("workloads", [])
        return self.spec["inject"] != "disabled" or any(e.get("inject") == "enabled" for e in entries)

    def expected(self) -> dict[tuple[str, str], Data]:
        """Every object of the manifests as it must come out."""
        found = {}
        for item in copy.deepcopy(self.objects):
            key = (item["kind"], item["metadata"]["name"])
            if _holds_template(item):
                given = self._annotations(item)
                if given:
                    _template(item)["metadata"].setdefault("annotations", {}).update(given)
            elif item["kind"] == "Namespace" and self.spec.get("scope") == "namespace":
                item["metadata"]["annotations"] = self._general(self.spec["inject"])
            elif item["kind"] == "Service" and self.is_meshed and self._opaque_service(item):
                item["metadata"]["annotations"] = {"config.linkerd.io/opaque-ports": self._opaque()}
            found[key] = item
        return found

    def _annotations(self, item: Data) -> Data:
        entries = {(e["kind"], e["name"]): e for e in self.spec.get("workloads", [])}
        entry = entries.get((item["kind"], item["metadata"]["name"]))
        whole = self.spec.get("scope") == "namespace"
        if item["metadata"]["name"] in {one["name"] for one in self.spec.get("except", ())}:
            return {}
        opted_out = item["kind"] in JOBS and self.spec.get("jobs") == "disabled" and self.is_meshed
        if entry is None and (entries and not whole):
            return {}
        if whole and entry is None and not opted_out:
            return {}
        inject = str((entry or {}).get("inject", self.spec["inject"]))
        if opted_out:
            inject = "disabled"
        if inject != "disabled" and _template(item)["spec"].get("hostNetwork"):
            return {}
        return self._general(inject)

    def _general(self, inject: str) -> Data:
        found = {"linkerd.io/inject": inject}
        if inject != "disabled":
            if "opaquePorts" in self.spec:
                found["config.linkerd.io/opaque-ports"] = self._opaque()
            if "skipInboundPorts" in self.spec:
                found["config.linkerd.io/skip-inbound-ports"] = "8443"
        return found

    def _opaque(self) -> str:
        return ",".join([OPAQUE, *map(str, self.spec["opaquePorts"])])

    def _opaque_service(self, item: Data) -> bool:
        port = item["spec"]["ports"][0]["port"]
        ranges: dict[int, list[Any]] = {4222: [4222], 7005: ["7000-7010"]}
        return any(entry in ranges.get(port, []) for entry in self.spec.get("opaquePorts", []))


def _holds_template(item: Data) -> bool:
    return item["kind"] in ("Deployment", "StatefulSet", "DaemonSet", *JOBS)


def _template(item: Data) -> Data:
    spec = item["spec"]["jobTemplate"]["spec"] if item["kind"] == "CronJob" else item["spec"]
    template: Data = spec["template"]
    return template


@pytest.mark.parametrize("engine", ["flux", "argocd"])
def test_overlays_do_what_specs_say(engine: str, tmp_path: Path) -> None:
    root = tmp_path / "repository"
    render({"engine": engine, "metrics": "none"}, root)
    chooser = random.Random(f"overlays {engine}")
    apps: dict[str, _Random] = {}
    for number in range(COUNT):
        app = _Random(f"app-{number}", chooser, list(apps))
        apps[app.name] = app
        folder = root / "apps" / app.name
        folder.mkdir(parents=True)
        (folder / "mesh.yaml").write_text(dump(app.spec))
        (folder / "kustomization.yaml").write_text(dump({"resources": ["all.yaml"]}))
        (folder / "all.yaml").write_text(dump_all(app.objects))

    outcome = generate(root, check=False, force=False, remember=False)

    assert outcome.exit_code is ExitCode.CLEAN, outcome.findings
    assert not generate(root, check=True, force=False, remember=False).changes
    report = check_repository(root)
    assert [str(item) for item in report.findings] == []
    for name, objects in built(root).items():
        app = apps[name]
        found = {(item["kind"], item["metadata"]["name"]): item for item in objects}
        for key, wanted in app.expected().items():
            assert found.pop(key) == wanted, f"{name}: {key}\n{dump(app.spec)}"
        rest = {kind for kind, _ in found}
        assert rest <= ({"Namespace"} if app.makes_namespace else set()) | gate(engine, app), name
    for name, app in apps.items():
        check_wiring(root, engine, name, app)


def gate(engine: str, app: _Random) -> set[str]:
    return {"Job"} if engine == "argocd" and app.is_meshed else set()


def built(root: Path) -> dict[str, list[Data]]:
    """What each overlay builds, by application."""
    files = RepositoryFiles(root)
    with Workspace(files.root) as workspace:
        roots = load(files, workspace).roots
        return {
            item.path.rpartition("/")[2]: [dict(each.data) for each in item.objects]
            for item in roots
            if item.path.startswith("mesh/apps/")
        }


def check_wiring(root: Path, engine: str, name: str, app: _Random) -> None:
    """Dependencies are kept: by name on Flux, by a later wave on Argo CD."""
    wiring = parse_all((root / "clusters/home/apps" / f"{name}.yaml").read_text())[0]
    needs = app.spec.get("dependsOn", [])
    if engine == "flux":
        given = [item["name"] for item in wiring["spec"].get("dependsOn", [])]
        assert given == sorted([*needs, *(["linkerd-gate"] if app.is_meshed else [])])
        return
    wave = int(wiring["metadata"]["annotations"]["argocd.argoproj.io/sync-wave"])
    for need in needs:
        other = parse_all((root / "clusters/home/apps" / f"{need}.yaml").read_text())[0]
        assert int(other["metadata"]["annotations"]["argocd.argoproj.io/sync-wave"]) < wave
