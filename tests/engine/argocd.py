"""Argo CD's real controller and repo server, with Debian's redis; nothing asks for its API server."""

from __future__ import annotations

import os
import shutil
import socket
import time
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from engine.api import Object, read
from engine.argocd_status import is_ready, told
from engine.builds import binary, module_folder
from engine.controlplane import ControlPlane
from engine.deadlines import LONG
from engine.gitops import GitOps
from engine.kinds import serve
from engine.processes import wait_until
from meshwright.tools.finder import locate

NAMESPACE = "argocd"
APPLICATION = ("argoproj.io/v1alpha1", "Application")
# Their users in the audit log.
CONTROLLER, SERVER = "argocd-application-controller", "argocd-repo-server"
APPROVED = "argocd.argoproj.io/deletion-approved"
REFRESH = "argocd.argoproj.io/refresh"
HOOK = "argocd.argoproj.io/hook"
REDIS, REPO_SERVER = 6379, 18081
BOOT = 60.0
HANDED_ON = {
    "reposerver.parallelism.limit": "ARGOCD_REPO_SERVER_PARALLELISM_LIMIT",
    "timeout.reconciliation": "ARGOCD_RECONCILIATION_TIMEOUT",
    "timeout.reconciliation.jitter": "ARGOCD_RECONCILIATION_JITTER",
}
VERIFY = "git-verify-wrapper.sh"


def obstacle() -> str | None:
    """Why no Argo CD can run on this machine, beyond what any engine needs, or None."""
    if shutil.which("redis-server") is None:
        return "redis-server is not on PATH (Debian: apt-get install redis-server)"
    return None


class ArgoCD(GitOps):
    """Argo CD on a cluster; a layer is an Application."""

    LAYER = APPLICATION

    @classmethod
    def install(
        cls,
        plane: ControlPlane,
        trusted: Path,
        hosts: Iterable[str],
        settings: Mapping[str, Mapping[str, str]],
    ) -> ArgoCD:
        """What the chart of Argo CD does with the repository's values: kinds, settings, processes.

        Args:
            trusted: certificate of the authority that signs for git and chart hosts.
            hosts: the git hosts.
            settings: what the values set in its ConfigMaps, over what Argo CD sets itself.
        """
        module = module_folder("argo-cd")
        api = plane.api
        api.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
        serve(api, read(*sorted((module / "manifests" / "crds").glob("*-crd.yaml"))))
        for one in read(*sorted((module / "manifests" / "base" / "config").glob("argocd-*.yaml"))):
            one["metadata"]["namespace"] = NAMESPACE
            one["data"] = {**one.get("data", {}), **settings.get(one["metadata"]["name"], {})}
            api.apply(one, "helm")
        argocd = cls(plane, {})
        api.apply(_default_project(), "argocd-server")
        # Its Deployments hand these settings to the processes by their environment.
        every = {key: value for part in settings.values() for key, value in part.items()}
        argocd.start(trusted, hosts, {name: every[key] for key, name in HANDED_ON.items() if key in every})
        return argocd

    def start(self, trusted: Path, hosts: Iterable[str], handed: Mapping[str, str]) -> None:
        """Start redis, the repo server and the controller, one after the other."""
        folder = self.plane.folder / "argocd"
        for name in ("bin", "tls", "redis", "home"):
            (folder / name).mkdir(parents=True)
        for tool in ("helm", "kustomize"):
            (folder / "bin" / tool).symlink_to(locate(tool).path)
        # The image has it on its PATH: whether a commit is signed is asked of every commit.
        wrapper = shutil.copyfile(module_folder("argo-cd") / "hack" / VERIFY, folder / "bin" / VERIFY)
        wrapper.chmod(0o755)
        for host in hosts:
            shutil.copyfile(trusted, folder / "tls" / host)
        environment = {
            **handed,
            "ARGOCD_FAKE_IN_CLUSTER": "true",
            "ARGOCD_GPG_ENABLED": "false",
            "ARGOCD_TLS_DATA_PATH": str(folder / "tls"),
            "ARGOCD_ASK_PASS_SOCK": str(folder / "ask-pass.sock"),
            "SSL_CERT_FILE": str(trusted),
            "HOME": str(folder / "home"),
            "TMPDIR": str(folder),
            "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
        }
        redis = ["redis-server", "--port", str(REDIS), "--bind", "127.0.0.1", "--dir", str(folder / "redis")]
        self._run("redis", [*redis, "--save", "", "--appendonly", "no"], {}, REDIS)
        common = ["--redis", f"127.0.0.1:{REDIS}", "--logformat", "text"]
        ports = ["--address", "127.0.0.1", "--port", str(REPO_SERVER), "--metrics-address", "127.0.0.1"]
        server = [str(binary("argo-cd")), "repo-server", "--disable-tls", *ports, "--client-ca-path", ""]
        self._run(SERVER, [*server, *common], environment, REPO_SERVER)
        config = str(self.plane.user(CONTROLLER, "system:masters"))
        controller = [str(binary("argo-cd")), "application-controller", "--namespace", NAMESPACE]
        reached = ["--repo-server", f"127.0.0.1:{REPO_SERVER}", "--repo-server-plaintext"]
        self._run(
            CONTROLLER,
            [*controller, "--kubeconfig", config, *reached, *common],
            {**environment, "KUBECONFIG": config},
        )

    def pull(self, how: str = "normal") -> None:
        """Make Argo CD look at git now, as a webhook does, or ("hard") render everything anew."""
        for one in self.api.list(*APPLICATION):
            self.api.merge(one, {"metadata": {"annotations": {REFRESH: how}}})

    def confirm(self, name: str) -> None:
        """Wait until a sync asks for a confirmation, and give it, as `argocd app confirm-deletion` does."""

        def asked() -> bool:
            found = self.api.get(*APPLICATION, name, NAMESPACE) or {}
            return "confirmation" in str(found["status"].get("operationState", {}).get("message"))

        wait_until(f"{name} asks for a confirmation", asked, LONG)
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        application = self.api.get(*APPLICATION, name, NAMESPACE) or {}
        self.api.merge(application, {"metadata": {"annotations": {APPROVED: now}}})

    def refreshed(self) -> bool:
        """Whether every Application that was asked to look has looked."""
        return all(
            REFRESH not in one["metadata"].get("annotations", {}) for one in self.api.list(*APPLICATION)
        )

    def unready(self, revision: str | None = None, only: Collection[str] | None = None) -> dict[str, str]:
        """Each Application (of those named) that is not synced (to a commit) and healthy, with the reason."""
        return {
            one["metadata"]["name"]: told(one)
            for one in self.api.list(*APPLICATION)
            if (only is None or one["metadata"]["name"] in only) and not is_ready(one, revision or "")
        }

    def _run(
        self, name: str, command: list[str], environment: Mapping[str, str], port: int | None = None
    ) -> None:
        running = self.plane.supervisor.start(name, command, environment)
        self.running[name] = running
        if port is not None:
            wait_until(name, lambda: _answers(port), BOOT, running=running)


def _default_project() -> Object:
    """The project that Argo CD's API server makes at its first start: it allows everything."""
    anything = {"group": "*", "kind": "*"}
    spec = {
        "sourceRepos": ["*"],
        "destinations": [{"server": "*", "namespace": "*"}],
        "clusterResourceWhitelist": [anything],
    }
    meta = {"name": "default", "namespace": NAMESPACE}
    return {"apiVersion": "argoproj.io/v1alpha1", "kind": "AppProject", "metadata": meta, "spec": spec}


def _answers(port: int) -> bool:
    with socket.create_connection(("127.0.0.1", port), timeout=2):
        return True
