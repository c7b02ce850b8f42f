"""The known tools: their Go modules, version commands and release archives."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass

from meshwright.errors import MeshwrightError
from meshwright.pins import load_pins


@dataclass(frozen=True)
class Platform:
    """An operating system and architecture, in Go's names (GOOS, GOARCH)."""

    os: str
    arch: str

    def __str__(self) -> str:
        return f"{self.os}-{self.arch}"


@dataclass(frozen=True)
class ToolSpec:
    """One tool; ``asset`` and ``member`` are templates of version, os and arch.

    ``module`` is the Go module whose version is pinned, ``package`` the main package inside it.
    ``build_time`` says how long a cold build takes on two cores, so that it does not seem to hang.
    """

    name: str
    module: str
    package: str
    version_arguments: tuple[str, ...]
    asset: str
    member: str
    build_time: str

    @property
    def variable(self) -> str:
        """The environment variable that names an explicit path."""
        return f"MESHWRIGHT_{self.name.upper()}"

    def url(self, version: str, platform: Platform) -> str:
        """Where the tool's project publishes the archive."""
        return self.asset.format(version=version, os=platform.os, arch=platform.arch)

    def archive_member(self, platform: Platform) -> str:
        """The executable's name inside that archive."""
        return self.member.format(os=platform.os, arch=platform.arch)


TOOLS: dict[str, ToolSpec] = {
    spec.name: spec
    for spec in (
        ToolSpec(
            name="kustomize",
            module="sigs.k8s.io/kustomize/kustomize/v5",
            package="sigs.k8s.io/kustomize/kustomize/v5",
            version_arguments=("version",),
            # The tag contains a slash, which is encoded in the URL.
            asset="https://github.com/kubernetes-sigs/kustomize/releases/download/"
            "kustomize%2F{version}/kustomize_{version}_{os}_{arch}.tar.gz",
            member="kustomize",
            build_time="about a minute",
        ),
        ToolSpec(
            name="kubeconform",
            module="github.com/yannh/kubeconform",
            package="github.com/yannh/kubeconform/cmd/kubeconform",
            version_arguments=("-v",),
            asset="https://github.com/yannh/kubeconform/releases/download/"
            "{version}/kubeconform-{os}-{arch}.tar.gz",
            member="kubeconform",
            build_time="a few seconds",
        ),
        ToolSpec(
            name="helm",
            module="helm.sh/helm/v4",
            package="helm.sh/helm/v4/cmd/helm",
            version_arguments=("version", "--short"),
            asset="https://get.helm.sh/helm-{version}-{os}-{arch}.tar.gz",
            member="{os}-{arch}/helm",
            build_time="a few minutes",
        ),
    )
}

_ARCHITECTURES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64", "armv7l": "arm"}


def tool_spec(name: str) -> ToolSpec:
    """The tool of that name. Raises MeshwrightError for an unknown one."""
    try:
        return TOOLS[name]
    except KeyError:
        raise MeshwrightError(f"there is no tool {name!r}; the tools are {', '.join(TOOLS)}") from None


def wanted_version(name: str) -> str:
    """The pinned version of a tool, such as v5.8.1 (template/includes/pins.yml)."""
    return load_pins().tools[tool_spec(name).name]


def host_platform() -> Platform:
    """The platform this process runs on."""
    system = "windows" if sys.platform == "win32" else sys.platform
    machine = os.uname().machine if hasattr(os, "uname") else os.environ.get("PROCESSOR_ARCHITECTURE", "")
    machine = machine.lower()
    return Platform(system, _ARCHITECTURES.get(machine, machine))
