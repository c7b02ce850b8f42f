"""The dashboards as Grafana and its sidecar take them."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from monitoring.layer import dashboards, panels, source
from monitoring.promql import result_labels

DASHBOARDS = dashboards()
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
# Variables that Grafana itself has.
BUILT_IN = {"__rate_interval", "__data", "__url_time_range"}


def test_there_are_three_with_uids_of_their_own() -> None:
    uids = [dashboard["uid"] for dashboard in DASHBOARDS.values()]
    assert len(uids) == len(set(uids)) == 3
    # Linkerd's own dashboards have uids linkerd-*; Grafana would take one for the other.
    assert all(re.fullmatch(r"meshwright-[a-z-]{1,29}", uid) for uid in uids)


@pytest.mark.parametrize("name", sorted(DASHBOARDS))
def test_every_panel_asks_the_chosen_datasource_and_explains_itself(name: str) -> None:
    for panel in panels(DASHBOARDS[name]):
        assert panel["datasource"] == DATASOURCE, panel["title"]
        assert {json.dumps(target["datasource"]) for target in panel["targets"]} == {json.dumps(DATASOURCE)}
        assert len(panel["description"]) > 20, panel["title"]
        assert panel["description"].endswith("."), panel["title"]


@pytest.mark.parametrize("name", sorted(DASHBOARDS))
def test_panels_have_ids_of_their_own_and_do_not_overlap(name: str) -> None:
    every = DASHBOARDS[name]["panels"]
    assert len({panel["id"] for panel in every}) == len(every)
    cells: set[tuple[int, int]] = set()
    for panel in every:
        grid = panel["gridPos"]
        assert 0 <= grid["x"] <= grid["x"] + grid["w"] <= 24
        area = {
            (x, y)
            for x in range(grid["x"], grid["x"] + grid["w"])
            for y in range(grid["y"], grid["y"] + grid["h"])
        }
        assert not area & cells, panel["title"]
        cells |= area


@pytest.mark.parametrize("name", sorted(DASHBOARDS))
def test_every_variable_that_is_used_is_defined(name: str) -> None:
    dashboard = DASHBOARDS[name]
    defined = {variable["name"] for variable in dashboard["templating"]["list"]}
    text = json.dumps({"panels": dashboard["panels"], "templating": dashboard["templating"]})
    used = set(re.findall(r"\$\{?(?!__)([a-z]\w*)", text)) | set(re.findall(r"\$\{?(__\w+)", text)) - {
        "__all"
    }
    assert used - BUILT_IN == defined


@pytest.mark.parametrize("name", sorted(DASHBOARDS))
def test_variables_offer_values_of_labels_that_exist(name: str) -> None:
    variables: list[dict[str, Any]] = DASHBOARDS[name]["templating"]["list"]
    assert (variables[0]["name"], variables[0]["type"], variables[0]["query"]) == (
        "datasource",
        "datasource",
        "prometheus",
    )
    for variable in variables[1:]:
        match = re.fullmatch(r"label_values\((.+), (\w+)\)", variable["query"]["query"])
        assert match, variable["name"]
        assert variable["datasource"] == DATASOURCE
        labels = result_labels(match[1])
        assert labels is not None
        assert match[2] in labels


@pytest.mark.parametrize("name", sorted(DASHBOARDS))
def test_a_link_to_a_dashboard_leads_to_one_that_exists_with_its_variables(name: str) -> None:
    by_uid = {dashboard["uid"]: dashboard for dashboard in DASHBOARDS.values()}
    for uid, query in re.findall(r'"/d/([\w-]+)\?([^"]*)"', json.dumps(DASHBOARDS[name])):
        wanted = {variable["name"] for variable in by_uid[uid]["templating"]["list"]}
        assert set(re.findall(r"var-(\w+)=", query)) == wanted


@pytest.mark.parametrize("name", sorted(DASHBOARDS))
def test_a_tables_columns_are_its_queries(name: str) -> None:
    for panel in panels(DASHBOARDS[name]):
        if panel["type"] != "table":
            continue
        refs = [target["refId"] for target in panel["targets"]]
        values = ["Value"] if len(refs) == 1 else [f"Value #{ref}" for ref in refs]
        (organize,) = [t["options"] for t in panel["transformations"] if t["id"] == "organize"]
        named = {**organize["renameByName"], **organize["excludeByName"]}
        assert set(values) <= set(named), panel["title"]
        shown = set(organize["renameByName"].values())
        labels = result_labels(panel["targets"][0]["expr"]) or frozenset[str]()
        matched = {override["matcher"]["options"] for override in panel["fieldConfig"]["overrides"]}
        assert matched <= shown | labels, panel["title"]


@pytest.mark.parametrize("name", sorted(DASHBOARDS))
def test_the_file_is_formatted_so_that_a_change_is_a_small_diff(name: str) -> None:
    text = (source() / "dashboards" / name).read_text(encoding="utf-8")
    assert text == json.dumps(DASHBOARDS[name], indent=2, ensure_ascii=False) + "\n"


@pytest.mark.parametrize("name", sorted(DASHBOARDS))
def test_the_schema_is_one_that_grafana_reads_without_the_old_panels(name: str) -> None:
    dashboard = DASHBOARDS[name]
    assert 39 <= dashboard["schemaVersion"] <= 41
    assert {panel["type"] for panel in dashboard["panels"]} <= {"row", "stat", "timeseries", "table"}
