"""Pages of what the template asks and pins, and of the schemas, from their files."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from scripts.manual.staging import PUBLIC
from scripts.markdown import shown

ROOT = Path(__file__).resolve().parents[2]
# Where a capital letter is not enough.
_TITLES = {"crds": "CRDs", "versions": "Minimum versions of what the template does not install"}
MADE = "Generated from `{}` by `python -m scripts.manual.reference`."


def answers() -> str:
    """Every question of copier.yml: its name, when it is asked, the default, the choices."""
    lines = [
        "# Answers",
        "",
        MADE.format("copier.yml"),
        "[The questions](../questions.md) explains when to choose which answer.",
    ]
    lines += ["`meshwright new`, `update` and `cluster add` refuse other values and say why.", ""]
    lines += ["| answer | question | values | default |", "|---|---|---|---|"]
    questions = yaml.safe_load((ROOT / "copier.yml").read_text(encoding="utf-8"))
    for name, question in questions.items():
        if name.startswith("_") or not question.get("help"):
            continue
        asked = _flat(question["help"])
        lines.append(f"| `{name}` | {asked} | {_choices(question)} | {_default(question)} |")
    return "\n".join(lines) + "\n"


def _choices(question: dict[str, Any]) -> str:
    choices = question.get("choices")
    if choices is None:
        if question["type"] == "yaml":
            return "list" if question["default"] == "[]" else "mapping"
        return "text"
    values = [it["value"] if isinstance(it, dict) else it for it in choices.values()]
    several = "any of " if question.get("multiselect") else ""
    return several + ", ".join(f"`{'none' if value is None else value}`" for value in values)


def _default(question: dict[str, Any]) -> str:
    value = question["default"]
    if isinstance(value, str) and "[[" in value:
        return "depends on other answers"
    return f"`{value}`" if value else "empty"


def pins() -> str:
    """Every pinned version with what was done with it before it was pinned."""
    lines = ["# Versions and their proof", "", MADE.format("template/includes/pins.yml")]
    lines += [
        "The proof says which automatic tests a version passed before it was pinned.",
        "`make pins` shows what is newer.",
        "",
    ]
    group, proof = "", ""
    for line in (ROOT / "template/includes/pins.yml").read_text(encoding="utf-8").splitlines():
        if match := re.fullmatch(r"#   (\S.*?)  +(\S.*)", line):
            lines.append(f"- **{match[1]}**: {match[2]}")
        elif match := re.fullmatch(r"(\w+):", line):
            group = match[1]
            lines += [
                "",
                f"## {_TITLES.get(group, group.capitalize())}",
                "",
                "| name | version | proof or reason |",
                "|---|---|---|",
            ]
        elif match := re.match(r" *# (?:proof: )?(.*)", line):
            proof = proof if match[1].startswith("renovate:") else match[1]
        elif match := re.fullmatch(r'( *)(\w+): "([^"]+)"', line):
            if not match[1]:
                lines += ["", f"`{match[2]}`: `{match[3]}`. {proof}"]
            else:
                lines.append(f"| `{match[2]}` | `{match[3]}` | {_cell(proof)} |")
            proof = ""
    return "\n".join(lines) + "\n"


def schemas() -> str:
    """The JSON Schemas of files and of every report."""
    lines = ["# JSON Schemas", "", MADE.format("schema/*.json")]
    lines += [
        "The `schema_version` of a report changes only when programs that read it must change.",
        "",
    ]
    lines += ["| schema | describes | version |", "|---|---|---|"]
    for file in sorted((ROOT / "schema").glob("*.json")):
        data = json.loads(file.read_text(encoding="utf-8"))
        version = data["properties"].get("schema_version", {}).get("const", "")
        title = _cell(shown(data["title"]))
        lines.append(f"| [{file.name}]({PUBLIC}/blob/main/schema/{file.name}) | {title} | {version} |")
    lines += [
        "",
        "`meshwright check` validates the settings, answers and `mesh.yaml` files of a repository.",
    ]
    return "\n".join(lines) + "\n"


def _flat(text: str) -> str:
    return shown(" ".join(text.split()))


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def pages() -> Iterator[tuple[str, str]]:
    """Each page below docs/reference/ with its text."""
    yield "answers.md", answers()
    yield "pins.md", pins()
    yield "schemas.md", schemas()
