"""The real programs: wrapper modules with pinned versions, built one after the other into a cache.

    python -m engine.builds [NAME...]     builds what is missing and shows the progress

A program's cache key is the hash of its module's files, its flags and Go's version.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from platformdirs import user_cache_path

MODULES = Path(__file__).resolve().parent / "modules"
ENVIRONMENT = {
    "GOTOOLCHAIN": "local",
    "CGO_ENABLED": "0",
    "GOFLAGS": "-mod=readonly -trimpath -buildvcs=false",
    "GOWORK": "off",
}
KUBERNETES = "1.36.3"
LINKERD = "edge-26.1.1"
ARGO_CD = "3.5.7"


class BuildError(Exception):
    """A program could not be had; the message says which and why, in Go's own words."""


@dataclass(frozen=True)
class Edit:
    """Text of a module's file that is another while its program is built; the module stays as it is."""

    module: str
    path: str
    old: str
    new: str


@dataclass(frozen=True)
class Program:
    """One program: its module's folder, the package to build, what the linker writes into it, and edits."""

    name: str
    package: str = "."
    variables: tuple[str, ...] = ()
    edits: tuple[Edit, ...] = ()

    @property
    def folder(self) -> Path:
        return MODULES / self.name

    def flags(self) -> str:
        """For the linker: no symbols, and the variables."""
        return " ".join(["-s -w", *(f"-X {one}" for one in self.variables)])


_VERSION = "k8s.io/component-base/version."
_ARGO_CD = "github.com/argoproj/argo-cd/v3"
_SYNC, _DIFF = "controller/sync.go", "util/argo/diff/diff.go"
PROGRAMS = (
    Program("kwok", "sigs.k8s.io/kwok/cmd/kwok"),
    # Without these, charts that ask for the cluster's version are refused.
    Program(
        "kubelite",
        variables=(f"{_VERSION}gitVersion=v{KUBERNETES}", f"{_VERSION}gitMajor=1", f"{_VERSION}gitMinor=36"),
    ),
    Program("kustomize-controller", "github.com/fluxcd/kustomize-controller"),
    Program("source-controller", "github.com/fluxcd/source-controller"),
    Program("helm-controller", "github.com/fluxcd/helm-controller"),
    Program(
        "linkerd",
        "github.com/linkerd/linkerd2/controller/cmd",
        (f"github.com/linkerd/linkerd2/pkg/version.Version={LINKERD}",),
    ),
    Program("trust-manager", "github.com/cert-manager/trust-manager/cmd/trust-manager"),
    Program("cert-manager"),
    # What a person encrypts Secrets with (docs/secrets.md).
    Program("age-keygen", "filippo.io/age/cmd/age-keygen"),
    Program("sops", "github.com/getsops/sops/v3/cmd/sops"),
    # What Pod Security and Linkerd's injector say of a pod, without a cluster (make charts).
    Program("podsecurity"),
    Program("inject"),
    # Its engine is a module of its own that no release requires by a version. The only one that the module
    # proxy serves is three weeks younger than the release's branch: four of its calls take a context by now.
    Program(
        "argo-cd",
        variables=(f"{_ARGO_CD}/common.version={ARGO_CD}",),
        edits=(
            Edit(_ARGO_CD, _SYNC, "syncCtx.Terminate()", "syncCtx.Terminate(context.TODO())"),
            Edit(_ARGO_CD, _SYNC, "syncCtx.Sync()", "syncCtx.Sync(context.TODO())"),
            Edit(_ARGO_CD, _DIFF, "import (", 'import (\n\t"context"'),
            Edit(_ARGO_CD, _DIFF, "diff.DiffArray(", "diff.DiffArray(context.TODO(), "),
            Edit(_ARGO_CD, _DIFF, "diff.Diff(", "diff.Diff(context.TODO(), "),
        ),
    ),
)


# Modules of which files are read, CRDs and charts, by the program or folder that pins them.
READ = {
    "gateway-api": "sigs.k8s.io/gateway-api",
    "linkerd": "github.com/linkerd/linkerd2",
    "argo-cd": _ARGO_CD,
    **{name: f"github.com/cert-manager/{name}" for name in ("cert-manager", "trust-manager")},
    **{
        f"{name}-controller": f"github.com/fluxcd/{name}-controller"
        for name in ("source", "kustomize", "helm")
    },
}


def binary(name: str) -> Path:
    """Where a program is, built or not.

    Raises:
        BuildError: no program has that name, or Go cannot be asked for its version.
    """
    program = next((one for one in PROGRAMS if one.name == name), None)
    if program is None:
        raise BuildError(f"no program {name}")
    told = [_go_version(), program.package, program.flags(), *map(str, program.edits)]
    digest = hashlib.sha256("".join(f"{line}\n" for line in told).encode())
    for file in ("go.mod", "go.sum", "main.go"):
        path = program.folder / file
        digest.update(path.read_bytes() if path.exists() else b"-")
    return user_cache_path("meshwright") / "engine" / f"{name}-{digest.hexdigest()[:16]}" / name


def build(names: tuple[str, ...] = ()) -> dict[str, Path]:
    """Build what is missing, one after the other, and say how it goes on stderr.

    With all of them, fetch the modules of which files are read, too: later there is no network.

    Raises:
        BuildError: a download or a build failed.
    """
    wanted = [one for one in PROGRAMS if not names or one.name in names]
    if not names or not all(binary(one.name).exists() for one in wanted):
        _build_missing(wanted, () if names else READ.items())
    return {one.name: binary(one.name) for one in wanted}


def _build_missing(wanted: list[Program], read: Iterable[tuple[str, str]]) -> None:
    """Build under a lock, since two builds side by side would do the same work."""
    place = user_cache_path("meshwright") / "engine"
    place.mkdir(parents=True, exist_ok=True)
    with (place / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for number, program in enumerate(wanted, start=1):
            if not binary(program.name).exists():
                _build(program, f"[{number}/{len(wanted)}] {program.name}")
        for name, module in read:
            _module_folder(name, module)


def module_folder(name: str) -> Path:
    """The sources of one of the modules that are read, at the version that is pinned."""
    return _module_folder(name, READ[name])


def _module_folder(program: str, module: str) -> Path:
    found = _go(MODULES / program, "list", "-m", "-json", module)
    directory = json.loads(found.stdout).get("Dir") if found.returncode == 0 else None
    if not directory:
        _download(MODULES / program, module)
        directory = json.loads(_go(MODULES / program, "list", "-m", "-json", module).stdout)["Dir"]
    return Path(directory)


def _build(program: Program, title: str) -> None:
    target = binary(program.name)
    target.parent.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    print(f"{title}: downloading", file=sys.stderr, flush=True)
    _download(program.folder)
    print(f"{title}: building", file=sys.stderr, flush=True)
    # The module's own files must stay as they are: a version that moved is an error, not a surprise.
    with tempfile.TemporaryDirectory(dir=target.parent) as copies:
        edited = [f"-modfile={_edited(program, Path(copies))}"] if program.edits else []
        flags = ["-ldflags", program.flags(), "-o", f"{target}.new"]
        built = _go(program.folder, "build", *edited, *flags, program.package)
    if built.returncode:
        raise BuildError(f"{program.name}: go build {program.package} failed:\n{built.stderr.strip()}")
    Path(f"{target}.new").replace(target)
    print(
        f"{title}: {time.monotonic() - started:.0f} s, {target.stat().st_size >> 20} MB",
        file=sys.stderr,
        flush=True,
    )


def _edited(program: Program, folder: Path) -> Path:
    """Copy the modules that are edited, and write the go.mod that leads to the copies."""
    texts: dict[str, list[Edit]] = {}
    for edit in program.edits:
        texts.setdefault(edit.module, []).append(edit)
    listed = (program.folder / "go.mod").read_text()
    for number, (module, edits) in enumerate(texts.items()):
        copied = folder / f"module-{number}"
        shutil.copytree(_module_folder(program.name, module), copied, copy_function=shutil.copyfile)
        for edit in edits:
            path = copied / edit.path
            text = path.read_text()
            if edit.old not in text:
                raise BuildError(f"{program.name}: {edit.path} of {module} has no {edit.old!r}")
            path.write_text(text.replace(edit.old, edit.new))
        listed += f"\nreplace {module} => {copied}\n"
    (folder / "go.mod").write_text(listed)
    shutil.copyfile(program.folder / "go.sum", folder / "go.sum")
    return folder / "go.mod"


def _download(folder: Path, *modules: str) -> None:
    fetched = _go(folder, "mod", "download", *modules)
    if fetched.returncode:
        raise BuildError(f"{folder.name}: go mod download failed:\n{fetched.stderr.strip()}")


def _go(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["go", *arguments],
        cwd=folder,
        env={**os.environ, **ENVIRONMENT},
        capture_output=True,
        text=True,
        check=False,
    )


@cache
def _go_version() -> str:
    try:
        return subprocess.run(
            ["go", "env", "GOVERSION"], capture_output=True, text=True, check=True
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError) as error:
        raise BuildError(f"go cannot be run: {error}") from error


if __name__ == "__main__":
    try:
        build(tuple(sys.argv[1:]))
    except BuildError as failure:
        sys.exit(str(failure))
