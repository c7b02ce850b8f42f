"""Pages that are made from data say what the data says."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from fnmatch import fnmatch
from pathlib import Path

from meshwright.apps.specreader import read_spec
from meshwright.check.rules.registry import load_rules
from meshwright.findingids import FINDINGS
from meshwright.limits import Limits
from meshwright.linkerd.version import read_edge
from meshwright.pins import load_pins
from scripts import mesh_yaml, rulepages, ruletable
from scripts.manual import reference


def test_mesh_yaml_page(root: Path) -> None:
    written = (root / "docs" / "mesh-yaml.md").read_text(encoding="utf-8")

    assert written == mesh_yaml.page(), "run python -m scripts.mesh_yaml"


def test_reference_pages(root: Path) -> None:
    wanted = reference.pages()
    written = {name: (root / "docs/reference" / name).read_text(encoding="utf-8") for name in wanted}

    assert [name for name in wanted if wanted[name] != written[name]] == [], (
        "run python -m scripts.manual.reference"
    )
    there = {page.name for page in (root / "docs/reference").iterdir()}
    assert there == {"index.md", *wanted}


def test_reference_pages_leave_nothing_out(root: Path) -> None:
    wanted = reference.pages()
    layers = re.findall(r"^## ([a-z-]+)$", wanted["layers.md"], re.MULTILINE)
    map_of_layers = (root / "template/includes/layers.yml").read_text(encoding="utf-8")

    assert layers == re.findall(r"^([a-z-]+):$", map_of_layers, re.MULTILINE)
    answers = json.loads((root / "schema/answers.schema.json").read_text(encoding="utf-8"))["properties"]
    conditions = re.findall(r"^- Installed: if .*?`(\w+)", wanted["layers.md"], re.MULTILINE)
    assert len(conditions) > 10
    assert set(conditions) <= answers.keys(), "a condition that users cannot look up among their answers"
    assert "## meshwright trust rotate\n" in wanted["commands.md"]
    assert "| `--write-baseline` | Write the current findings into that file. |" in wanted["commands.md"]
    assert " One of `info`, `warning`, `error`. Default: `warning`. |" in wanted["commands.md"]
    for default in ("`600`", "`HEAD`", "`--check`", "`.copier-answers.yml`"):
        assert f" Default: {default}. |" in wanted["commands.md"]
    assert "`.`" not in wanted["commands.md"], "the description of a folder says what its default means"
    properties = json.loads((root / "schema/answers.schema.json").read_text(encoding="utf-8"))["properties"]
    answers = re.findall(r"^\| `(\w+)` \|", wanted["answers.md"], re.MULTILINE)
    assert set(answers) == {name for name in properties if not name.startswith("_")}
    pins = load_pins()
    for group in (pins.charts, pins.crds, pins.images, pins.hooks, pins.tools, pins.versions):
        for name, version in group.items():
            [row] = re.findall(
                rf"^\| `{name}` \| `{re.escape(version)}` \| (.+) \|$", wanted["pins.md"], re.MULTILINE
            )
            assert len(row) > 10, name
    assert all(f"[{file.name}]" in wanted["schemas.md"] for file in (root / "schema").glob("*.json"))


def test_rule_pages(root: Path) -> None:
    wanted = rulepages.pages()
    written = {
        path: (root / "docs" / path).read_text(encoding="utf-8") if (root / "docs" / path).is_file() else ""
        for path in wanted
    }

    assert [path for path in wanted if wanted[path] != written[path]] == [], "run python -m scripts.rules"
    there = {f"rules/{file.name}" for file in (root / "docs" / "rules").iterdir()}
    assert there - wanted.keys() == set(), "run python -m scripts.rules"


def test_rule_pages_keep_the_spelling_of_fields() -> None:
    wanted = rulepages.pages()

    assert "\nnativeLB on the service or in the chart:\n" in wanted["rules/MW607.md"]
    assert "\nA range in a HelmRelease:\n" in wanted["rules/MW102.md"]


def test_no_placeholder_is_an_html_tag(root: Path) -> None:
    """Markdown drops ``<name>`` unless it is code, an address or escaped."""
    fenced = re.compile(r"^ *```.*?^ *```$|^ {4,}.*?$|`[^`\n]*`", re.MULTILINE | re.DOTALL)
    tag = re.compile(
        r"<(?!https?://|!--|/?(?:details|summary|br|p|img|picture|source|a|kbd)\b)[a-zA-Z][^>\n]*>"
    )
    pages = [*root.glob("*.md"), *(root / "docs").rglob("*.md")]
    lost = {
        str(page.relative_to(root)): tag.findall(fenced.sub("", page.read_text(encoding="utf-8")))
        for page in pages
    }

    assert len(pages) > 100
    assert {page: tags for page, tags in lost.items() if tags} == {}


def test_table_of_rules(root: Path) -> None:
    written = (root / "CONTRIBUTING.md").read_text(encoding="utf-8")

    assert written == ruletable.page(), "run python -m scripts.rules"


def test_every_rule_says_why_and_how_to_mend_it() -> None:
    for rule in load_rules():
        assert rule.title
        assert rule.why.endswith(".")
        assert len(rule.why) > 30, rule.id
        assert rule.fix, rule.id
        assert not rule.fix.endswith("."), rule.id
        assert len(rule.source) > 10, rule.id
        assert "TODO" not in f"{rule.title} {rule.why} {rule.fix} {rule.source}", rule.id
        for limit in (rule.since, rule.until):
            assert not limit or read_edge(limit), rule.id


def test_index_has_every_rule() -> None:
    index = rulepages.pages()["rules.md"]

    assert all(f"| [{rule.id}](rules/{rule.id}.md) | `{rule.name}` |" in index for rule in load_rules())


def test_every_field_is_described() -> None:
    rows = mesh_yaml.table().splitlines()[2:]

    assert len(rows) > 40
    silent = [row for row in rows if row.endswith("|  |")]
    assert silent == []


def test_the_smallest_spec_is_typed() -> None:
    spec = read_spec({"schema_version": 1, "namespace": "shop", "inject": "enabled"})

    assert spec.is_meshed
    assert spec.timeout == "10m"


def test_every_limit_is_told(root: Path) -> None:
    page = (root / "docs" / "check.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| ([\d,]+)", page, re.MULTILINE)

    assert [(name, int(number.replace(",", ""))) for name, number in rows] == [
        (field.name, field.default) for field in fields(Limits)
    ]


def test_the_page_of_the_check_has_every_finding(root: Path) -> None:
    pages = "".join(
        (root / "docs" / name).read_text(encoding="utf-8") for name in ("check.md", "clusters.md")
    )
    found: list[str] = []
    for cell in re.findall(r"^\| (`[a-z].*?`) \| ", pages, re.MULTILINE):
        for name in re.findall(r"`([a-z-]*/[a-z*-]+)`", cell):
            found.append(f"{found[-1].partition('/')[0]}{name}" if name.startswith("/") else name)

    assert [name for name in FINDINGS if not any(fnmatch(name, shown) for shown in found)] == []
    assert [shown for shown in found if not any(fnmatch(name, shown) for name in FINDINGS)] == []


def test_the_glossary_has_the_words_of_the_architecture(root: Path) -> None:
    pages = ("architecture.md", "explanation/glossary.md")
    ours, shown = (
        set(
            re.findall(
                r"^\| ([a-z][a-z `.-]+) \| (.+) \|$",
                (root / "docs" / page).read_text(encoding="utf-8"),
                re.MULTILINE,
            )
        )
        for page in pages
    )

    terms = {(term, meaning) for term, meaning in ours if not term.startswith("`")}
    assert len(terms) >= 20
    assert terms - shown == set(), (
        "docs/explanation/glossary.md differs from the table in docs/architecture.md"
    )


def test_each_part_of_the_how_to_is_done_or_obsolete_with_its_proof(root: Path) -> None:
    text = (root / "docs" / "from-the-how-to.md").read_text(encoding="utf-8")
    rows = [
        [cell.strip() for cell in line.strip("|").split(" | ")]
        for line in text.splitlines()
        if line.startswith("| ")
    ]
    head, *parts = rows

    assert head[-1].rstrip(" |") == "state"
    assert len(parts) >= 30
    for part in parts:
        state = part[-1].rstrip(" |")
        # A proof names a release, a value or a rule.
        assert re.fullmatch(r"done|(?:done; (?:the [a-z ]+ is )?)?obsolete(?: by default)?: .{20,}", state), (
            part
        )
    told = " ".join(part[0] for part in parts)
    subjects = (
        *("ARM64", "observability plane", "24 hours", "identity issuer", "CA ClusterIssuer", "ca.crt"),
        *("helm.linkerd.io/stable", "kubectl get pod", "linkerd-config", "linkerd-viz", "/grafana"),
        *("Prometheus and Grafana", "enforcedHostRegexp", "PodMonitors", "dashboards", "tracing"),
        *("linkerd inject", "Jobs", "Longhorn", "kube-prometheus-stack", "Elasticsearch", "ECK"),
        *("Fluent Bit", "Velero", "Traefik", "l5d-dst-override"),
    )
    for subject in subjects:
        assert subject in told, subject
    for target in re.findall(r"\]\(([a-z0-9/.-]+\.md)", text):
        assert (root / "docs" / target).is_file(), target
