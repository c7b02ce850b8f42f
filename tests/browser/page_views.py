"""The page in a real browser: its requests, its keys, its accessibility, and how fast it is."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from meshwright.graph.data import graph_data
from meshwright.graph.page import render_page

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "build/axe/node_modules/axe-core/axe.min.js"
VIEWS = ("order", "mesh", "findings", "certificates")
UNIT = "unit=clusters/pi-cluster/Kustomization/flux-system/demo"
# CSP keeps the page's own scripts apart, so axe runs in a copy without the policy.
_POLICY = re.compile(r"<meta http-equiv=\"Content-Security-Policy\"[^>]*>")


def faulty(folder: Path) -> Path:
    """The example without the order of its application, and with a DaemonSet that the injector refuses."""
    shutil.copytree(ROOT / "examples/pi-cluster", folder)
    wiring = folder / "clusters/pi-cluster/apps/demo.yaml"
    text = re.sub(r"  dependsOn:\n(?:    - .*\n)+", "", wiring.read_text(encoding="utf-8"))
    wiring.write_text(text, encoding="utf-8")
    daemon = """---
apiVersion: apps/v1
kind: DaemonSet
metadata:
  name: agent
spec:
  selector: {matchLabels: {app: agent}}
  template:
    metadata: {labels: {app: agent}, annotations: {linkerd.io/inject: enabled}}
    spec:
      hostNetwork: true
      containers: [{name: agent, image: "registry.example.org/agent:1.0"}]
"""
    with (folder / "apps/demo/services.yaml").open("a", encoding="utf-8") as file:
        file.write(daemon)
    return folder


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return graph_data(faulty(tmp_path_factory.mktemp("faulty") / "repository"))


@pytest.fixture(scope="module")
def file(data: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "graph.html"
    path.write_text(render_page(data, "apps"), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    place = shutil.which("chromium") or shutil.which("chromium-browser")
    assert place, "make browser installs chromium where apt-get may"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=place, args=["--no-sandbox"])
        yield started
        started.close()


class Watched:
    """A page and what it asked for and complained about."""

    def __init__(self, page: Page, file: Path) -> None:
        self.page, self.requests, self.errors = page, [], []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("console", lambda message: self.errors.append(message.text))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.goto(file.as_uri())

    requests: list[str]
    errors: list[str]

    def shown(self) -> list[str]:
        return [view for view in VIEWS if self.page.locator(f"#{view}").is_visible()]


@pytest.fixture
def watched(browser: Browser, file: Path) -> Iterator[Watched]:
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    found = Watched(page, file)
    yield found
    assert found.errors == []
    assert found.requests == [file.as_uri()]
    page.close()


def test_each_view_is_a_key(watched: Watched) -> None:
    for number, view in enumerate(VIEWS, 1):
        watched.page.keyboard.press(str(number))
        watched.page.wait_for_function(f"location.hash === '#{view}'")
        assert watched.shown() == [view]


def test_a_deep_link_opens_a_box_and_escape_closes_it(watched: Watched) -> None:
    page = watched.page
    page.evaluate(f"location.hash = '{UNIT}'")
    card = page.locator(f"[id='{UNIT}']")
    assert card.evaluate("node => getComputedStyle(node).position") == "fixed"
    assert card.evaluate("node => node === document.activeElement")
    assert page.locator(".map.focused .box.chosen").count() == 1

    page.keyboard.press("Escape")
    page.wait_for_function("location.hash === '#order'")
    assert page.evaluate("document.activeElement.dataset.box") == UNIT.removeprefix("unit=")


def test_arrow_keys_move_between_boxes(watched: Watched) -> None:
    page = watched.page
    page.locator("#order .map").first.focus()
    page.keyboard.press("ArrowRight")
    first = page.evaluate("document.activeElement.dataset.box")
    page.keyboard.press("ArrowRight")
    second = page.evaluate("document.activeElement.dataset.box")
    page.keyboard.press("ArrowLeft")
    assert first != second
    assert page.evaluate("document.activeElement.dataset.box") == first
    page.keyboard.press("Enter")
    page.wait_for_function("location.hash.startsWith('#unit=')")


def test_j_and_k_go_through_items(watched: Watched) -> None:
    page = watched.page
    for key in ("3", "j", "j", "k"):
        page.keyboard.press(key)
    assert page.evaluate("document.activeElement.closest('[data-item]').id").startswith("finding=")


def test_the_filter_is_a_key_and_counts(watched: Watched) -> None:
    page = watched.page
    page.keyboard.press("2")
    page.keyboard.press("/")
    page.keyboard.type("demo agent")
    page.wait_for_function("document.querySelector('.filter output').textContent.startsWith('1 of ')")
    assert page.locator("#mesh .space:visible").count() == 1
    page.keyboard.press("Escape")
    page.wait_for_function("document.querySelector('.filter output').textContent === ''")
    assert page.locator("#mesh .space:visible").count() > 1


def test_a_verdict_is_a_filter(watched: Watched) -> None:
    page = watched.page
    page.keyboard.press("2")
    page.locator("[data-verdict=refused]").click()
    assert page.locator("#mesh .space:visible h3").all_inner_texts() == ["demo"]


def test_a_finding_leads_to_its_unit_and_back(watched: Watched) -> None:
    page = watched.page
    page.keyboard.press("3")
    page.locator("#findings .finding .place a", has_text="demo").first.click()
    page.wait_for_function(f"location.hash === '#{UNIT}'")
    page.locator(f"[id='{UNIT}'] dd a.severity").first.click()
    page.wait_for_function("location.hash.startsWith('#finding=')")
    assert watched.shown() == ["findings"]


def test_without_a_script_every_view_is_there(browser: Browser, file: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{file.as_uri()}#{UNIT}")
    for view in VIEWS:
        assert page.locator(f"#{view} h2").is_visible()
    assert page.locator("form.filter").is_hidden()
    assert page.locator(f"[id='{UNIT}']").bounding_box() is not None
    page.locator("#mesh details summary").first.click()
    assert page.locator("#mesh details table").first.is_visible()
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1440])
def test_axe_finds_nothing(
    browser: Browser, data: dict[str, Any], tmp_path: Path, scheme: Any, width: int
) -> None:
    place = tmp_path / "graph.html"
    place.write_text(_POLICY.sub("", render_page(data, "apps")), encoding="utf-8")
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.goto(place.as_uri())
    page.add_script_tag(path=AXE)
    for view in (*VIEWS, UNIT):
        page.evaluate(f"location.hash = '{view}'")
        page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        page.wait_for_timeout(200)
        found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        told = [(row["id"], [node["html"][:120] for node in row["nodes"][:3]]) for row in found["violations"]]
        assert told == [], view
    page.close()


@pytest.mark.parametrize("width", [360, 768, 1440, 3840])
def test_nothing_is_wider_than_the_screen(browser: Browser, file: Path, width: int) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.goto(file.as_uri())
    for view in VIEWS:
        page.evaluate(f"location.hash = '{view}'")
        page.wait_for_timeout(50)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()


def test_five_thousand_workloads_are_fast(browser: Browser, data: dict[str, Any], tmp_path: Path) -> None:
    many: dict[str, Any] = json.loads(json.dumps(data))
    [web] = [row for row in many["workloads"] if row["name"] == "web"]
    many["workloads"] += [
        {**web, "namespace": f"team-{number // 5}", "name": f"web-{number}"} for number in range(5000)
    ]
    place = tmp_path / "many.html"
    place.write_text(render_page(many, "apps"), encoding="utf-8")
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto(f"{place.as_uri()}#mesh")
    painted = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    took = page.evaluate(
        """() => {
          const input = document.querySelector('#filter');
          const times = [];
          for (const text of ['team-7', 'team-77', 'team-777']) {
            const start = performance.now();
            input.value = text;
            input.form.dispatchEvent(new Event('submit', {cancelable: true}));
            input.dispatchEvent(new Event('input'));
            times.push(new Promise((done) => requestAnimationFrame(() => done(performance.now() - start))));
          }
          return Promise.all(times);
        }"""
    )
    print(f"first paint {painted:.0f} ms, filter {max(took):.0f} ms, {place.stat().st_size} bytes")
    # The goals are 1 s and 100 ms; a machine that does other work takes longer.
    assert painted < 4000
    assert max(took) < 1000
    page.close()
