"""The tools of this machine for a process that has another home, another user or another cache."""

from __future__ import annotations

import shutil
from pathlib import Path

from meshwright.tools import locate
from meshwright.tools.catalog import tool_spec


def own_tools(folder: Path) -> dict[str, str]:
    """Copies that everybody may run, as the variables that name them."""
    folder.mkdir(exist_ok=True)
    found = {}
    for name in ("kustomize", "kubeconform"):
        copy = folder / name
        shutil.copyfile(locate(name).path, copy)
        copy.chmod(0o755)
        found[tool_spec(name).variable] = str(copy)
    return found
