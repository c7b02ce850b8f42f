"""The manual shows what the command prints."""

from __future__ import annotations

import shutil
from pathlib import Path

from meshwright.difference import compare, text


def edit(file: Path, old: str, new: str) -> None:
    content = file.read_text(encoding="utf-8")
    assert old in content
    file.write_text(content.replace(old, new), encoding="utf-8")


def test_the_transcript(root: Path, tmp_path: Path) -> None:
    new = Path(shutil.copytree(root / "examples/pi-cluster", tmp_path / "new"))
    for name in ("store", "jobs"):
        edit(new / f"apps/demo/{name}.yaml", "redis:8.8.2", "redis:8.8.3")
    edit(new / "platform/pi-cluster/linkerd-viz/helmrelease.yaml", "2026.8.3", "2026.9.1")
    values = new / "platform/pi-cluster/linkerd-viz/values.yaml"
    edit(values, "createNamespaceMetadataJob: false", "defaultLogLevel: debug")
    for folder in ("apps/longhorn", "mesh/apps/pi-cluster/longhorn"):
        shutil.rmtree(new / folder)
    (new / "clusters/pi-cluster/apps/longhorn.yaml").unlink()

    shown = text.render(compare(root / "examples/pi-cluster", new))

    page = (root / "docs/diff.md").read_text(encoding="utf-8")
    assert f"```console\n$ meshwright diff\n{shown}```\n" in page
