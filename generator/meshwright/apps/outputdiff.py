"""Compares generated output with existing files, and protects files that must not be overwritten."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from meshwright.apps.existing import OVERLAYS, AppFiles, in_the_way
from meshwright.apps.header import generated_from, is_untouched
from meshwright.errors import Position
from meshwright.finding import Finding, Severity


@dataclass(frozen=True)
class FileChange:
    """A file that differs from the generated output; None means that there is no file."""

    path: str
    before: str | None
    after: str | None

    @property
    def in_overlay(self) -> bool:
        """Whether it belongs to the overlay; otherwise it is a wiring."""
        return self.path.startswith(f"{OVERLAYS}/")


@dataclass
class OutputDifference:
    """The changes of one application; ``kept`` are fresh files and files that were not generated.

    ``overlay`` is the folder of its overlay.
    """

    name: str
    overlay: str
    changes: list[FileChange] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    # Whether the new overlay meshes pods.
    meshed: bool = False

    @property
    def label(self) -> str:
        """A file name that no application of any cluster shares."""
        return self.overlay.removeprefix(f"{OVERLAYS}/").replace("/", ".")


def compare(
    name: str, wanted: Mapping[str, str], present: AppFiles, *, force: bool = False
) -> OutputDifference:
    """The difference between ``wanted``, texts by path, and the existing files.

    ``force`` overwrites manual edits; a link or a folder is never overwritten.
    """
    difference = OutputDifference(name, present.overlay)
    for path in sorted(wanted.keys() | present.texts.keys() | present.others.keys()):
        if kind := present.others.get(path):
            _compare_other(difference, path, kind, path in wanted or path == present.overlay)
        else:
            _compare_file(difference, path, present.texts.get(path), wanted.get(path), force)
    return difference


def _compare_other(difference: OutputDifference, path: str, kind: str, in_way: bool) -> None:
    if in_way:
        difference.findings.append(in_the_way(path, kind))
    elif path.startswith(f"{OVERLAYS}/"):
        difference.kept.append(path)
        difference.findings.append(_foreign(path, kind))


def _compare_file(
    difference: OutputDifference, path: str, before: str | None, after: str | None, force: bool
) -> None:
    if before == after:
        difference.kept.append(path)
        return
    generated = before is not None and generated_from(before) is not None
    if before is not None and after is None and not generated:
        # Users may add their own wirings beside generated ones, but not files in an overlay's folder.
        if path.startswith(f"{OVERLAYS}/"):
            difference.kept.append(path)
            difference.findings.append(_foreign(path, "file"))
        return
    difference.changes.append(FileChange(path, before, after))
    # A power cut can leave a file that was just written empty.
    if not (before is None or force or is_untouched(before) or not before.strip("\0")):
        difference.findings.append(_edited(path, generated, after is None))


def _edited(path: str, generated: bool, superfluous: bool) -> Finding:
    fate = "it would be removed" if superfluous else "the edit would be overwritten"
    what = "edited by hand since it was generated" if generated else "not a generated file"
    # Patches change the application's manifests, and never its wiring.
    fields = "patches" if path.startswith(f"{OVERLAYS}/") else "dependsOn, timeout, decryption"
    return Finding(
        "generate/edited",
        Position(path, 1, 1),
        f"{what}: {fate}, so nothing is written",
        f"move the edit into mesh.yaml ({fields}); `meshwright generate --check` shows it, "
        "--force discards it",
    )


def _foreign(path: str, kind: str) -> Finding:
    return Finding(
        "generate/foreign",
        Position(path),
        f"this {kind} was not generated; it is kept, but nothing uses it",
        "move it elsewhere",
        severity=Severity.WARNING,
    )
