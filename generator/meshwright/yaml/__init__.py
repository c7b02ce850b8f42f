"""Reads, writes and edits YAML as Kubernetes tools do."""

from meshwright.yaml.conflict import ConflictMarkers, conflict_in
from meshwright.yaml.dump import as_written, dump, dump_all
from meshwright.yaml.flow import flow
from meshwright.yaml.load import (
    Document,
    YamlFault,
    has_aliases,
    is_suspect,
    limit_of,
    load_documents,
    parse,
    parse_all,
)

__all__ = [
    "ConflictMarkers",
    "Document",
    "YamlFault",
    "as_written",
    "conflict_in",
    "dump",
    "dump_all",
    "flow",
    "has_aliases",
    "is_suspect",
    "limit_of",
    "load_documents",
    "parse",
    "parse_all",
]
