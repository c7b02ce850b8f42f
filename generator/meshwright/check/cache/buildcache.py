"""Caches builds and valid objects by content, so that after a change only affected builds are repeated.

A build is identified by all its inputs: its kustomization, the content of every file that it reads, and this
program with its tools. A valid object is identified by its content. File times are not used. There is one
file per repository in the user's cache, with only what the last check used.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from meshwright.cache.cachefile import CacheFile
from meshwright.cache.signature import digest
from meshwright.manifests.files import RepositoryFiles
from meshwright.manifests.inputfiles import files_of, is_opaque
from meshwright.manifests.kustomization import KustomizationIndex
from meshwright.manifests.unit import BuildResult, BuildUnit, BuiltObject, Origin

# Bytes of the files of all repositories together.
_MAX_BYTES = 256 * 2**20


class BuildCache:
    """Builds by content, and digests of valid objects; ``state`` is the state of the program itself.

    Call ``attach`` before anything else.
    """

    def __init__(self, root: Path, state: str) -> None:
        self._state = state
        self._file = CacheFile("builds", str(root))
        self._known, self._valid = self._file.recall(state, _decode) or ({}, set())
        self._used: dict[str, list[Any]] = {}
        self._now_valid: set[str] = set()
        self._hashes: dict[str, str] = {}
        self._keys: dict[str, str | None] = {}

    def attach(self, files: RepositoryFiles) -> None:
        """Set the repository that builds read from."""
        self._files = files
        self._index = KustomizationIndex(files)

    def known(self, unit: BuildUnit) -> BuildResult | None:
        """See KnownBuilds."""
        key = self._key(unit)
        stored = self._known.get(key) if key is not None else None
        if key is None or stored is None:
            return None
        self._used[key] = stored
        objects = [BuiltObject(data, Origin(*origin)) for data, *origin in stored]
        return BuildResult(objects, list(unit.inputs.findings), built=True)

    def learn(self, unit: BuildUnit, result: BuildResult) -> None:
        """See KnownBuilds."""
        key = self._key(unit)
        if key is None or not result.built or result.findings != unit.inputs.findings:
            return
        stored = [
            [built.data, built.origin.path, built.origin.configured_in, built.origin.made_by]
            for built in result.objects
        ]
        # JSON would turn a key that is not text into text.
        if json.loads(json.dumps(stored)) == stored:
            self._used[key] = stored

    def verdict(self, schema: Path, text: str) -> str:
        """The digest for an object, as ``text``, that is valid by ``schema``."""
        return digest((self._state, str(schema), text))

    def was_valid(self, verdict: str) -> bool:
        """Whether the object was valid before; if so, its digest is kept."""
        if verdict in self._valid:
            self._now_valid.add(verdict)
            return True
        return False

    def keep_valid(self, verdict: str) -> None:
        """Record that an object is valid."""
        self._now_valid.add(verdict)

    def save(self) -> None:
        """Write the cache if it has changed. Best effort: a cache that cannot be written only costs time."""
        if self._used.keys() == self._known.keys() and self._now_valid == self._valid:
            return
        content = {"builds": self._used, "valid": sorted(self._now_valid)}
        if self._file.keep(self._state, content):
            _prune(self._file.path)

    def _key(self, unit: BuildUnit) -> str | None:
        """The digest of all inputs of a build; None if the build is not cached."""
        if unit.key not in self._keys:
            self._keys[unit.key] = self._digest(unit)
        return self._keys[unit.key]

    def _digest(self, unit: BuildUnit) -> str | None:
        # Builds that share a process rename objects together, so they cannot be cached separately.
        if unit.blocked or unit.is_empty or unit.inputs.renames or _plugs_in(unit):
            return None
        if is_opaque(unit, self._index):
            return None
        where = [unit.folder, unit.requested_at.path, unit.written_in]
        try:
            manifests = json.dumps([*where, unit.manifest, unit.copies], default=str)
            return digest((self._state, manifests, *self._contents(unit)))
        except (OSError, ValueError, RecursionError):
            return None

    def _contents(self, unit: BuildUnit) -> Iterator[str]:
        for path in files_of(unit, self._files, self._index):
            if path not in self._hashes:
                raw = self._files.raw(path) or b""
                self._hashes[path] = hashlib.sha256(raw).hexdigest()
            yield f"{path} {self._hashes[path]}"


def _decode(data: dict[str, Any]) -> tuple[dict[str, list[Any]], set[str]]:
    return dict(data["builds"]), set(data["valid"])


def _plugs_in(unit: BuildUnit) -> bool:
    """Whether the manifest of a unit refers to plugin files; inline plugins do not."""
    for field in ("generators", "transformers", "validators"):
        entries = (unit.manifest or {}).get(field) or []
        if any(not isinstance(entry, str) or not entry.lstrip().startswith("{") for entry in entries):
            return True
    return False


def _prune(newest: Path) -> None:
    """Remove the oldest files until the total size is below the limit; keep the newest."""
    entries = []
    for file in newest.parent.glob("*.json"):
        with suppress(OSError):
            state = file.stat()
            entries.append((state.st_mtime_ns, state.st_size, file))
    total = sum(size for _, size, _ in entries)
    for _, size, file in sorted(entries):
        if total <= _MAX_BYTES:
            return
        if file != newest:
            with suppress(OSError):
                file.unlink()
            total -= size
