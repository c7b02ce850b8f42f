"""The report of an update or a preview as JSON, by schema/update-report.schema.json."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from meshwright.inert import json_text
from meshwright.update.filegroups import are_several, group_of
from meshwright.update.outcome import Result, renamed

if TYPE_CHECKING:
    from meshwright.update.preview import Preview

SCHEMA_VERSION = 1


def render(result: Result, *, written: bool, preview: bool) -> str:
    """One JSON object, ending with a line break."""
    merge, several, renames = result.merge, are_several(result.changes), renamed(result)
    data: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "template": merge.template.source,
        "from": merge.old.name,
        "to": merge.new.name,
        "written": written,
        "preview": None,
        "notes": list(merge.notes),
        "changes": [
            {
                "path": path,
                "change": "added" if before is None else "deleted" if after is None else "modified",
                "belongs_to": group_of(path).title(several=several),
                **({"renamed_from": renames[path]} if path in renames else {}),
            }
            for path, (before, after) in result.changes.items()
        ],
        "conflicts": [{"path": item.path, "reason": item.reason} for item in merge.conflicts],
        "moved": [{"from": old, "to": new} for old, new in merge.moved],
        "stays_deleted": list(merge.gone),
        "new_questions": dict(merge.asked),
        "dropped_questions": dict(merge.dropped),
        "findings": [
            {
                "id": item.id,
                "file": item.position.path,
                "line": item.position.line,
                "column": item.position.column,
                "message": item.message,
                "fix": item.fix,
            }
            for item in result.findings
        ],
    }
    if preview:
        from meshwright.update.preview import preview as previewed

        data["preview"] = _preview(previewed(result))
    return json_text(data) + "\n"


def _preview(found: Preview) -> dict[str, Any]:
    return {
        "release_notes": [{"version": version, "text": text} for version, text in found.notes],
        "linkerd": [
            {
                "id": item.id,
                "since": str(item.since),
                "title": item.title,
                "breaks": item.breaks,
                "do": item.do,
            }
            for item in found.breaking_changes
        ],
        "objects": [
            {"root": root.title, "object": item.title, "change": item.change.value}
            for root, item in found.difference.objects()
        ],
        "restarts": [
            {"layer": item.layer, "changed": item.changed, "pods": item.pods.value, "why": item.why}
            for item in found.restarts
        ],
        "may_restart": list(found.difference.releases),
        "order": [{"rank": line.rank, "title": line.title, "cluster": line.cluster} for line in found.order],
    }
