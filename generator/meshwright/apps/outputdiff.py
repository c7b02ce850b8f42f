"""What generated output would change, application by application, and what it must not overwrite."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from meshwright.apps.existing import OVERLAYS, Present, in_the_way
from meshwright.apps.header import generated_from, is_untouched
from meshwright.errors import Position
from meshwright.manifests.finding import Finding, Severity


@dataclass(frozen=True)
class FileChange:
    """A file that is not as it should be; None stands for no file."""

    path: str
    before: str | None
    after: str | None

    @property
    def in_overlay(self) -> bool:
        """Whether it is of the overlay; else it is a wiring."""
        return self.path.startswith(f"{OVERLAYS}/")


@dataclass
class OutputDifference:
    """One application's. ``kept`` is what stays in its folder: fresh files, and what is not ours."""

    name: str
    changes: list[FileChange] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    # Whether the new overlay puts pods into the mesh.
    meshed: bool = False


def compare(
    name: str, wanted: Mapping[str, str], present: Present, *, force: bool = False
) -> OutputDifference:
    """What differs between ``wanted``, texts by path, and what is there.

    ``force`` overwrites what a person has edited; a link or a folder is never overwritten.
    """
    difference = OutputDifference(name)
    for path in sorted(wanted.keys() | present.texts.keys() | present.others.keys()):
        if kind := present.others.get(path):
            _meet_other(difference, path, kind, path in wanted or path == f"{OVERLAYS}/{name}")
        else:
            _meet_file(difference, path, present.texts.get(path), wanted.get(path), force)
    return difference


def _meet_other(difference: OutputDifference, path: str, kind: str, in_way: bool) -> None:
    if in_way:
        difference.findings.append(in_the_way(path, kind))
    elif path.startswith(f"{OVERLAYS}/"):
        difference.kept.append(path)
        difference.findings.append(_foreign(path, kind))


def _meet_file(
    difference: OutputDifference, path: str, before: str | None, after: str | None, force: bool
) -> None:
    if before == after:
        difference.kept.append(path)
        return
    generated = before is not None and generated_from(before) is not None
    if before is not None and after is None and not generated:
        # A wiring of somebody's own is at home beside ours; an overlay's folder is wholly ours.
        if path.startswith(f"{OVERLAYS}/"):
            difference.kept.append(path)
            difference.findings.append(_foreign(path, "file"))
        return
    difference.changes.append(FileChange(path, before, after))
    # An empty file is what a power cut leaves of one that was just written.
    if not (before is None or force or is_untouched(before) or not before.strip("\0")):
        difference.findings.append(_edited(path, generated, after is None))


def _edited(path: str, generated: bool, superfluous: bool) -> Finding:
    fate = "it would be removed" if superfluous else "the edit would be overwritten"
    what = "edited by hand since it was generated" if generated else "not generated, and in the way"
    return Finding(
        "generate/edited",
        Position(path, 1, 1),
        f"{what}: {fate}, so nothing is written",
        "move the change into mesh.yaml (patches); `meshwright generate --check` shows it, --force drops it",
    )


def _foreign(path: str, kind: str) -> Finding:
    return Finding(
        "generate/foreign",
        Position(path),
        f"this {kind} was not generated; it is left alone, and nothing uses it",
        "move it elsewhere",
        severity=Severity.WARNING,
    )
