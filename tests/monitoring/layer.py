"""The layer as answers make it: Copier's own delimiters, StrictUndefined, three sets of answers."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
import yaml
from jinja2.sandbox import SandboxedEnvironment

from meshwright.resources import data_root

FOLDER = "platform/[[ cluster_name ]]/linkerd-monitoring"

# "1e3" and "on" are names that Kubernetes allows and YAML reads as a number and a boolean.
ANSWERS: dict[str, dict[str, Any]] = {
    "install": {
        "prometheus": {"namespace": "monitoring", "release": "kube-prometheus-stack"},
        "ingress": "k3s",
        "cni": True,
        "trust_anchor": "own",
        "imports": [
            {"name": "east", "gateway": "gateway.east.example.org"},
            {"name": "west", "gateway": "gateway.west.example.org"},
            {"name": "north", "gateway": ""},
        ],
    },
    "existing": {
        "prometheus": {"namespace": "observability", "release": "prom"},
        "ingress": "own",
        "cni": False,
        "trust_anchor": "ca-issuer",
        "imports": [],
    },
    "hostile": {
        "prometheus": {"namespace": "on", "release": "1e3"},
        "ingress": "none",
        "cni": False,
        "trust_anchor": "own",
        "imports": [{"name": "1e3", "gateway": "192.0.2.1"}],
    },
}


def source() -> Path:
    """The layer's folder in the template."""
    return data_root() / "template" / "repo" / FOLDER


@cache
def environment() -> SandboxedEnvironment:
    """Jinja as copier.yml sets it."""
    jinja = SandboxedEnvironment(
        undefined=jinja2.StrictUndefined,
        variable_start_string="[[",
        variable_end_string="]]",
        block_start_string="[%",
        block_end_string="%]",
        comment_start_string="[#",
        comment_end_string="#]",
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    jinja.filters["to_json"] = json.dumps
    return jinja


def render(destination: Path, answers: dict[str, Any]) -> Path:
    """Writes the layer under ``destination`` and returns its folder."""
    for file in source().rglob("*"):
        if file.is_dir():
            continue
        target = destination / FOLDER.replace("[[ cluster_name ]]", "home") / file.relative_to(source())
        target.parent.mkdir(parents=True, exist_ok=True)
        text = file.read_text(encoding="utf-8")
        if file.suffix == ".jinja":
            target, text = target.with_suffix(""), environment().from_string(text).render(answers)
        target.write_text(text, encoding="utf-8")
    return destination / FOLDER.replace("[[ cluster_name ]]", "home")


@cache
def documents(name: str) -> list[dict[str, Any]]:
    """The manifests of one file of the layer, as the answers "install" make it: they leave nothing out."""
    template = source() / f"{name}.jinja"
    file = template if template.exists() else source() / name
    text = environment().from_string(file.read_text(encoding="utf-8")).render(ANSWERS["install"])
    return [document for document in yaml.safe_load_all(text) if document]


@cache
def pod_monitors() -> dict[str, dict[str, Any]]:
    """The PodMonitors by name."""
    return {monitor["metadata"]["name"]: monitor for monitor in documents("podmonitors.yaml")}


@cache
def rules() -> list[dict[str, Any]]:
    """Every rule of every group, recording and alerting."""
    return [rule for d in documents("rules.yaml") for group in d["spec"]["groups"] for rule in group["rules"]]


@cache
def dashboards() -> dict[str, dict[str, Any]]:
    """The dashboards by file name."""
    return {
        f.name: json.loads(f.read_text(encoding="utf-8"))
        for f in sorted((source() / "dashboards").glob("*.json"))
    }


def panels(dashboard: dict[str, Any]) -> list[dict[str, Any]]:
    """The panels that show something: all but rows."""
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def expressions() -> dict[str, str]:
    """Every PromQL expression of the layer, by where it stands."""
    found = {f"rules.yaml: {r.get('alert') or r['record']}": r["expr"] for r in rules()}
    for name, dashboard in dashboards().items():
        for panel in panels(dashboard):
            for target in panel["targets"]:
                found[f"{name}: {panel['title']} ({panel['id']}) {target['refId']}"] = target["expr"]
    return found
