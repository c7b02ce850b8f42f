"""CRDs from pinned Go modules, read out of the module cache that ``go mod download`` fills."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from meshwright.yaml import parse, parse_all
from scripts.schemas.resource import Schema, resource
from scripts.schemas.sharing import share
from scripts.schemas.structural import json_schema

SOURCES = Path(__file__).with_name("sources.yml")


@dataclass(frozen=True)
class Source:
    """One module; of two ``paths`` that define the same kind and version, the first wins.

    ``pinned`` is the version in pins.yml that ``version`` stands for, if it is another one.
    """

    module: str
    version: str
    licence: str
    paths: tuple[str, ...]
    pinned: str = ""


def load_sources() -> list[Source]:
    """What sources.yml lists."""
    entries = parse(SOURCES.read_text(encoding="utf-8"), SOURCES.name)["modules"]
    return [Source(**{**entry, "paths": tuple(entry["paths"])}) for entry in entries]


def module_kinds() -> Iterator[tuple[PurePosixPath, Schema]]:
    """Path below schema/ and schema of every version that the CRDs of sources.yml serve.

    Raises RuntimeError when a module cannot be had, or a path in it has no CRD.
    """
    taken: set[PurePosixPath] = set()
    for source in load_sources():
        folder = _download(source)
        for path in source.paths:
            for definition in _definitions(folder, path):
                for file, schema in kinds(definition):
                    if file not in taken:
                        taken.add(file)
                        yield file, schema


def kinds(definition: dict[str, Any]) -> Iterator[tuple[PurePosixPath, Schema]]:
    """Path and schema of each version that a CustomResourceDefinition serves."""
    group, kind = definition["spec"]["group"], definition["spec"]["names"]["kind"]
    for version in definition["spec"]["versions"]:
        if version["served"]:
            body = version["schema"]["openAPIV3Schema"]
            metadata = body.get("properties", {}).get("metadata", {})
            schema = json_schema(body)
            schema.setdefault("properties", {})["metadata"] = metadata
            yield (
                file_name(group, version["name"], kind),
                share(resource(group, version["name"], kind, schema)),
            )


def file_name(group: str, version: str, kind: str) -> PurePosixPath:
    """What kubeconform makes of ``{{.Group}}/{{.ResourceKind}}_{{.ResourceAPIVersion}}.json``."""
    return PurePosixPath("crds", group, f"{kind.lower()}_{version}.json")


def _download(source: Source) -> Path:
    wanted = f"{source.module}@{source.version}"
    run = subprocess.run(
        ["go", "mod", "download", "-json", wanted], capture_output=True, text=True, check=False
    )
    answer = json.loads(run.stdout) if run.stdout else {"Error": run.stderr}
    if "Dir" not in answer:
        raise RuntimeError(f"{wanted}: {answer['Error'].strip()}")
    return Path(answer["Dir"])


def _definitions(folder: Path, path: str) -> Iterator[dict[str, Any]]:
    place = folder / path
    files = [place] if place.is_file() else sorted(place.glob("*.y*ml"))
    found = False
    for file in files:
        for document in parse_all(file.read_text(encoding="utf-8"), file.name):
            if document.get("kind") == "CustomResourceDefinition":
                found = True
                yield document
    if not found:
        raise RuntimeError(f"{folder.name}: no CustomResourceDefinition under {path}")
