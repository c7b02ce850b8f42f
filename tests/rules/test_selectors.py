"""A selector is held against the few objects that it may take, with the result of looking at all."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from meshwright.check.model.repository import RootKind
from meshwright.check.model.selectors import selected, services_selected
from meshwright.check.model.workloads import workloads
from meshwright.labelselector import matches
from support.rulecases import Case, model_of

KEYS, VALUES = st.sampled_from(["app", "tier", "x"]), st.sampled_from(["a", "b", "", "1"])
LABELS = st.dictionaries(KEYS, VALUES, max_size=3)
TERMS = st.fixed_dictionaries(
    {"key": KEYS, "operator": st.sampled_from(["In", "NotIn", "Exists", "DoesNotExist", "Odd"])},
    optional={"values": st.lists(VALUES, max_size=3)},
)
SELECTORS = st.fixed_dictionaries(
    {}, optional={"matchLabels": LABELS, "matchExpressions": st.lists(TERMS, max_size=3)}
)


@given(pods=st.lists(LABELS, min_size=1, max_size=6), selectors=st.lists(SELECTORS, min_size=1, max_size=8))
def test_as_if_all_were_looked_at(pods: list[dict[str, str]], selectors: list[dict[str, Any]]) -> None:
    documents: list[dict[str, Any]] = []
    for number, labels in enumerate(pods):
        meta = {"name": f"n{number}", "namespace": "shop"}
        template = {"metadata": {"labels": labels}, "spec": {"containers": []}}
        documents.append(
            {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta, "spec": {"template": template}}
        )
        documents.append({"apiVersion": "v1", "kind": "Service", "metadata": {**meta, "labels": labels}})
    text = "\n---\n".join(map(json.dumps, documents))
    model = model_of(Case("", "", {"all.yaml": text}, (), RootKind.FOLDER))
    cluster = model.items("Service")[0].cluster

    for selector in selectors:
        pods_taken = {found.item.name for found in selected(model, cluster, "shop", selector)}
        assert pods_taken == {it.item.name for it in workloads(model) if matches(selector, it.labels)}
        services = [found.name for found in services_selected(model, cluster, "shop", selector)]
        assert sorted(services) == [it.name for it in model.items("Service") if matches(selector, it.labels)]
