"""Valid answers: every pair of options at least once, then random ones that YAML likes to misread."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from typing import Any

import yaml

Answers = dict[str, Any]

OPTIONS: dict[str, list[Any]] = {
    "engine": ["flux", "argocd"],
    "distribution": ["k3s", "other"],
    "nodes": [1, 2, 3],
    "ingress": ["k3s", "own", "none"],
    "gateway_api": ["k3s", "repo", "none"],
    "cert_manager": ["install", "existing"],
    "trust_anchor": ["own", "ca-issuer"],
    "redirect": ["init", "cni"],
    "metrics": ["install", "existing", "none"],
    "viz_host": ["", "linkerd.home.arpa"],
    "viz_issuer": ["", "letsencrypt"],
    "inject": ["disabled", "enabled"],
    "secrets": ["none", "sops"],
    "tracing": ["", "otel-collector.tracing:4317"],
    # As text, because a list cannot be a member of a set.
    "links": [
        "[]",
        "[{name: east, gateway: gateway.east.example.org}, {name: south, import: false}]",
        "[{name: north, flat: true}]",
    ],
    "link_gateway": ["", "NodePort"],
    "apps": [(), ("demo",), ("longhorn", "elastic", "velero", "demo"), ("grafana-dashboards",)],
}

# Each is a valid name, and a number, a boolean or nothing at all to some reader of YAML.
HOSTILE_NAMES = [
    "1e3",
    "0",
    "null",
    "true",
    "no",
    "y",
    "on",
    "0x1f",
    "0b1",
    "123",
    "1-2",
    "infinity",
    "nan",
    "7e-5",
]
HOSTILE_LABELS = [*HOSTILE_NAMES, "1.5", "1_000", "NO", "True", "NaN", "72225e2", "0o17", "2020-01-01"]
HOSTILE_HOSTS = ["0.0", "1e3.5", "no.yes", "a-b.c-d.e", "1.2.3.4", "x." + "y" * 63 + ".z"]


# The questions that is_valid looks at: to try the options of all would take seconds, in each worker.
COMPARED = (
    *("viz_issuer", "ingress", "viz_host", "apps", "metrics", "link_gateway", "links", "secrets", "engine"),
    *("distribution", "gateway_api"),
)


def is_valid(answers: Answers) -> bool:
    """What the validators of copier.yml forbid between questions."""
    if answers["viz_issuer"] and (answers["ingress"] == "none" or not answers["viz_host"]):
        return False
    if "grafana-dashboards" in answers["apps"] and answers["metrics"] != "install":
        return False
    if answers["link_gateway"] and answers["links"] == "[]":
        return False
    if answers["secrets"] == "sops" and answers["engine"] != "flux":
        return False
    return answers["distribution"] == "k3s" or "k3s" not in (answers["ingress"], answers["gateway_api"])


def pairs() -> list[Answers]:
    """A covering array: every valid pair of options stands in one of these; greedy, in a fixed order."""
    return deepcopy(_covering_array())


@cache
def _covering_array() -> list[Answers]:
    names = list(OPTIONS)
    wanted = {
        ((a, x), (b, y))
        for a, b in itertools.combinations(names, 2)
        for x in OPTIONS[a]
        for y in OPTIONS[b]
        if _possible({a: x, b: y})
    }
    chooser = random.Random(20260901)
    rows: list[Answers] = []
    while wanted:
        candidates = [_complete(dict(min(wanted, key=repr)), chooser) for _ in range(40)]
        best = max(candidates, key=lambda row: len(wanted & _pairs_of(row)))
        wanted -= _pairs_of(best)
        rows.append(best)
    return [_listed(row) for row in rows]


def _listed(row: Answers) -> Answers:
    """As Copier takes it: a list of choices, and one of mappings."""
    return {**row, "apps": list(row["apps"]), "links": yaml.safe_load(row["links"])}


def _possible(part: Answers) -> bool:
    # A question that COMPARED lacks is a KeyError.
    choices = [[part[n]] if n in part else OPTIONS[n] for n in COMPARED]
    return any(is_valid(dict(zip(COMPARED, values, strict=True))) for values in itertools.product(*choices))


def _complete(part: Answers, chooser: random.Random) -> Answers:
    while True:
        row = {name: part.get(name, chooser.choice(values)) for name, values in OPTIONS.items()}
        if is_valid(row):
            return row


def _pairs_of(row: Answers) -> set[tuple[tuple[str, Any], tuple[str, Any]]]:
    return set(itertools.combinations(row.items(), 2))


def random_answers(seed: int) -> Answers:
    """One random configuration; the same seed gives the same."""
    chooser = random.Random(seed)
    row = _listed(_complete({}, chooser))
    row["nodes"] = chooser.choice([1, 2, 3, 4, 7, 5000])
    row["cluster_name"] = chooser.choice([*HOSTILE_NAMES, "home", "a" * 63, "x--y"])
    row["git_url"] = chooser.choice(
        [
            "https://github.com/example/home.git",
            "ssh://git@git.home.arpa:2222/~me/home-cluster",
            "https://git.example.org/a/b/c?ref=1e3",
            "ssh://git@github.com/example/x?ref=feature/no",
        ]
    )
    row["trust_anchor"] = chooser.choice(["own", "ca-issuer", "issuer.example", *HOSTILE_NAMES])
    if row["viz_host"]:
        row["viz_host"] = chooser.choice(["linkerd.home.arpa", *HOSTILE_HOSTS])
    if row["tracing"]:
        row["tracing"] = f"otel.{chooser.choice(HOSTILE_NAMES)}:{chooser.choice([1, 4317, 65535])}"
    for link in row["links"]:
        link["name"] = chooser.choice(HOSTILE_NAMES) if len(row["links"]) == 1 else link["name"]
        if link["name"] == row["cluster_name"]:
            link["name"] = "other"
    if row["metrics"] == "existing":
        row["existing_prometheus"] = {
            "namespace": chooser.choice([*HOSTILE_NAMES, "observability"]),
            "url": chooser.choice(
                [
                    "http://prometheus.observability:9090",
                    "https://prom.home.arpa/prometheus/",
                    "http://1.2.3.4",
                ]
            ),
            "release": chooser.choice(HOSTILE_LABELS),
            **chooser.choice([{}, {"grafana": "1e3:80"}, {"grafana": "https://grafana.home.arpa/"}]),
        }
    return row


def configurations(count: int) -> Iterator[Answers]:
    """``count`` configurations: all pairs first, then random ones."""
    fixed = pairs()
    yield from fixed[:count]
    yield from (random_answers(seed) for seed in range(max(0, count - len(fixed))))
