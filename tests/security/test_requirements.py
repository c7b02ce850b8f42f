"""What is installed comes by its hash, and nothing of a stranger's folder runs while it is."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from scripts import requirements
from scripts.requirements import ROOT


def test_the_installation_looks_at_no_module_of_the_folder_it_starts_in() -> None:
    script = (ROOT / "scripts/install.sh").read_text(encoding="utf-8")
    assert re.findall(r"^.*(?:python3?\}?\") (?!-I ).*$", script, re.MULTILINE) == []
    installs = re.findall(r"^pip install (.+)$", script, re.MULTILINE)
    assert len(installs) == 2
    assert all("--require-hashes" in line or "--no-index" in line for line in installs)


def test_the_installation_starts_nothing_of_a_strangers_folder(tmp_path: Path) -> None:
    """``python -m venv`` would run the repository's own ``venv/``, as ``import json`` its ``json.py``."""
    folder, canary = tmp_path / "repository", tmp_path / "canary"
    for name in ("venv/__init__.py", "venv/__main__.py", "pip/__main__.py", "json.py", "sitecustomize.py"):
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"open({str(canary)!r}, 'a').write('ran')\n")
    # No index and no package at hand: it ends at the first package, having started Python three times.
    ended = subprocess.run(
        [ROOT / "scripts/install.sh", tmp_path / "made"],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "PIP_NO_INDEX": "1", "PYTHON": sys.executable, "PYTHONPATH": "."},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert "annotated-doc" in ended.stderr
    assert not canary.exists()


@pytest.mark.parametrize("name", requirements.FILES)
def test_requirements_are_those_of_the_lock(name: str) -> None:
    text = (requirements.FOLDER / name).read_text(encoding="utf-8")
    assert text == requirements.export(name), "run make requirements"
    assert_pinned_by_hash(text)


def assert_pinned_by_hash(text: str) -> None:
    packages = re.findall(r"^[^\s#].*?(?=^[^\s#]|\Z)", text, re.MULTILINE | re.DOTALL)
    assert packages
    assert all(re.match(r"[\w.-]+==\S+", package) for package in packages)
    assert all("--hash=sha256:" in package for package in packages)


def test_the_oldest_copier_is_the_templates_with_all_else_from_the_lock() -> None:
    text = (requirements.FOLDER / requirements.OLDEST).read_text(encoding="utf-8")
    assert_pinned_by_hash(text)
    locked = requirements.blocks(requirements.export("install.txt"))
    packages = requirements.blocks(text)
    other = {name: block for name, block in packages.items() if block != locked.get(name)}
    assert other.keys() == {"copier", "pathspec"}, "run make requirements"
    oldest = yaml.safe_load((ROOT / "copier.yml").read_text(encoding="utf-8"))["_min_copier_version"]
    assert other["copier"].startswith(f"copier=={oldest} ")
    assert f'"copier>={oldest}"' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert other["pathspec"].startswith("pathspec==0.")


def test_a_file_of_requirements_is_written_only_when_it_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """make compares times: a file that is written again makes it install everything again."""
    monkeypatch.setattr(requirements, "FOLDER", tmp_path)
    monkeypatch.setattr(requirements, "oldest_copier", lambda _: "a\n")
    requirements.main()
    for file in tmp_path.iterdir():
        os.utime(file, (1, 1))
    (tmp_path / "install.txt").write_text("old\n")

    requirements.main()

    written = [file.name for file in tmp_path.iterdir() if file.stat().st_mtime > 1]
    assert written == ["install.txt"]
    assert (tmp_path / "install.txt").read_text() == requirements.export("install.txt")


def test_every_file_of_requirements_is_looked_at() -> None:
    names = {path.name for path in requirements.FOLDER.iterdir()}
    assert names == {*requirements.FILES, requirements.OLDEST}


def test_the_makefile_gets_packages_by_their_hashes() -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    installs = [line for line in text.splitlines() if "pip install" in line and not line.startswith("#")]
    assert len(installs) == 2
    for line in installs:
        assert "--require-hashes" in line
        assert "--only-binary :all:" in line
