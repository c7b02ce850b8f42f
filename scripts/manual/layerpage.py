"""The page of layers, from the layer map of the template."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jinja2
import yaml

from meshwright.pins import load_pins
from scripts.manual.datapages import MADE

_FILE = Path(__file__).resolve().parents[2] / "template/includes/layers.yml"
_EVERYTHING = {
    **{"engine": "flux", "cert_manager": "install", "metrics": "install", "inject": "enabled", "apps": []},
    **{"cni": True, "highly_available": True, "viz_enabled": True, "prometheus": {"namespace": "monitoring"}},
    **{"links": [{"name": "east"}], "imports": [{"name": "east"}], "gateway_type": "LoadBalancer"},
}
# Two sets of answers that together need every layer for every reason.
_ANSWERS: tuple[dict[str, Any], ...] = (
    {**_EVERYTHING, "ingress": "k3s", "gateway_api": "k3s"},
    {**_EVERYTHING, "ingress": "own", "gateway_api": "repo", "inject": "disabled"},
)
_QUESTIONS = Path(__file__).resolve().parents[2] / "copier.yml"
_ENABLED = re.compile(r"^([a-z-]+):\n  enabled: (?:true|\[\[ (.+) \| to_json \]\])$", re.MULTILINE)


def page() -> str:
    """The whole page docs/reference/layers.md."""
    return "\n".join(_lines()).rstrip() + "\n"


def _lines() -> Iterator[str]:
    text = _FILE.read_text(encoding="utf-8")
    conditions = dict(_ENABLED.findall(text))
    first, second = (_rendered(text, answers) for answers in _ANSWERS)
    yield "# Layers"
    yield ""
    yield MADE.format("template/includes/layers.yml")
    yield "A layer starts when all layers that it needs are ready."
    yield "Its files are in `platform/<cluster>/<layer>/`, and its order is in"
    yield "`clusters/<cluster>/platform/<layer>.yaml`."
    for name in first:
        one, other = first[name], second[name]
        yield from ("", f"## {name}", "", f"- Contents: {_contents(one['summary'], other['summary'])}")
        condition = _by_answers(conditions[name].removeprefix("(").removesuffix(")"))
        yield f"- Installed: {f'if {condition}' if condition else 'always'}"
        chart = other.get("chart") or one.get("chart")
        if chart:
            yield f"- Chart: `{chart['name']}` {chart['version']} from <{chart['repository']}>"
        yield f"- Must be ready within {one['timeout']}"
        if one["keep"]:
            yield "- Its objects stay on the cluster if the layer is deleted"
        needs = {**(one["needs"] or {}), **(other["needs"] or {})}
        if not needs:
            continue
        yield from ("", "| needs, if installed | because |", "|---|---|")
        yield from (f"| [{need}](#{need}) | {why} |" for need, why in needs.items())


def _contents(*summaries: str) -> str:
    short, long = sorted(set(summaries), key=len) if len(set(summaries)) > 1 else (summaries[0], "")
    if not long:
        return short
    if not long.startswith(short):
        return "; or ".join(summaries)
    return f"{short} (with some answers: {long.removeprefix(short).lstrip(',; ')})"


def _by_answers(condition: str) -> str:
    """A condition of the layer map in terms of the answers: computed booleans are written out."""
    if condition == "imports != []":
        return "an entry of `links` has `import: true`, the default"
    questions = yaml.safe_load(_QUESTIONS.read_text(encoding="utf-8"))
    for name, question in questions.items():
        if isinstance(question, dict) and question.get("type") == "bool" and name == condition:
            condition = question["default"].removeprefix("[[ ").removesuffix(" ]]").replace(" | int", "")
    return f"`{condition}`" if condition else ""


def _rendered(text: str, answers: dict[str, Any]) -> dict[str, Any]:
    environment = jinja2.Environment(
        variable_start_string="[[",
        variable_end_string="]]",
        block_start_string="[%",
        block_end_string="%]",
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["to_json"] = environment.filters["tojson"]
    layers: dict[str, Any] = yaml.safe_load(environment.from_string(text).render(pins=load_pins(), **answers))
    return layers
