"""Finds applications that ask for a proxy although pods of theirs cannot get one."""

from __future__ import annotations

from collections.abc import Iterator

from meshwright.apps.model import App, Base
from meshwright.apps.overlay.annotationtargets import Targets
from meshwright.apps.podmakers import unknown_makers
from meshwright.apps.spec import Inject
from meshwright.finding import Finding


def nothing_meshed(app: App, base: Base, targets: Targets) -> Iterator[Finding]:
    """A finding if ``inject`` asks for proxies and nothing can be meshed; none if something is unknown."""
    if not app.spec.is_meshed or not base.objects or base.charts or base.not_seen or app.spec.workloads:
        return
    if targets.findings or any(unknown_makers(base.objects)):
        return
    if targets.skipped and len(targets.skipped) == len(targets.owners):
        item, reason = targets.skipped[0]
        more = f" and {len(targets.skipped) - 1} more" if len(targets.skipped) > 1 else ""
        text = f"inject is '{app.spec.inject}', but nothing can be meshed: {item.short_title}{more}"
        where = f"({item.origin.position}): {reason}"
        fix = "set inject to disabled, or change the workload"
        yield Finding("mesh/nothing-meshed", app.at("inject"), f"{text} {where}", fix)
    elif not targets.owners:
        text = f"inject is '{app.spec.inject}', but no object in '{app.base_path}' creates pods"
        fix = "list the workload's file in kustomization.yaml, or set inject to disabled"
        yield Finding("mesh/nothing-meshed", app.at("inject"), text, fix)


def unmeshable(app: App, targets: Targets) -> Iterator[Finding]:
    """A finding for each workload under ``inject`` that cannot be injected and is not excepted."""
    if app.spec.inject is Inject.DISABLED:
        return
    for item, reason in targets.skipped:
        if (item.kind, item.name) not in app.spec.excepted:
            text = (
                f"inject is '{app.spec.inject}', but {item.short_title} ({item.origin.position}) "
                f"cannot be meshed: {reason}"
            )
            fix = f"list it: `except: [{{kind: {item.kind}, name: {item.name}}}]`, or change the workload"
            yield Finding("mesh/injectable", app.at("inject"), text, fix)
