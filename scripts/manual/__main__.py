"""Build the manual's site into build/manual/site: python -m scripts.manual

A dead link, a missing anchor, a page outside the navigation, and anything that a page would load from
another host are errors.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import yaml

from scripts.manual import hosts, mermaid, navigation, staging

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"


def main() -> int:
    """Exit code 0: build/manual/site has the site; 1: one line for each fault."""
    source = BUILD / "manual"
    site = source / "site"
    faults = [*staging.stage(ROOT, source / "docs"), *navigation.misplaced(ROOT / "docs")]
    if faults:
        print(*faults, sep="\n")
        return 1
    assets = source / "docs/assets"
    assets.mkdir(exist_ok=True)
    shutil.copy(Path(__file__).with_name("diagrams.js"), assets)
    try:
        (assets / "mermaid.min.js").write_bytes(mermaid.library(BUILD / "mermaid"))
    except mermaid.Missing as missing:
        print(missing)
        return 1
    _configure(source)
    shutil.rmtree(site, ignore_errors=True)
    built = subprocess.run(
        ["zensical", "build", "--strict", "--clean", "-f", str(source / "mkdocs.yml")],
        check=False,
        cwd=source,
    )
    faults = hosts.foreign(site) if built.returncode == 0 else []
    print(*faults, sep="\n", end="\n" if faults else "")
    return int(bool(built.returncode or faults))


def _configure(source: Path) -> None:
    settings = navigation.configuration(source / "docs")
    (source / "mkdocs.yml").write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
