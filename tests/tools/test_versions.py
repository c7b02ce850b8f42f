"""Which version stands in for a pin, and how an executable's version is learnt."""

from __future__ import annotations

from pathlib import Path

import pytest

from meshwright.tools.catalog import TOOLS, wanted_version
from meshwright.tools.versions import ask_version, fits, parse_version


@pytest.mark.parametrize(
    ("said", "version"),
    [
        ("v5.8.1\n", "v5.8.1"),
        ("0.8.0", "v0.8.0"),
        ("v4.2.4+gabc1234", "v4.2.4"),
        ("{kustomize/v4.5.7  2022-08-02T16:35:54Z  linux/amd64  }", "v4.5.7"),
        ("v5.9.0-rc.1", "v5.9.0-rc.1"),
        ("development", None),
        ("v4.2", None),
        ("(devel)", None),
        ("", None),
    ],
)
def test_reads_what_the_tools_say(said: str, version: str | None) -> None:
    parsed = parse_version(said)
    assert (str(parsed) if parsed else None) == version


@pytest.mark.parametrize(
    ("found", "wanted", "expected"),
    [
        ("v5.8.1", "v5.8.1", True),
        ("v5.8.12", "v5.8.1", True),
        ("v5.8.0", "v5.8.1", False),
        ("v5.9.1", "v5.8.1", False),
        ("v6.8.1", "v5.8.1", False),
        ("v0.9.0", "v0.8.0", False),
        ("v5.8.2-rc.1", "v5.8.1", False),
        ("v5.8.2-rc.1", "v5.8.2-rc.1", True),
        ("unknown", "v5.8.1", False),
    ],
)
def test_same_minor_and_no_older_patch_fits(found: str, wanted: str, expected: bool) -> None:
    assert fits(found, wanted) is expected


def _answering(folder: Path, name: str, body: str, behind: bytes = b"") -> Path:
    path = folder / name
    path.write_bytes(b"#!/bin/sh\n" + body.encode() + b"\nexit\n" + behind)
    path.chmod(0o755)
    return path


def test_build_information_speaks_for_a_tool_that_does_not_know_its_version(tmp_path: Path) -> None:
    line = b"\npath\tgithub.com/x\nmod\tgithub.com/yannh/kubeconform\tv0.8.0\th1:x=\n"
    tool = _answering(tmp_path, "kubeconform", "echo development", line)
    assert ask_version(TOOLS["kubeconform"], tool) == "v0.8.0"


def test_build_information_of_another_module_says_nothing(tmp_path: Path) -> None:
    tool = _answering(tmp_path, "helm", "echo v4.2", b"\nmod\texample.org/helm\tv4.2.4\t\n")
    assert ask_version(TOOLS["helm"], tool) == "unknown"


def test_what_a_failing_tool_prints_is_not_its_version(tmp_path: Path) -> None:
    tool = _answering(tmp_path, "kustomize", "echo v5.8.1; exit 1")
    assert ask_version(TOOLS["kustomize"], tool) == "unknown"


def test_a_file_that_does_not_start_is_of_unknown_version(tmp_path: Path) -> None:
    tool = tmp_path / "kustomize"
    tool.write_bytes(b"\x00\x01")
    tool.chmod(0o755)
    assert ask_version(TOOLS["kustomize"], tool) == "unknown"


@pytest.mark.parametrize("name", TOOLS)
def test_module_path_fits_the_pins_major(name: str) -> None:
    pinned = parse_version(wanted_version(name))
    assert pinned is not None
    expected = f"/v{pinned.major}" if pinned.major > 1 else "kubeconform"
    assert TOOLS[name].module.endswith(expected)
