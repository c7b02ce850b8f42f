"""Where a generated repository keeps things; the mistakes name these places in capitals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent
APPS: dict[str, list[dict[str, Any]]] = yaml.safe_load((HERE / "apps.yaml").read_text(encoding="utf-8"))
PLATFORM, OVERLAYS, CLUSTER = "platform/{cluster}", "mesh/apps/{cluster}", "clusters/{cluster}"
# The next version of the template: these lines of the values, and what its release notes say.
CHANGE = ("    cpu:\n      request: 10m\n", "    cpu:\n      request: 20m\n")
_SOURCE = "template/repo/platform/[[ cluster_name ]]/linkerd-control-plane/values.yaml.jinja"
NEWER: list[dict[str, Any]] = [
    {"replace": {"file": _SOURCE, "old": "else '10m' %]", "new": "else '20m' %]"}},
    {"append": {"file": "template/repo/README.md.jinja", "text": "\nMade for 0.2.0.\n"}},
    {
        "write": {
            "file": "CHANGELOG.md",
            "text": "# Changelog\n\n## 0.2.0\n\n- The proxies request more CPU.\n",
        }
    },
]


def values(cluster: str) -> str:
    """The values of the control plane, which people change and the next version of the template too."""
    return f"{PLATFORM.format(cluster=cluster)}/linkerd-control-plane/values.yaml"


def mistakes(name: str, cluster: str) -> list[dict[str, Any]]:
    """Ten mistakes: the steps, the command, its exit status, and lines that are seen."""
    text = (HERE / f"{name}.yaml").read_text(encoding="utf-8")
    for word, folder in (("PLATFORM", PLATFORM), ("OVERLAYS", OVERLAYS), ("CLUSTER", CLUSTER)):
        text = text.replace(word, folder.format(cluster=cluster))
    found: list[dict[str, Any]] = yaml.safe_load(text)
    return found
