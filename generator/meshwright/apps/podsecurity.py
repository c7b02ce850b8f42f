"""Pod Security levels that reject every pod with linkerd-init, which asks for NET_ADMIN and NET_RAW.

source: Kubernetes Pod Security Standards, baseline: Capabilities; linkerd2 charts/partials, _proxy-init.tpl.
"""

from __future__ import annotations

from collections.abc import Iterator

from meshwright.apps.model import App, AppsContext, RepositorySettings
from meshwright.finding import Finding
from meshwright.manifests.unit import BuiltObject
from meshwright.podsecurity import ENFORCE, enforced
from meshwright.yaml.pointer import mapping_of

LEVEL = ENFORCE


def forbidding_level(namespace: BuiltObject | None, settings: RepositorySettings) -> str:
    """The level of a Namespace under which no pod with linkerd-init is created; empty if it allows them."""
    if namespace is None or settings.cni:
        return ""
    labels = mapping_of(mapping_of(namespace.data.get("metadata")).get("labels"))
    level = enforced(labels)
    return "" if level.allows_linkerd_init else level.name


def namespace_of(name: str, context: AppsContext) -> BuiltObject | None:
    """The Namespace object of that name in the manifests of an application; None without one."""
    for maker in context.namespace_creators.get(name, []):
        for item in context.bases[maker].objects:
            if item.kind == "Namespace" and item.name == name:
                return item
    return None


def pod_security_findings(app: App, context: AppsContext) -> Iterator[Finding]:
    """A finding if the namespace of a meshed application would reject its pods."""
    patched = any(patch.target.kind in ("", "Namespace") for patch in app.spec.patches)
    namespace = namespace_of(app.spec.namespace, context)
    level = forbidding_level(namespace, context.settings)
    # The check judges what is built, patches included.
    if namespace is None or not level or not app.spec.is_meshed or patched:
        return
    text = (
        f"'{app.name}' is meshed, but Namespace {namespace.name} ({namespace.origin.position}) enforces Pod "
        f"Security level {level}, which rejects pods with linkerd-init"
    )
    fix = f"set {LEVEL}: privileged, or answer redirect=cni in `copier update`"
    yield Finding("mesh/pod-security", app.at("namespace"), text, fix)
