"""What a stage means, for people: what changes, what to wait for, how to see it, what breaks if hurried."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from meshwright.check.model.index import Model
from meshwright.trust.labels import room
from meshwright.trust.meshed import meshed, of_operators
from meshwright.trust.rotation import Rotation

# Flux takes over what a manager called kubectl-... wrote, and would undo the restart by another one.
# source: fluxcd kustomize-controller, FieldManagers; fluxcd/pkg ssa/patch.go, matchFieldManager.
MANAGER = "trust-rotation"


@dataclass(frozen=True)
class StageGuide:
    """The parts of an explanation, each a list of lines; commands begin with four spaces."""

    title: str
    changes: tuple[str, ...]
    wait: tuple[str, ...]
    verify: tuple[str, ...]
    hurried: str

    def lines(self) -> Iterator[str]:
        """All of it, for a terminal."""
        yield self.title
        for name, part in (("changes", self.changes), ("then", self.wait), ("see", self.verify)):
            yield ""
            yield f"{name}:"
            yield from (f"  {line}" for line in part)
        yield ""
        yield f"if hurried: {self.hurried}"


def lesson(model: Model, rotation: Rotation, stage: int, old: str, new: str) -> StageGuide:
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
            if room(rotation)
            else (
                "It takes the new one by name: "
                "SourceNotFound until cert-manager has made the Secret, no longer.",
            )
        )

    def trust_both(self) -> StageGuide:
        """Stage 1."""
        return StageGuide(
            f"Stage 1 of 4: trust {self._new} beside {self._old}",
            (
                f"cert-manager makes a second anchor, Secret {self._store}/{self._new}, with a key of its "
                "own.",
                "The Bundle brings both certificates into ConfigMap linkerd-identity-trust-roots. Nothing "
                "is signed with it yet.",
                *self._waits,
            ),
            ("Commit, push, and wait until the engine has applied it:", *self._applied(("linkerd-trust",))),
            (
                "Two certificates, and both would be taken by Linkerd:",
                f"    kubectl -n {self._linkerd} get configmap linkerd-identity-trust-roots -o "
                "jsonpath='{.data.ca-bundle\\.crt}' > roots.pem",
                "    meshwright trust --certificate roots.pem",
                "Then: meshwright trust rotate --stage 2",
            ),
            "a pod reads the anchors when it starts. Restarted before the ConfigMap has both, it knows the "
            "old one alone, and stage 3 cuts it off.",
        )

    def restart(self) -> StageGuide:
        """Stage 2."""
        return StageGuide(
            "Stage 2 of 4: restart, so that every pod trusts both",
            (
                "An annotation on the pods of linkerd-control-plane and linkerd-viz names both anchors: "
                "the engine rolls them.",
                "No identity changes: everything is still signed below the old anchor.",
            ),
            (
                "Commit, push, and wait for the control plane:",
                *self._applied(("linkerd-control-plane", "linkerd-viz")),
                "Then restart whatever else is meshed; no commit can, a restart is no state:",
                *self._restarts(),
            ),
            (
                'No pod is named under "data plane proxies certificate match CA":',
                "    linkerd check --proxy",
                "It names pods of operators, of Jobs and of other repositories too: restart those as their "
                "owner wants it.",
                "Then: meshwright trust rotate --stage 3",
            ),
            "a pod that was not restarted refuses every pod whose certificate is signed below the new "
            "anchor: calls between the two fail, in both directions.",
        )

    def sign(self) -> StageGuide:
        """Stage 3."""
        return StageGuide(
            f"Stage 3 of 4: sign below {self._new}",
            (
                f"The identity issuer is issued anew below {self._new}, with a new key; the control plane "
                "restarts with it.",
                "Each proxy gets a certificate below the new anchor when it next renews its own: within 24 "
                "hours.",
            ),
            (
                "Commit, push, and wait until the engine has applied it:",
                *self._applied(("linkerd-trust", "linkerd-control-plane")),
                "Then wait a day, or restart whatever is meshed once more:",
                *self._restarts(),
            ),
            (
                "Identity has taken the new issuer (the event IssuerUpdated, or a start after the Secret "
                "changed):",
                f"    kubectl -n {self._linkerd} get events --field-selector reason=IssuerUpdated",
                "The issuer is signed by the new anchor and by no other:",
                f"    kubectl -n {self._linkerd} get secret linkerd-identity-issuer -o "
                "jsonpath='{.data.tls\\.crt}' | base64 -d > issuer.pem",
                f"    kubectl -n {self._store} get secret {self._new} -o jsonpath='{{.data.tls\\.crt}}' | "
                "base64 -d > new.pem",
                "    meshwright trust --certificate issuer.pem --certificate new.pem",
                "    linkerd check --proxy",
                "Then, a day later: meshwright trust rotate --stage 4",
            ),
            "until a proxy has renewed its certificate it still shows one below the old anchor: dropped "
            "now, it is cut off.",
        )

    def drop(self) -> StageGuide:
        """Stage 4."""
        confirm = (
            (
                "Argo CD asks before it prunes the old Certificate and ClusterIssuer (Prune=confirm), and "
                "waits for the answer:",
                "    argocd app confirm-deletion linkerd-trust",
            )
            if self._argocd
            else ()
        )
        return StageGuide(
            f"Stage 4 of 4: drop {self._old}",
            (
                f"The Bundle holds {self._new} alone, which moves to where {self._old} was written; the "
                "annotation of stage 2 goes,",
                "and the control plane restarts by that. The rotation leaves six words that differ from "
                "the template.",
            ),
            (
                "Commit, push, and wait until the engine has applied it:",
                *confirm,
                *self._applied(("linkerd-trust", "linkerd-control-plane")),
                "Then restart whatever is meshed a last time: until then those pods still trust the old "
                "anchor:",
                *self._restarts(),
            ),
            (
                "    linkerd check --proxy",
                "Nobody removes the old key: cert-manager keeps a Secret whose Certificate is gone. Once "
                "the check is clean:",
                f"    kubectl -n {self._store} delete secret {self._old}",
            ),
            "pods restarted before the ConfigMap has changed trust the old anchor on; nothing fails, and "
            "`linkerd check --proxy` names them.",
        )

    def _applied(self, layers: tuple[str, ...]) -> list[str]:
        if self._argocd:
            names = self._names("Application", layers)
            return [f"    argocd app wait {' '.join(names)}" if names else "    argocd app list"]
        names = self._names("Kustomization", layers)
        known = [f"    flux reconcile kustomization {name} --with-source" for name in names]
        return known or ["    flux get all --all-namespaces"]

    def _names(self, kind: str, layers: tuple[str, ...]) -> list[str]:
        """Those of ``layers`` that are called so here; a repository of another make has other names."""
        known = {item.name for item in self._model.items(kind)}
        return [layer for layer in layers if layer in known]

    def _restarts(self) -> list[str]:
        """A command for each namespace with something meshed, but for the control plane's and viz'."""
        own = {release.namespace for release in (self._chain.release, self._chain.viz) if release is not None}
        return [
            f"    kubectl -n {namespace} rollout restart --field-manager={MANAGER} {' '.join(names)}"
            for namespace, names in meshed(self._model, self._chain.cluster, own).items()
        ] + [
            f"    {title}: its operator makes its pods"
            for title in of_operators(self._model, self._chain.cluster)
        ]
