"""The data of a graph and what is drawn from it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import subprocess
from functools import cache
from html import escape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from meshwright.cli import app
from meshwright.errors import MeshwrightError
from meshwright.graph.boxes import drawings
from meshwright.graph.data import graph_data
from meshwright.graph.dot import render_dot
from meshwright.graph.focus import focused
from meshwright.graph.layout import HEIGHT, WIDTH, lay_out
from meshwright.graph.mermaid import MOST_EDGES, MOST_NODES, render_mermaid
from meshwright.graph.page import render_page
from meshwright.graph.svg import render_svg
from meshwright.inert import printable
from meshwright.resources import schema_root
from support.hostile_text import HOSTILE, what_is_obeyed
from support.storedrepos import StoredRepository, load_checked

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ("pi-cluster", "pi-cluster-argocd", "datacenter", "datacenter-argocd")
FOLDER = "clusters/pi-cluster"


@cache
def data_of(example: str) -> dict[str, Any]:
    return graph_data(ROOT / "examples" / example)


def hostile(word: str) -> dict[str, Any]:
    """The data of an example with ``word`` wherever a text of the repository may be."""
    data: dict[str, Any] = json.loads(json.dumps(data_of("pi-cluster")))
    for row in data["workloads"] + data["policies"] + data["planned"]:
        for key in ("namespace", "name", "why", "account", "target", "role", "secret", "read_by"):
            row.update({key: row[key] + word} if key in row else {})
    for unit in data["units"]:
        unit.update(name=unit["name"] + word, at=unit["at"] + word, charts=[word])
    for edge in data["edges"]:
        edge.update(comment=word, without=word, at=word)
    finding = {"id": "MW101", "name": "x", "severity": "error", "file": word, "message": word, "fix": word}
    others = [{"file": word, "subject": word}]
    rest = {"line": 1, "column": 1, "step": "rules", "consequence": "untidy", "others": others}
    data["check"]["findings"] = [{**finding, **rest}]
    data["finding_places"] = [{"units": [data["units"][0]["id"]], "source": [[1, word]]}]
    return data


class Elements(HTMLParser):
    """Names of elements, ids, links and attributes of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.attributes: set[str] = set()
        self.sources: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.names.add(tag)
        self.attributes |= given.keys()
        self.ids += [given["id"]] if "id" in given else []
        self.links += [given["href"]] if "href" in given else []
        self.sources += [
            given[name] for name in ("src", "srcset", "data", "action", "poster") if name in given
        ]


@pytest.mark.parametrize("example", EXAMPLES)
def test_json_is_as_its_schema_says(example: str) -> None:
    schema = json.loads((schema_root() / "graph.schema.json").read_text(encoding="utf-8"))
    report = json.loads((schema_root() / "check-report.schema.json").read_text(encoding="utf-8"))

    Draft202012Validator(schema).validate(data_of(example))
    Draft202012Validator(report).validate(data_of(example)["check"])


@pytest.mark.parametrize(
    "example", [*EXAMPLES[:2], *(pytest.param(name, marks=pytest.mark.long) for name in EXAMPLES[2:])]
)
def test_everything_is_made_from_the_json_alone(example: str) -> None:
    """Also that a second run gives the same bytes."""
    again = json.loads(json.dumps(graph_data(ROOT / "examples" / example)))

    for render in (render_page, render_svg, render_mermaid, render_dot):
        assert render(again, "apps") == render(data_of(example), "apps")


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_link_of_the_page_leads_to_one_place(example: str) -> None:
    page = Elements(render_page(data_of(example), "apps"))

    assert len(page.ids) == len(set(page.ids))
    assert {link[1:] for link in page.links if link.startswith("#")} <= set(page.ids)
    assert page.sources == []


def test_the_page_of_the_example_is_small() -> None:
    assert len(render_page(data_of("pi-cluster"), "apps").encode()) <= 120 * 1024


def test_the_policy_allows_only_what_is_in_the_page() -> None:
    text = render_page(data_of("pi-cluster"), "apps")
    [policy] = re.findall(r'Content-Security-Policy" content="([^"]+)"', text)

    assert policy.startswith("default-src &#39;none&#39;; ")
    for name in ("style", "script"):
        [inside] = re.findall(rf"<{name}>(.*?)</{name}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
        assert f"{name}-src &#39;sha256-{digest}&#39;" in policy
    page = Elements(text)
    assert not {name for name in page.attributes if name == "style" or name.startswith("on")}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_texts_stay_texts(name: str) -> None:
    word = HOSTILE[name].encode("utf-8", "backslashreplace").decode()
    plain, page = Elements(render_page(data_of("pi-cluster"), "apps")), render_page(hostile(word), "apps")

    found = Elements(page)
    assert found.names <= plain.names | {"pre", "span", "ol", "li", "summary", "details", "i", "strong"}
    assert found.attributes <= plain.attributes
    assert found.sources == []
    assert {link for link in found.links if not link.startswith("#")} <= {""}
    assert "<script>alert" not in page
    assert not re.search(r"##[a-z]*\[", page)
    assert page.count("<script>") == 1


@pytest.mark.parametrize(
    "name",
    [
        "html",
        "xml",
        "markdown",
        "links",
        "rich",
        "long",
        "old command",
        "three marks",
        "other systems",
        "command",
    ],
)
def test_hostile_texts_stay_texts_in_other_formats(name: str) -> None:
    data = hostile(HOSTILE[name])

    for form in (render_svg, render_mermaid, render_dot):
        assert what_is_obeyed(form(data, "apps")) == []
    drawing = ElementTree.fromstring(render_svg(data, "apps"))
    assert {element.tag.rpartition("}")[2] for element in drawing.iter()} <= {
        *("svg", "g", "defs", "marker", "path", "title", "style", "rect", "text"),
    }
    for line in render_mermaid(data, "apps").splitlines():
        assert re.fullmatch(
            r"flowchart LR|  (?:n\d+\[\"[^\"\[\]`<>|(){}]*(?:<br/>)[^\"\[\]`<>|(){}]*\"\]|[^\"]*)", line
        ), line
    unquoted = re.sub(r'"(?:[^"\\]|\\.)*"', '""', render_dot(data, "apps"))
    assert "script" not in unquoted
    assert "http" not in unquoted


@pytest.mark.parametrize("collapse", ["apps", "layers", "none"])
@pytest.mark.parametrize("example", EXAMPLES)
def test_boxes_do_not_overlap_and_arrows_run_forwards(example: str, collapse: Any) -> None:
    for drawing in drawings(data_of(example), collapse):
        picture = lay_out(drawing)
        boxes = picture.boxes
        for number, one in enumerate(boxes):
            assert 0 <= one.x <= picture.width - WIDTH
            assert 0 <= one.y <= picture.height - HEIGHT
            for other in boxes[number + 1 :]:
                assert one.x != other.x or abs(one.y - other.y) >= HEIGHT
        ranks = {box.id: box.rank for box in drawing.boxes}
        assert all(ranks[arrow.first] < ranks[arrow.after] for arrow in drawing.arrows)


def test_the_whole_order_of_a_platform_fits_a_laptop() -> None:
    [drawing] = drawings(data_of("pi-cluster"), "apps")

    assert len(lay_out(drawing).columns) <= 8
    assert lay_out(drawing).width <= 1700


def test_the_picture_in_the_docs_is_that_of_the_example() -> None:
    drawn = (ROOT / "docs/graph/order.svg").read_text(encoding="utf-8")

    assert drawn == render_svg(data_of("pi-cluster"), "apps"), "run `make examples`"


def test_the_reason_of_an_edge_is_told() -> None:
    edges = data_of("pi-cluster")["edges"]
    [edge] = [
        edge
        for edge in edges
        if edge["unit"].endswith("/demo")
        and edge["after"].endswith("/Kustomization/flux-system/linkerd-gate")
    ]

    assert edge["waits"] is True
    assert edge["comment"] == "its pods are meshed, and pods created before the injector serves get no proxy"
    assert edge["at"] == "clusters/pi-cluster/apps/demo.yaml:17:13"
    assert "may start before HelmRelease linkerd/linkerd-control-plane" in edge["without"]


def many(count: int) -> dict[str, Any]:
    """An example with so many more applications of one step."""
    data: dict[str, Any] = json.loads(json.dumps(data_of("pi-cluster")))
    [demo] = [unit for unit in data["units"] if unit["name"] == "demo"]
    edges = [edge for edge in data["edges"] if edge["unit"] == demo["id"]]
    for number in range(count):
        id = f"{demo['id']}-{number}"
        data["units"].append({**demo, "id": id, "name": f"demo-{number}"})
        data["edges"] += [{**edge, "unit": id} for edge in edges]
    return data


def test_mermaid_is_capped_and_says_what_it_leaves_out() -> None:
    drawn = render_mermaid(many(400), "none")

    assert len(re.findall(r"^ +n\d+\[", drawn, re.MULTILINE)) <= MOST_NODES
    assert len(re.findall(r"-->", drawn)) <= MOST_EDGES
    assert "not drawn: 356 boxes and 356 arrows" in drawn


def test_many_applications_are_one_box() -> None:
    [drawing] = drawings(many(400), "apps")

    [group] = [box for box in drawing.boxes if box.is_group]
    assert group.title == "401 applications"


def test_focus_and_reaches_keep_a_part() -> None:
    data = data_of("pi-cluster")

    near = {unit["name"] for unit in focused(data, "linkerd-gate", "")["units"]}
    assert {"linkerd-gate", "demo", "linkerd-control-plane"} <= near
    assert "cert-manager" not in near
    before = {unit["name"] for unit in focused(data, "", "linkerd-trust")["units"]}
    assert before == {"flux-system", "namespaces", "cert-manager", "trust-manager", "linkerd-trust"}
    assert len(focused(data, "linkerd-gate:0", "")["units"]) == 1
    with pytest.raises(MeshwrightError, match="did you mean 'linkerd-gate'"):
        focused(data, "linkerd-gat", "")


def test_since_marks_what_a_change_does(tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    shutil.copytree(ROOT / "examples/pi-cluster", repository)
    git = ["git", "-C", str(repository), "-c", "user.name=a", "-c", "user.email=a@example.org"]
    for words in (["init", "-q"], ["add", "--all"], ["commit", "-qm", "one"]):
        subprocess.run([*git, *words], check=True)
    (repository / FOLDER / "apps/longhorn.yaml").unlink()
    wiring = repository / FOLDER / "apps/demo.yaml"
    wiring.write_text(
        re.sub(r"  dependsOn:\n(?:    - .*\n)+", "", wiring.read_text(encoding="utf-8")), encoding="utf-8"
    )

    done = CliRunner().invoke(app, ["graph", str(repository), "--since", "HEAD", "--format", "json"])
    data = json.loads(done.stdout)

    schema = json.loads((schema_root() / "graph.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator(schema).validate(data)
    removed = data["since"]["removed"]
    assert {unit["name"] for unit in removed["units"]} == {"longhorn"}
    assert ("demo", "linkerd-gate") in {
        (edge["unit"].rpartition("/")[2], edge["after"].rpartition("/")[2]) for edge in removed["edges"]
    }
    assert {unit["name"]: unit["change"] for unit in data["units"] if "change" in unit}["demo"] == "moved"
    new = [place for place in data["finding_places"] if "change" in place]
    assert "MW004" in {row["id"] for row in data["check"]["findings"]}
    assert len(new) == len(data["check"]["findings"])
    page = render_page(data, "apps")
    assert '<span class="mark removed">removed</span> Kustomization flux-system/longhorn' in page
    assert Elements(page).sources == []


def test_a_race_is_drawn_on_the_edge_that_is_missing(tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    shutil.copytree(ROOT / "examples/pi-cluster", repository)
    wiring = repository / FOLDER / "apps/demo.yaml"
    wiring.write_text(
        re.sub(r"  dependsOn:\n(?:    - .*\n)+", "", wiring.read_text(encoding="utf-8")), encoding="utf-8"
    )
    layer = repository / FOLDER / "platform/traefik-injection.yaml"
    text = layer.read_text(encoding="utf-8")
    layer.write_text(text.replace("    - name: linkerd-gate", "    - name: traefik"), encoding="utf-8")

    data = graph_data(repository)

    faults = {(edge["unit"].rpartition("/")[2], edge["kind"]) for edge in data["edges"] if edge["fault"]}
    assert ("demo", "race") in faults
    assert ("traefik-injection", "dependsOn") in faults
    assert {unit["name"] for unit in data["units"] if not unit["rank"]} >= {"traefik", "traefik-injection"}
    [drawing] = drawings(data, "apps")
    assert lay_out(drawing).columns[-1].label == "never starts"


def test_no_line_of_a_secret_is_quoted(tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    shutil.copytree(ROOT / "examples/pi-cluster", repository)
    file = repository / "apps/demo/store.yaml"
    secret = (
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: s\n  wrong: x\nstringData:\n  password: hunter2\n"
    )
    file.write_text(f"{file.read_text(encoding='utf-8')}---\n{secret}", encoding="utf-8")

    data = graph_data(repository)

    assert [row for row in data["check"]["findings"] if row["file"] == "apps/demo/store.yaml"]
    assert "hunter2" not in json.dumps(data)


def test_output_is_written_whole_and_html_is_kept_from_a_terminal(tmp_path: Path) -> None:
    file = tmp_path / "graph.svg"

    done = CliRunner().invoke(
        app, ["graph", str(ROOT / "examples/pi-cluster"), "--format", "svg", "--output", str(file)]
    )

    assert done.exit_code == 0
    assert file.read_text(encoding="utf-8") == render_svg(data_of("pi-cluster"), "apps")
    assert [path.name for path in tmp_path.iterdir()] == ["graph.svg"]


# Each is checked for it: a few before each commit, all in make test-long.
@pytest.mark.parametrize(
    "stored",
    [
        pytest.param(stored, marks=[pytest.mark.long] if number % 4 else [], id=stored.name)
        for number, stored in enumerate(load_checked())
    ],
)
def test_every_faulty_repository_is_drawn(stored: StoredRepository, tmp_path: Path) -> None:
    root = stored.write(tmp_path / "repository")
    try:
        data = graph_data(root)
    except MeshwrightError:
        return
    schema = json.loads((schema_root() / "graph.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator(schema).validate(data)
    findings = data["check"]["findings"]
    for finding, place in zip(findings, data["finding_places"], strict=True):
        quoted = dict(place["source"])
        if quoted:
            line = (root / finding["file"]).read_text(encoding="utf-8").splitlines()[finding["line"] - 1]
            assert quoted[finding["line"]] == printable(line[:160])
    page = render_page(data, "apps")
    assert [f"finding={number}" in page for number in range(len(findings))] == [True] * len(findings)
    for finding in findings:
        for other in finding.get("others", ()):
            assert f"<code>{escape(other['file'])}" in page
