"""``meshwright app add --all``: proposes a mesh.yaml for every folder in apps/ that has none."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from meshwright.apps.loading import FOLDER
from meshwright.commands.app.confirm import agreed, write_files
from meshwright.commands.app.look import Look, context_of, look
from meshwright.commands.app.tables import table
from meshwright.deadline import lift
from meshwright.errors import ExitCode, MeshwrightError
from meshwright.inert import json_text, printable
from meshwright.manifests.inside import folders_inside
from meshwright.printing import emit, remark, tell
from meshwright.words import plural

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class FolderOutcome:
    """What became of a folder: what was found, or why it is refused."""

    name: str
    look: Look | None = None
    refused: str = ""


def add_all(root: Path, charts: Path | None, cluster: str | None, *, output: str, yes: bool) -> ExitCode:
    """Look at each folder, show a table of the proposals, and write them after a question.

    The exit code is 1 if a folder is refused, or if nothing was written.
    """
    found = look_at_all(root, charts, cluster)
    files = {path: text for item in found if item.look for path, text in item.look.files.items()}
    refused = [item for item in found if item.refused]
    # The question may take any time, and writing is always completed.
    lift()
    if output == "json":
        if yes:
            write_files(root, files)
        emit(_json(found, written=yes and bool(files)))
        return ExitCode.FINDINGS if refused else ExitCode.CLEAN
    (remark if yes else tell)(_text(found))
    if files:
        if not (yes or agreed(files)):
            return ExitCode.FINDINGS
        write_files(root, files)
        written = plural(len(found) - len(refused), "application")
        remark(f"{written} added, {len(refused)} refused\nnext: meshwright generate\n")
    return ExitCode.FINDINGS if refused else ExitCode.CLEAN


def look_at_all(root: Path, charts: Path | None, cluster: str | None) -> list[FolderOutcome]:
    """The outcome of each folder in apps/ without a mesh.yaml, sorted by name.

    Of several folders in one namespace only the first creates it.
    """
    context = context_of(root, cluster)
    found: list[FolderOutcome] = []
    made: set[str] = set()
    for name in sorted(folders_inside(root, FOLDER)):
        spec = root / FOLDER / name / "mesh.yaml"
        if spec.exists() or spec.is_symlink():
            continue
        try:
            seen = look(
                root,
                name,
                path=None,
                chart=None,
                charts=charts,
                namespace=None,
                cluster=cluster,
                made=frozenset(made),
                context=context,
            )
        except MeshwrightError as error:
            found.append(FolderOutcome(name, refused=str(error)))
            continue
        made |= seen.creates
        found.append(FolderOutcome(name, seen))
    return found


def _text(found: list[FolderOutcome]) -> str:
    if not found:
        return f"every folder in {FOLDER}/ has a mesh.yaml\n"
    rows = [_row(item) for item in found]
    text = table(("app", "namespace", "inject", "workloads", "what is to know"), rows)
    steps = [(item.name, step) for item in found if item.look for step in item.look.proposal.before]
    lines = [f"before you run generate: {name}: {printable(step)}\n" for name, step in steps]
    return text + ("\n" if lines else "") + "".join(lines)


def _row(item: FolderOutcome) -> tuple[str, ...]:
    if item.look is None:
        return (item.name, "-", "refused", "-", item.refused)
    data, known = item.look.proposal.data, len(item.look.statuses)
    notes = len(item.look.notes) + len(item.look.remarks)
    said = item.look.notes[0] if item.look.notes else ""
    if notes > 1 or (notes and not said):
        more = f"{plural(notes, 'remark')}: meshwright app show {item.name}"
        said = f"{said} ({more})" if said else more
    return (item.name, str(data["namespace"]), str(data["inject"]), str(known), said)


def _json(found: list[FolderOutcome], *, written: bool) -> str:
    entries = [
        {
            "name": item.name,
            "refused": item.refused or None,
            "proposal": item.look.proposal.data if item.look else None,
            "notes": item.look.notes if item.look else [],
            "before": item.look.proposal.before if item.look else [],
            "files": sorted(item.look.files) if item.look else [],
        }
        for item in found
    ]
    return json_text({"schema_version": SCHEMA_VERSION, "applications": entries, "written": written}) + "\n"
