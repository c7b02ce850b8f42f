"""Render every example anew, examples/NAME.yml -> examples/NAME/, and the picture of one.

A file has the answers of one cluster. Or it has `repository`, the answers of the first cluster,
`clusters`, what the others answer differently, and `mesh`, what is added to mesh.yaml of an application.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from meshwright import __version__
from meshwright.apps.generate import generate
from meshwright.commands.staged import staged_change
from meshwright.errors import MeshwrightError
from meshwright.fleet.adding import AddRequest, add
from meshwright.graph.data import graph_data
from meshwright.graph.svg import render_svg
from meshwright.scaffold import render
from meshwright.yaml import parse

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = ROOT / "examples"
PICTURE = ROOT / "docs/graph/order.svg"
_IDENTITY = ("-c", "user.name=Example", "-c", "user.email=example@example.org", "-c", "commit.gpgsign=false")


def is_fleet(answers: Mapping[str, Any]) -> bool:
    """Whether the example has several clusters."""
    return "clusters" in answers


def build(answers: Mapping[str, Any], destination: Path) -> None:
    """Render an example into ``destination``, which must not exist. Raises MeshwrightError."""
    if not is_fleet(answers):
        render(answers, destination)
        return
    with tempfile.TemporaryDirectory() as scratch:
        template, repository = Path(scratch) / "template", Path(scratch) / "repository"
        _release(template)
        render(answers["repository"], repository)
        _commit(repository)
        for name, others in answers["clusters"].items():
            _add(repository, name, others, template)
        for name, more in answers["mesh"].items():
            with (repository / "apps" / name / "mesh.yaml").open("a", encoding="utf-8") as file:
                file.write(yaml.safe_dump(more, sort_keys=False))
        outcome = generate(repository, check=False, force=False, remember=False)
        if outcome.has_errors:
            raise MeshwrightError(str(outcome.findings))
        shutil.copytree(repository, destination, ignore=shutil.ignore_patterns(".git", ".cache"))


def _release(template: Path) -> None:
    """The template as a repository with the tag of this version."""
    template.mkdir()
    shutil.copy(ROOT / "copier.yml", template)
    shutil.copytree(ROOT / "template", template / "template")
    _commit(template)
    _git(template, "tag", f"v{__version__}")


def _add(repository: Path, name: str, answers: Mapping[str, Any], template: Path) -> None:
    given = {key: str(value) for key, value in answers.items()}
    request = AddRequest(repository, name, None, given, str(template))
    with staged_change(
        repository, lambda scratch, renderer: add(request, scratch, renderer), preview=False, force=False
    ) as (result, written):
        if not written:
            raise MeshwrightError("\n".join(str(finding) for finding in result.findings))
    _commit(repository)


def _commit(folder: Path) -> None:
    _git(folder, "init", "--quiet")
    _git(folder, "add", "--all")
    _git(folder, "commit", "--quiet", "--message=example")


def _git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", *_IDENTITY, *arguments], cwd=folder, check=True)


def examples() -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The name and the answers of every example."""
    for file in sorted(EXAMPLES.glob("*.yml")):
        yield file.stem, parse(file.read_text(encoding="utf-8"), file.name)


def main() -> None:
    for name, answers in examples():
        with tempfile.TemporaryDirectory() as scratch:
            build(answers, Path(scratch) / "repository")
            shutil.rmtree(EXAMPLES / name, ignore_errors=True)
            shutil.copytree(Path(scratch) / "repository", EXAMPLES / name)
        print(f"examples/{name}:", sum(path.is_file() for path in (EXAMPLES / name).rglob("*")), "files")
    PICTURE.write_text(render_svg(graph_data(EXAMPLES / "pi-cluster"), "apps"), encoding="utf-8")


if __name__ == "__main__":
    main()
