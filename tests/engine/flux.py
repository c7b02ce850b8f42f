"""Flux' real controllers: their CRDs, their processes, the entry point, and what they say."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import yaml

from engine.api import Api, Object, conditions, documents
from engine.builds import binary, module_folder
from engine.controlplane import ControlPlane
from engine.kinds import serve
from engine.processes import NotReadyError, Running

NAMESPACE = "flux-system"
CONTROLLERS = ("source-controller", "kustomize-controller", "helm-controller")
KUSTOMIZATION = ("kustomize.toolkit.fluxcd.io/v1", "Kustomization")
RELEASE = ("helm.toolkit.fluxcd.io/v2", "HelmRelease")
SOURCE = ("source.toolkit.fluxcd.io/v1", "GitRepository")
INDEX = ("source.toolkit.fluxcd.io/v1", "HelmRepository")
NOW = "reconcile.fluxcd.io/requestedAt"


@dataclass
class Flux:
    """Flux on a cluster."""

    plane: ControlPlane
    trusted: Path
    running: dict[str, Running]

    @property
    def api(self) -> Api:
        return self.plane.api

    @classmethod
    def install(cls, plane: ControlPlane, trusted: Path) -> Flux:
        """What `flux install` does: namespace, CRDs, controllers."""
        plane.api.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
        made: list[Object] = []
        for controller in CONTROLLERS:
            module = module_folder(controller)
            for path in sorted((module / "config" / "crd" / "bases").glob("*.yaml")):
                made += documents(yaml.load_all(path.read_text(), yaml.CSafeLoader))
        # A controller that starts before its kinds are served ends; a kubelet would start it again.
        serve(plane.api, made)
        flux = cls(plane, trusted, {})
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

    def sync(self, entrypoint: Path) -> None:
        """Apply the entry point, as the generated README says."""
        for manifest in documents(yaml.load_all(entrypoint.read_text(), yaml.CSafeLoader)):
            self.api.apply(manifest, "kubectl")

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

    def ready(self) -> set[str]:
        """The Kustomizations that are there and Ready."""
        return {one["metadata"]["name"] for one in self.api.list(*KUSTOMIZATION)} - set(self.unready())

    def wait(
        self,
        seconds: float,
        at_least: int,
        revision: str | None = None,
        only: Collection[str] | None = None,
    ) -> float:
        """Wait until every Kustomization (of those named) is Ready, and give the seconds that it took.

        Raises:
            NotReadyError: some are not, with their messages, or a controller has ended.
        """
        started = time.monotonic()
        while True:
            for controller in self.running.values():
                if not controller.alive:
                    raise NotReadyError(f"{controller.name} ended:\n{controller.tail()}")
            unready = self.unready(revision, only)
            if not unready and len(self.api.list(*KUSTOMIZATION)) >= at_least:
                return time.monotonic() - started
            if time.monotonic() - started > seconds:
                listed = "\n".join(f"  {name}: {message}" for name, message in unready.items())
                raise NotReadyError(f"not ready after {seconds:.0f} s:\n{listed}")
            time.sleep(0.5)
