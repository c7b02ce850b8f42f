"""What is published: a wheel and an sdist whose metadata a package index takes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml
from packaging.metadata import Metadata
from packaging.requirements import Requirement

from scripts import sbom

_REPOSITORY = "https://github.com/meshwright/meshwright"


@pytest.fixture(scope="module")
def built(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist, unpacked too, and a wheel made from what was unpacked."""
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "hatchling", "build", "-d", str(folder)]
    subprocess.run([*build, "-t", "sdist"], cwd=root, check=True, capture_output=True)
    [sdist] = folder.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    [unpacked] = [path for path in folder.iterdir() if path.is_dir()]
    subprocess.run([*build, "-t", "wheel"], cwd=unpacked, check=True, capture_output=True)
    return folder


def _metadata(built: Path) -> dict[str, bytes]:
    [wheel], [sdist] = built.glob("*.whl"), built.glob("*/PKG-INFO")
    with zipfile.ZipFile(wheel) as archive:
        [name] = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        return {"wheel": archive.read(name), "sdist": sdist.read_bytes()}


@pytest.mark.parametrize("kind", ["wheel", "sdist"])
def test_an_index_takes_the_metadata(built: Path, root: Path, kind: str) -> None:
    # Raises for every field that is unknown, malformed or at odds with the metadata version.
    metadata = Metadata.from_email(_metadata(built)[kind], validate=True)

    assert metadata.name == "meshwright"
    assert metadata.requires_python is not None
    assert str(metadata.requires_python) == ">=3.11"
    assert metadata.license_files == ["LICENSE", "NOTICE"]
    assert metadata.description_content_type == "text/markdown"
    assert metadata.description == (root / "README.md").read_text(encoding="utf-8")
    assert metadata.project_urls is not None
    assert {"Homepage", "Documentation", "Changelog", "Issues", "Security"} <= metadata.project_urls.keys()
    assert all(url.startswith(_REPOSITORY) for url in metadata.project_urls.values())


def test_links_name_files_that_are_here(root: Path) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]

    for url in project["urls"].values():
        below = url.removeprefix(_REPOSITORY)
        for form in ("/tree/main/", "/blob/main/"):
            if below.startswith(form):
                assert (root / below.removeprefix(form)).exists(), url


def test_classifiers_agree_with_the_rest(root: Path) -> None:
    """hatchling refuses a classifier that does not exist; here they are held to what the project says."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    action = yaml.safe_load((root / "action.yml").read_text(encoding="utf-8"))
    stated = {line.rsplit(" :: ", 1)[1] for line in project["classifiers"] if "Python :: 3." in line}

    assert min(stated, key=lambda it: int(it.partition(".")[2])) == project["requires-python"][2:]
    assert action["runs"]["steps"][0]["with"]["python-version"] in stated


def test_the_sdist_makes_the_same_wheel(built: Path, root: Path, tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=root, check=True, capture_output=True)

    contents = []
    for folder in (built, tmp_path):
        [wheel] = folder.glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            contents.append({name: archive.read(name) for name in archive.namelist()})

    assert contents[0] == contents[1]


def test_a_wheel_alone_makes_a_repository(built: Path, tmp_path: Path) -> None:
    """Without the checkout and without a network: the template comes from the wheel, and so does its tag."""
    [wheel] = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    command = [sys.executable, "-P", "-c", "from meshwright.cli import main; main()"]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site"), "https_proxy": "http://127.0.0.1:9"}

    done = subprocess.run(
        [*command, "new", "home", "--defaults", "--no-check"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )

    answers = (tmp_path / "home/.copier-answers.yml").read_text(encoding="utf-8")
    assert f'\n_commit: "v0.1.0"\n_src_path: "{_REPOSITORY}.git"\n' in answers
    assert "checkout" not in done.stderr


def test_the_sbom_names_each_package_of_an_installation(root: Path) -> None:
    content = json.loads(sbom.sbom())
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = {Requirement(text).name for text in project["dependencies"]}
    found = {component["name"]: component for component in content["components"]}

    assert content["metadata"]["component"]["purl"] == f"pkg:pypi/meshwright@{project['version']}"
    assert needed <= found.keys()
    assert "pytest" not in found
    for name, component in found.items():
        assert component["purl"] == f"pkg:pypi/{name}@{component['version']}", name
        assert any(reference["hashes"] for reference in component["externalReferences"]), name
    assert sbom.sbom() == json.dumps(content, indent=2, ensure_ascii=False) + "\n", (
        "the same lock, the same bytes"
    )
