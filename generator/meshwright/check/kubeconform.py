"""One kubeconform process over everything that was submitted."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from meshwright.check.recall import CheckMemory
from meshwright.check.schemas import Schemas
from meshwright.check.submission import Submission
from meshwright.errors import MeshwrightError
from meshwright.manifests.finding import Finding
from meshwright.tools import Tool, locate

_SECONDS = 300
# What is no Kubernetes object travels as the only field of one, with a schema that points to its own.
_WRAPPER = "meshwright.wrapped/v1"


# kubeconform names a document by file, kind, name and version; to open a file costs more than to judge ten.
_A_FILE = 100
_Identity = tuple[str, str, str]


class Kubeconform:
    """Writes submissions to files, many objects to one, and maps the results back."""

    def __init__(self, schemas: Schemas, workspace: Path, memory: CheckMemory | None = None) -> None:
        self._memory = memory
        self._schemas = schemas
        self._data = workspace / "submitted"
        self._wrappers = workspace / "wrappers"
        self._workspace = workspace

    def judge(self, submissions: Iterable[Submission]) -> tuple[list[Finding], Tool | None]:
        """Findings about everything that was refused, and the tool if it was needed."""
        items = list(submissions)
        if not items:
            return [], None
        texts = [json.dumps(item.data, default=str) for item in items]
        tool = locate("kubeconform")
        verdicts = self._verdicts(items, texts)
        waiting = [number for number in range(len(items)) if not self._is_known(verdicts, number)]
        if not waiting:
            return [], tool
        findings: list[Finding] = []
        items = [items[number] for number in waiting]
        places = self._write(items, [texts[number] for number in waiting])
        refused: set[int] = set()
        for result in self._run(tool):
            file = Path(str(result["filename"])).stem
            here = (str(result.get("kind")), str(result.get("name")), str(result.get("version")))
            number = places.get((file, here), places.get((file, None)))
            if number is None:
                raise MeshwrightError(f"kubeconform speaks of {here}, which it was not given")
            refused.add(number)
            item = items[number]
            findings.extend(item.explain(" ".join(str(result.get("msg", "")).split())))
        if self._memory is not None:
            for place, number in enumerate(waiting):
                if place not in refused:
                    self._memory.keep_valid(verdicts[number])
        return findings, tool

    def _verdicts(self, items: list[Submission], texts: list[str]) -> list[str]:
        if self._memory is None:
            return []
        pairs = zip(items, texts, strict=True)
        return [self._memory.verdict(item.schema, text) for item, text in pairs]

    def _is_known(self, verdicts: list[str], number: int) -> bool:
        return self._memory is not None and self._memory.was_valid(verdicts[number])

    def _write(self, items: list[Submission], texts: list[str]) -> dict[tuple[str, _Identity | None], int]:
        """Number of a submission by file and identity; by the file alone where it is the only one there."""
        self._data.mkdir()
        self._wrappers.mkdir()
        kinds: dict[Path, str] = {}
        places: dict[tuple[str, _Identity | None], int] = {}
        files: dict[str, list[str]] = {}
        # The same identity twice, as in two namespaces, must not meet in one file.
        met: dict[_Identity, int] = {}
        sizes: dict[int, int] = {}
        for number, item in enumerate(items):
            text, identity = texts[number], _identity(item)
            if not item.is_object:
                kind = kinds.setdefault(item.schema, f"schema{len(kinds)}")
                text = json.dumps({"apiVersion": _WRAPPER, "kind": kind, "data": item.data}, default=str)
            if identity is None:
                file = f"alone-{number}"
            else:
                turn = met[identity] = met.get(identity, -1) + 1
                sizes[turn] = sizes.get(turn, -1) + 1
                file = f"{turn}-{sizes[turn] // _A_FILE}"
            places[file, identity] = number
            files.setdefault(file, []).append(text)
        for file, documents in files.items():
            (self._data / f"{file}.yaml").write_text("\n---\n".join(documents), encoding="utf-8")
        for schema, kind in kinds.items():
            wrapper = {"type": "object", "properties": {"data": {"$ref": schema.as_uri()}}}
            (self._wrappers / f"{kind}.json").write_text(json.dumps(wrapper), encoding="utf-8")
        return places

    def _run(self, tool: Tool) -> Iterator[dict[str, Any]]:
        command = [str(tool.path), "-strict", "-output", "json", "-n", str(os.cpu_count() or 1)]
        command += ["-kubernetes-version", f"{self._schemas.minor}.0"]
        for location in (*self._schemas.locations, f"{self._wrappers}/{{{{.ResourceKind}}}}.json"):
            command += ["-schema-location", location]
        try:
            ended = subprocess.run(
                [*command, str(self._data)], stdin=subprocess.DEVNULL, capture_output=True, timeout=_SECONDS
            )
            yield from json.loads(ended.stdout)["resources"]
        except subprocess.TimeoutExpired:
            raise MeshwrightError(f"kubeconform did not end within {_SECONDS} seconds") from None
        except (ValueError, KeyError):
            said = ended.stderr.decode("utf-8", "replace").strip().splitlines()
            raise MeshwrightError(
                f"kubeconform gave no result: {said[-1] if said else 'no output'}"
            ) from None


def _identity(item: Submission) -> _Identity | None:
    """As kubeconform names an object; None for what it might name otherwise."""
    if not item.is_object or not isinstance(item.data, Mapping):
        return None
    metadata = item.data.get("metadata")
    name = metadata.get("name") if isinstance(metadata, Mapping) else None
    found = (item.data.get("kind"), name, item.data.get("apiVersion"))
    if all(isinstance(part, str) and part.isprintable() and part for part in found):
        return (str(found[0]), str(found[1]), str(found[2]))
    return None
