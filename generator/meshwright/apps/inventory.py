"""Faults between applications: dependencies, namespaces, clients."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from meshwright.apps.injectability import is_excluded
from meshwright.apps.model import App, AppsContext
from meshwright.apps.podsecurity import namespace_of
from meshwright.apps.spec import Inject, Scope
from meshwright.finding import Finding
from meshwright.words import did_you_mean


def inventory_findings(context: AppsContext) -> list[Finding]:
    """Every fault between applications, sorted by application."""
    found: list[Finding] = []
    cyclic = {app.name: finding for app, finding in _cycles(context.apps)}
    by_namespace: dict[str, list[App]] = {}
    by_path: dict[str, App] = {}
    for app in context.apps.values():
        found += _depends_on(app, context)
        found += _namespace(app, context)
        found += _clients(app, context)
        by_namespace.setdefault(app.spec.namespace, []).append(app)
        first = by_path.setdefault(app.base_path, app)
        if first is not app:
            at = app.at("source", "path") if app.spec.path else app.at()
            text = f"'{app.name}' uses '{app.base_path}', and so does '{first.name}' ({first.at()})"
            found.append(Finding("mesh/path", at, text, "keep one: two owners undo each other's changes"))
    for apps in by_namespace.values():
        found += _disagreements(apps)
    return [*found, *cyclic.values()]


def waves(apps: Mapping[str, App]) -> dict[str, int]:
    """Application -> longest path to one without dependencies; applications in a cycle have 0."""
    found: dict[str, int] = {}
    for name in _order(apps):
        needs = [found[need] for need in apps[name].spec.depends_on if need in found]
        found[name] = max(needs, default=-1) + 1
    return {name: found.get(name, 0) for name in apps}


def _order(apps: Mapping[str, App]) -> list[str]:
    """The applications in dependency order, without those that are in a cycle or depend on one."""
    waiting = {
        name: len({need for need in app.spec.depends_on if need in apps}) for name, app in apps.items()
    }
    dependents: dict[str, list[str]] = {}
    for name, app in apps.items():
        for need in set(app.spec.depends_on):
            dependents.setdefault(need, []).append(name)
    ready = [name for name, count in waiting.items() if not count]
    for name in ready:
        for dependent in dependents.get(name, ()):
            waiting[dependent] -= 1
            if not waiting[dependent]:
                ready.append(dependent)
    return ready


def _cycles(apps: Mapping[str, App]) -> Iterator[tuple[App, Finding]]:
    """One finding per cycle, at the first edge of its first application by name."""
    rest = set(apps) - set(_order(apps))
    seen: set[str] = set()
    for start in sorted(rest):
        path: list[str] = []
        here: str | None = start
        while here is not None and here not in path and here not in seen:
            path.append(here)
            here = next((need for need in apps[here].spec.depends_on if need in rest), None)
        if here is not None and here in path:
            cycle = path[path.index(here) :]
            least = cycle.index(min(cycle))
            cycle = cycle[least:] + cycle[:least]
            app, need = apps[cycle[0]], (cycle[1:] + cycle[:1])[0]
            at = app.at("dependsOn", app.spec.depends_on.index(need))
            if app.name != need:
                shown = " -> ".join([*cycle, cycle[0]])
                yield (
                    app,
                    Finding(
                        "mesh/cycle",
                        at,
                        f"applications depend on each other in a cycle: {shown}",
                        "remove one dependsOn",
                    ),
                )
        seen.update(path)


def _depends_on(app: App, context: AppsContext) -> Iterator[Finding]:
    known = {*context.apps, *context.settings.layers}
    for number, need in enumerate(app.spec.depends_on):
        if need not in known:
            hint = did_you_mean(need, known)
            text = f"dependsOn names '{need}', which is not an application or layer{hint}"
            yield Finding(
                "mesh/depends-on",
                app.at("dependsOn", number),
                text,
                "" if hint else "correct the name, or remove it",
            )


def _namespace(app: App, context: AppsContext) -> Iterator[Finding]:
    spec, at = app.spec, app.at("namespace")
    makers = context.namespace_creators.get(spec.namespace, [])
    platform = spec.namespace in context.settings.platform_namespaces
    if (
        is_excluded(spec.namespace, namespace_of(spec.namespace, context), context.settings)
        and spec.is_meshed
    ):
        text = f"Linkerd's injector ignores namespace '{spec.namespace}', but inject is '{spec.inject}'"
        yield Finding("mesh/namespace", at, text, "move the application, or set inject to disabled")
    if spec.create_namespace and platform:
        text = f"createNamespace: namespace '{spec.namespace}' already belongs to the platform"
        yield Finding("mesh/namespace", app.at("createNamespace"), text, "remove createNamespace")
    known = app.name not in context.unread
    if spec.create_namespace is None and not makers and not platform and known:
        text = f"nothing in this repository creates namespace '{spec.namespace}'"
        fix = "add a Namespace to the manifests, or createNamespace: true (false if it exists in the cluster)"
        yield Finding("mesh/namespace", at, text, fix)
    if makers and makers[0] == app.name and len(makers) > 1:
        other = context.apps[makers[1]]
        where = other.at("namespace")
        text = f"namespace '{spec.namespace}' is created by both '{app.name}' and '{other.name}' ({where})"
        yield Finding("mesh/namespace", at, text, "keep one: two owners undo each other's changes")
    if spec.scope is Scope.NAMESPACE and app.name not in makers:
        creator = f"application '{makers[0]}' creates it" if makers else "this application does not create it"
        text = f"scope 'namespace' annotates Namespace '{spec.namespace}', but {creator}"
        fix = "set the scope there, or use scope: workloads"
        yield Finding("mesh/scope", app.at("scope"), text, fix)


def _disagreements(apps: list[App]) -> Iterator[Finding]:
    """Applications with contradictory specs for the same namespace."""
    whole = [app for app in apps if app.spec.scope is Scope.NAMESPACE]
    for app in apps:
        if not whole or app is whole[0] or whole[0].spec.inject is Inject.DISABLED:
            continue
        if app.spec.inject is Inject.DISABLED and app.spec.workloads:
            text = (
                f"'{app.name}' keeps only some of its workloads out of the mesh, but '{whole[0].name}' "
                f"({whole[0].at('scope')}) meshes all of namespace '{app.spec.namespace}'"
            )
            yield Finding("mesh/scope", app.at("inject"), text, "remove workloads to keep all of them out")


def _clients(app: App, context: AppsContext) -> Iterator[Finding]:
    allow = app.spec.policy.allow_from if app.spec.policy else None
    if allow is None:
        return
    at = ("policy", "allowFrom")
    for number, name in enumerate(allow.apps):
        client = context.apps.get(name)
        here = app.at(*at, "apps", number)
        if client is None:
            text = f"allowFrom names '{name}', which is not an application{did_you_mean(name, context.apps)}"
            yield Finding("mesh/allow-from", here, text)
        elif not client.spec.is_meshed:
            where = client.at("inject")
            text = f"allowFrom names '{name}', which is not meshed ({where}) and so has no identity"
            yield Finding("mesh/allow-from", here, text, "mesh it, or list its network under networks")
    settings = context.settings
    if allow.traefik and settings.traefik is None:
        text = "allowFrom names traefik, but this repository has none (ingress: none in the answers)"
        yield Finding("mesh/allow-from", app.at(*at, "traefik"), text)
    if allow.prometheus and settings.prometheus is None:
        text = "allowFrom names prometheus, but this repository has none (metrics: none in the answers)"
        yield Finding("mesh/allow-from", app.at(*at, "prometheus"), text)
    elif allow.prometheus and not settings.prometheus_is_meshed and not allow.networks:
        text = "allowFrom names prometheus, which is not meshed and so has no identity"
        fix = "list the pods' network under networks, or mesh the namespace of Prometheus"
        yield Finding("mesh/allow-from", app.at(*at, "prometheus"), text, fix)
