"""Explains a stage: what changes, what to do next, how to verify it, and what breaks if it is rushed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from meshwright.check.model.index import Model
from meshwright.trust.labels import selector_labels
from meshwright.trust.meshed import meshed, operator_objects
from meshwright.trust.rotation import Rotation

# Flux reverts fields of managers named kubectl-..., and reverting the restart would restart the pods again.
# source: fluxcd kustomize-controller, FieldManagers; fluxcd/pkg ssa/patch.go, matchFieldManager.
MANAGER = "trust-rotation"


@dataclass(frozen=True)
class StageGuide:
    """The explanation of a stage, in lines; commands begin with four spaces."""

    title: str
    changes: tuple[str, ...]
    wait: tuple[str, ...]
    verify: tuple[str, ...]
    hurried: str

    def lines(self) -> Iterator[str]:
        """The whole explanation, for a terminal."""
        yield self.title
        for name, part in (("changes", self.changes), ("next", self.wait), ("verify", self.verify)):
            yield ""
            yield f"{name}:"
            yield from (f"  {line}" for line in part)
        yield ""
        yield f"if you do not wait: {self.hurried}"


def guide_for(model: Model, rotation: Rotation, stage: int, old: str, new: str) -> StageGuide:
    """The explanation of a stage; ``old`` and ``new`` are the names of the anchors' Secrets."""
    writer = _GuideWriter(model, rotation, old, new)
    return (writer.trust_both, writer.restart, writer.sign, writer.drop)[stage - 1]()


class _GuideWriter:
    def __init__(self, model: Model, rotation: Rotation, old: str, new: str) -> None:
        self._model, self._chain, self._old, self._new = model, rotation.chain, old, new
        self._argocd = model.uses_argocd and not model.uses_flux
        release = rotation.chain.release
        self._linkerd = release.namespace if release is not None and release.namespace else "linkerd"
        self._store = rotation.chain.namespace
        self._waits = (
            ()
            if selector_labels(rotation)
            else (
                "The Bundle names the new Secret, so it reports SourceNotFound until cert-manager has "
                "created it.",
            )
        )

    def trust_both(self) -> StageGuide:
        """Stage 1."""
        return StageGuide(
            f"Stage 1 of 4: trust {self._new} beside {self._old}",
            (
                f"cert-manager creates a second anchor, Secret {self._store}/{self._new}, with its own key.",
                "The Bundle writes both certificates to ConfigMap linkerd-identity-trust-roots. The new one "
                "does not sign anything yet.",
                *self._waits,
            ),
            ("Commit, push, and wait until the engine has applied it:", *self._applied(("linkerd-trust",))),
            (
                "The ConfigMap contains two certificates, and Linkerd accepts both:",
                f"    kubectl -n {self._linkerd} get configmap linkerd-identity-trust-roots -o "
                "jsonpath='{.data.ca-bundle\\.crt}' > roots.pem",
                "    meshwright trust --bundle roots.pem",
                "Then: meshwright trust rotate --stage 2",
            ),
            "pods read the anchors when they start. A pod that restarts before the ConfigMap contains both "
            "only trusts the old one, and loses its connections at stage 3.",
        )

    def restart(self) -> StageGuide:
        """Stage 2."""
        return StageGuide(
            "Stage 2 of 4: restart all pods, so that they trust both anchors",
            (
                "An annotation on the pods of linkerd-control-plane and linkerd-viz lists both anchors, so "
                "the engine restarts them.",
                "Identities do not change: everything is still signed below the old anchor.",
            ),
            (
                "Commit, push, and wait for the control plane:",
                *self._applied(("linkerd-control-plane", "linkerd-viz")),
                "Then restart all other meshed workloads; a commit cannot, because a restart is not part of "
                "a manifest:",
                *self._restarts(),
            ),
            (
                'No pod is listed under "data plane proxies certificate match CA":',
                "    linkerd check --proxy",
                "The list can include pods of operators, Jobs and other repositories: restart them in the "
                "way that their owner prefers.",
                "Then: meshwright trust rotate --stage 3",
            ),
            "a pod that was not restarted rejects every pod with a certificate below the new anchor: calls "
            "between the two fail in both directions.",
        )

    def sign(self) -> StageGuide:
        """Stage 3."""
        return StageGuide(
            f"Stage 3 of 4: sign below {self._new}",
            (
                f"cert-manager reissues the identity issuer below {self._new}, with a new key; the control "
                "plane restarts.",
                "Each proxy gets a certificate below the new anchor at its next renewal, within 24 hours.",
            ),
            (
                "Commit, push, and wait until the engine has applied it:",
                *self._applied(("linkerd-trust", "linkerd-control-plane")),
                "Then wait a day, or restart all meshed workloads again:",
                *self._restarts(),
            ),
            (
                "linkerd-identity uses the new issuer (event IssuerUpdated, or a start after the Secret "
                "changed):",
                f"    kubectl -n {self._linkerd} get events --field-selector reason=IssuerUpdated",
                "The issuer is signed by the new anchor:",
                f"    kubectl -n {self._linkerd} get secret linkerd-identity-issuer -o "
                "jsonpath='{.data.tls\\.crt}' | base64 -d > issuer.pem",
                f"    kubectl -n {self._store} get secret {self._new} -o jsonpath='{{.data.tls\\.crt}}' | "
                "base64 -d > new.pem",
                "    meshwright trust --certificate issuer.pem --certificate new.pem",
                "    linkerd check --proxy",
                "Then, a day later: meshwright trust rotate --stage 4",
            ),
            "a proxy that has not renewed its certificate still uses one below the old anchor, and loses its "
            "connections if you drop that anchor now.",
        )

    def drop(self) -> StageGuide:
        """Stage 4."""
        confirm = (
            (
                "Argo CD waits for a confirmation before it prunes the old Certificate and ClusterIssuer "
                "(Prune=confirm):",
                "    argocd app confirm-deletion linkerd-trust",
            )
            if self._argocd
            else ()
        )
        return StageGuide(
            f"Stage 4 of 4: drop {self._old}",
            (
                f"The Bundle only distributes {self._new}, which replaces {self._old} in its file.",
                "The annotation of stage 2 is removed, so the control plane restarts.",
                "The rotation leaves six words that differ from the template.",
            ),
            (
                "Commit, push, and wait until the engine has applied it:",
                *confirm,
                *self._applied(("linkerd-trust", "linkerd-control-plane")),
                "Then restart all meshed workloads a last time; until then, they still trust the old anchor:",
                *self._restarts(),
            ),
            (
                "    linkerd check --proxy",
                "Delete the old key when the check passes; cert-manager keeps the Secret of a deleted "
                "Certificate:",
                f"    kubectl -n {self._store} delete secret {self._old}",
            ),
            "pods that restart before the ConfigMap has changed still trust the old anchor; nothing fails, "
            "and `linkerd check --proxy` lists them.",
        )

    def _applied(self, layers: tuple[str, ...]) -> list[str]:
        if self._argocd:
            names = self._names("Application", layers)
            return [f"    argocd app wait {' '.join(names)}" if names else "    argocd app list"]
        names = self._names("Kustomization", layers)
        commands = [f"    flux reconcile kustomization {name} --with-source" for name in names]
        return commands or ["    flux get all --all-namespaces"]

    def _names(self, kind: str, layers: tuple[str, ...]) -> list[str]:
        """Those of ``layers`` that exist under this name; other repositories use other names."""
        existing = {item.name for item in self._model.items(kind)}
        return [layer for layer in layers if layer in existing]

    def _restarts(self) -> list[str]:
        """A command per namespace with meshed workloads, except those of the control plane and viz."""
        own = {release.namespace for release in (self._chain.release, self._chain.viz) if release is not None}
        return [
            f"    kubectl -n {namespace} rollout restart --field-manager={MANAGER} {' '.join(names)}"
            for namespace, names in meshed(self._model, self._chain.cluster, own).items()
        ] + [
            f"    {title}: its operator creates its pods"
            for title in operator_objects(self._model, self._chain.cluster)
        ]
