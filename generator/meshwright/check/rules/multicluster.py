"""Multicluster: Links and their controllers."""

from __future__ import annotations

from collections.abc import Iterator

from meshwright.check.model.index import Model
from meshwright.check.rules.rule import Absence, Hit, Severity, rule
from meshwright.words import did_you_mean
from meshwright.yaml.pointer import items_of

_CHART = "linkerd-multicluster"


@rule(
    "MW633",
    "link-controller-mismatch",
    "A Link has no service mirror controller, or a controller has no Link",
    why="Since 2.18 the chart runs one controller per entry of controllers, and each follows the Link that "
    "it names. Without its counterpart, neither mirrors anything.",
    fix="name each Link once in controllers[].link.ref.name",
    source="linkerd.io, Installing multi-cluster; linkerd2 multicluster/charts/linkerd-multicluster/values.yaml",
    severity=Severity.WARNING,
    since="2025.4.4",
)
def unpaired_links(model: Model) -> Iterator[Hit]:
    for release in model.charts(_CHART):
        links = {
            item.name: item
            for item in model.items("Link", "multicluster.linkerd.io")
            if item.cluster == release.cluster
        }
        entries = release.value("controllers")
        if not release.complete:
            continue
        named = {}
        for number, entry in enumerate(items_of(entries)):
            link = entry.get("link") if isinstance(entry, dict) else None
            ref = link.get("ref") if isinstance(link, dict) else None
            if isinstance(ref, dict) and ref.get("name"):
                named[str(ref["name"])] = number
        # A Link comes from `linkerd multicluster link-gen`, often by hand: without any here nothing is known.
        for name, number in named.items() if links else ():
            if name not in links:
                text = f"{release.title} mirrors Link {name}, which does not exist{did_you_mean(name, links)}"
                at = release.at("controllers", number, "link", "ref", "name")
                absent = Absence(release.cluster, ("Link",), release.namespace)
                yield Hit(at, text, subject=release.title, absent=absent)
        for name, item in links.items():
            if name not in named:
                text = f"{item.title} has no controller in {release.title}"
                absent = Absence(release.cluster, ("HelmRelease",))
                yield Hit(item.at("metadata", "name"), text, subject=item.title, absent=absent)
