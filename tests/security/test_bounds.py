"""Hostile input ends soon, with a finding that names the limit and the option that raises it."""

from __future__ import annotations

import io
import re
import tarfile
import time
from pathlib import Path

import pytest

from security.hostile import Canaries
from security.test_kustomize import APPLICATION, CHART, git, meshwright

# Seconds more than an honest repository may take.
MOST = 60


def checked(watched: Canaries, *arguments: str) -> tuple[str, int]:
    began = time.monotonic()
    ended = meshwright("check", "--no-cache", *arguments, ".", folder=watched.repository)
    assert time.monotonic() - began < MOST
    assert "Traceback" not in ended.stdout + ended.stderr
    return ended.stdout, ended.returncode


def application(watched: Canaries, files: dict[str, str]) -> None:
    git("init", "-q", folder=watched.repository)
    git("remote", "add", "origin", "https://git.example.org/us.git", folder=watched.repository)
    watched.write({"argocd/app.yaml": APPLICATION, **CHART, **files})


def test_folders_that_double_at_each_level(watched: Canaries) -> None:
    levels = 18
    for level in range(levels):
        below = f"[../a{level + 1}, ../b{level + 1}]" if level < levels - 1 else "[cm.yaml]"
        for side in "ab":
            watched.write({f"{side}{level}/kustomization.yaml": f"resources: {below}\n"})
    watched.write({f"{side}{levels - 1}/cm.yaml": CHART["app/cm.yaml"] for side in "ab"})

    said, code = checked(watched)

    assert code == 1
    assert "includes 262,143 folders" in said
    assert "--limit folders=262143" in said


def test_a_great_many_objects_in_one_file(watched: Canaries) -> None:
    objects = (
        f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c{number}}}\n" for number in range(20_000)
    )
    watched.write(
        {"app/kustomization.yaml": "resources: [all.yaml]\n", "app/all.yaml": "---\n".join(objects)}
    )

    said, code = checked(watched)

    assert code == 1
    assert "includes up to 20,000 objects in one build" in said
    assert "--limit objects=20000" in said


def test_one_file_that_is_taken_in_a_thousand_times(watched: Canaries) -> None:
    entries = "".join(f"- {{name: g{number}, files: [big.txt]}}\n" for number in range(1000))
    watched.write(
        {"app/kustomization.yaml": f"configMapGenerator:\n{entries}", "app/big.txt": "x\n" * 400_000}
    )

    said, code = checked(watched)

    assert code == 1
    assert "app/kustomization.yaml" in said


def test_kustomizations_without_end_below_each_other(watched: Canaries) -> None:
    for level in range(300):
        watched.write({f"d{level}/kustomization.yaml": f"resources: [../d{level + 1}]\n"})
    watched.write({"d300/kustomization.yaml": "resources: [cm.yaml]\n", "d300/cm.yaml": CHART["app/cm.yaml"]})

    said, code = checked(watched)

    assert code == 1
    assert "and is not read" in said


ENDLESS = {
    "build": "{{ $_ := sha256sum (toString $i) }}",
    "memory": "{{ sha256sum (toString $i) }}",
}


@pytest.mark.parametrize("limit", ENDLESS)
def test_a_template_without_end(limit: str, watched: Canaries) -> None:
    loops = "{{- range $i := until 100000 }}{{ range $j := until 100000 }}"
    endless = f"{loops}{ENDLESS[limit]}{{{{ end }}}}{{{{ end }}}}\n"
    application(
        watched,
        {
            "app/kustomization.yaml": "helmCharts: [{name: foo, version: 1.0.0, releaseName: foo}]\n",
            "app/charts/foo/templates/endless.yaml": endless,
        },
    )

    said, code = checked(watched)

    assert code == 1
    # On a busy machine the time may be over before the memory is.
    assert re.search(rf"--limit (build|{limit})=", said)
    # What else is there is still looked at.
    assert "2 roots" in said


def bomb(file: Path, megabytes: int) -> None:
    """A chart whose archive is small and unpacks to much."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(file, "w:gz", compresslevel=9) as archive:
        for name in ("Chart.yaml", "values.yaml"):
            content = CHART[f"app/charts/foo/{name}"].encode()
            entry = tarfile.TarInfo(f"foo/{name}")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
        entry = tarfile.TarInfo("foo/files/zeros")
        entry.size = megabytes * 2**20
        archive.addfile(entry, io.BytesIO(bytes(entry.size)))


def test_an_archive_that_unpacks_to_much(watched: Canaries) -> None:
    application(
        watched, {"app/kustomization.yaml": "helmCharts: [{name: foo, version: 2.0.0, releaseName: foo}]\n"}
    )
    bomb(watched.repository / "app/charts/foo-2.0.0.tgz", 300)

    said, _ = checked(watched)

    assert "contains more than 256 MiB" in said
    assert "--limit unpacked=512" in said


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
def test_an_archive_with_more_than_files(kind: bytes, watched: Canaries) -> None:
    application(
        watched, {"app/kustomization.yaml": "helmCharts: [{name: foo, version: 2.0.0, releaseName: foo}]\n"}
    )
    file = watched.repository / "app/charts/foo-2.0.0.tgz"
    bomb(file, 0)
    with tarfile.open(file, "w:gz") as archive:
        entry = tarfile.TarInfo("foo/files/x")
        entry.type, entry.linkname = kind, str(watched.secret)
        archive.addfile(entry)

    said, _ = checked(watched)

    watched.assert_silent(said)
    assert "is not a regular file" in said


@pytest.mark.parametrize(
    "name", ["../../outside/new", "/tmp/canary-of-an-archive", "foo/../../../outside/new"]
)
def test_an_archive_that_leaves_its_folder(name: str, watched: Canaries) -> None:
    application(
        watched, {"app/kustomization.yaml": "helmCharts: [{name: foo, version: 2.0.0, releaseName: foo}]\n"}
    )
    file = watched.repository / "app/charts/foo-2.0.0.tgz"
    file.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(file, "w:gz") as archive:
        entry = tarfile.TarInfo(name)
        entry.size = 2
        archive.addfile(entry, io.BytesIO(b"hi"))

    said, _ = checked(watched)

    watched.assert_silent(said)
    assert "is outside the chart's folder" in said
    assert not Path("/tmp/canary-of-an-archive").exists()


def test_a_file_that_is_too_large(watched: Canaries) -> None:
    generators = "configMapGenerator: [{name: g, files: [big.txt]}]\n"
    watched.write({"app/kustomization.yaml": generators, "app/big.txt": "x" * (11 * 2**20)})

    said, code = checked(watched)
    raised, code_raised = checked(watched, "--limit", "file=12")

    assert (code, code_raised) == (1, 0)
    assert "'app/big.txt' is larger than 10 MiB" in said
    assert "--limit file=20" in said
    assert "0 findings" in raised
