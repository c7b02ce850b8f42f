"""Flux' real controllers: their CRDs, their processes, the entry point, and what they say."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from engine.api import Object, conditions, read
from engine.builds import binary, module_folder
from engine.controlplane import ControlPlane
from engine.gitops import GitOps
from engine.kinds import serve

NAMESPACE = "flux-system"
CONTROLLERS = ("source-controller", "kustomize-controller", "helm-controller")
KUSTOMIZATION = ("kustomize.toolkit.fluxcd.io/v1", "Kustomization")
RELEASE = ("helm.toolkit.fluxcd.io/v2", "HelmRelease")
SOURCE = ("source.toolkit.fluxcd.io/v1", "GitRepository")
INDEX = ("source.toolkit.fluxcd.io/v1", "HelmRepository")
NOW = "reconcile.fluxcd.io/requestedAt"


@dataclass
class Flux(GitOps):
    """Flux on a cluster; a layer is a Kustomization."""

    trusted: Path

    LAYER = KUSTOMIZATION

    @classmethod
    def install(cls, plane: ControlPlane, trusted: Path) -> Flux:
        """What `flux install` does: namespace, CRDs, controllers."""
        plane.api.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
        made: list[Object] = []
        for controller in CONTROLLERS:
            made += read(*sorted((module_folder(controller) / "config" / "crd" / "bases").glob("*.yaml")))
        # A controller that starts before its kinds are served ends; a kubelet would start it again.
        serve(plane.api, made)
        flux = cls(plane, {}, trusted)
        for number, controller in enumerate(CONTROLLERS):
            flux.start(controller, number)
        return flux

    def start(self, controller: str, number: int) -> None:
        """Start one controller; its name is its user in the audit log."""
        config = self.plane.user(controller, "system:masters")
        flags = [
            *(
                "--events-addr=",
                "--log-level=info",
                "--enable-leader-election=false",
                "--watch-all-namespaces",
            ),
            *(f"--metrics-addr=127.0.0.1:{18080 + number}", f"--health-addr=127.0.0.1:{19440 + number}"),
        ]
        if controller == "source-controller":
            storage = self.plane.folder / "artifacts"
            storage.mkdir(exist_ok=True)
            flags += [
                f"--storage-path={storage}",
                "--storage-addr=127.0.0.1:19090",
                "--storage-adv-addr=127.0.0.1:19090",
            ]
        else:
            flags.append("--requeue-dependency=1s")
        environment = {
            "KUBECONFIG": str(config),
            "RUNTIME_NAMESPACE": NAMESPACE,
            "SSL_CERT_FILE": str(self.trusted),
            "HOME": str(self.plane.folder),
            "TMPDIR": str(self.plane.folder),
        }
        self.running[controller] = self.plane.supervisor.start(
            controller, [binary(controller), *flags], environment
        )

    def pull(self) -> None:
        """Make Flux look at git now, as a webhook or `flux reconcile source git` does."""
        for source in self.api.list(*SOURCE):
            self.touch(source)

    def touch(self, item: Object) -> None:
        """Ask for a reconciliation of one object now."""
        self.api.merge(item, {"metadata": {"annotations": {NOW: str(time.time())}}})

    def unready(self, revision: str | None = None, only: Collection[str] | None = None) -> dict[str, str]:
        """Each Kustomization (of those named) that is not Ready (at a commit), with its message."""
        found: dict[str, str] = {}
        for one in self.api.list(*KUSTOMIZATION):
            if only is not None and one["metadata"]["name"] not in only:
                continue
            ready = conditions(one).get("Ready", {})
            seen = one.get("status", {}).get("observedGeneration") == one["metadata"]["generation"]
            applied = str(one.get("status", {}).get("lastAppliedRevision", ""))
            ours = one["spec"]["sourceRef"]["name"] == NAMESPACE
            fresh = revision is None or not ours or applied.endswith(revision)
            if ready.get("status") != "True" or not seen or not fresh:
                found[one["metadata"]["name"]] = str(ready.get("message", "nothing yet"))
        return found
