"""One kubeconform process over everything that was submitted."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from meshwright.check.schemas import Schemas
from meshwright.check.submission import Submission
from meshwright.errors import MeshwrightError
from meshwright.manifests.finding import Finding
from meshwright.tools import Tool, locate

_SECONDS = 300
# What is no Kubernetes object travels as the only field of one, with a schema that points to its own.
_WRAPPER = "meshwright.wrapped/v1"


class Kubeconform:
    """Writes each submission to a file of its own, and maps the results back."""

    def __init__(self, schemas: Schemas, workspace: Path) -> None:
        self._schemas = schemas
        self._data = workspace / "submitted"
        self._wrappers = workspace / "wrappers"
        self._workspace = workspace

    def judge(self, submissions: Iterable[Submission]) -> tuple[list[Finding], Tool | None]:
        """Findings about everything that was refused, and the tool if it was needed."""
        items = list(submissions)
        if not items:
            return [], None
        self._write(items)
        tool = locate("kubeconform")
        findings: list[Finding] = []
        for result in self._run(tool):
            item = items[int(Path(str(result["filename"])).stem)]
            findings.extend(item.explain(" ".join(str(result.get("msg", "")).split())))
        return findings, tool

    def _write(self, items: list[Submission]) -> None:
        self._data.mkdir()
        self._wrappers.mkdir()
        kinds: dict[Path, str] = {}
        for number, item in enumerate(items):
            data = item.data
            if not item.is_object:
                kind = kinds.setdefault(item.schema, f"schema{len(kinds)}")
                data = {"apiVersion": _WRAPPER, "kind": kind, "data": data}
            (self._data / f"{number}.json").write_text(json.dumps(data, default=str), encoding="utf-8")
        for schema, kind in kinds.items():
            wrapper = {"type": "object", "properties": {"data": {"$ref": schema.as_uri()}}}
            (self._wrappers / f"{kind}.json").write_text(json.dumps(wrapper), encoding="utf-8")

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
