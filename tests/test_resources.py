"""The template and the schemas are found alike from a checkout and from an installed wheel."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

from meshwright import resources

PROBE = """
import json, sys
sys.path.insert(0, sys.argv[1])
from meshwright import resources
from meshwright.pins import load_pins
root = resources.data_root()
files = sorted(
    p.relative_to(root).as_posix()
    for part in ("template", "schema")
    for p in (root / part).rglob("*")
    if p.is_file()
)
print(json.dumps({"root": str(root), "files": files, "linkerd": load_pins().charts["linkerd"]}))
"""


def test_a_wheel_carries_what_the_checkout_has(root: Path, tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path],
        cwd=root,
        check=True,
        capture_output=True,
    )
    [wheel] = tmp_path.glob("*.whl")
    installed = tmp_path / "site-packages"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(installed)

    run = subprocess.run(
        [sys.executable, "-I", "-c", PROBE, installed],
        check=True,
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )

    found = json.loads(run.stdout)
    assert found["root"] == str(installed / "meshwright/_data")
    assert found["linkerd"]
    tracked = [
        path.relative_to(root).as_posix()
        for part in ("template", "schema")
        for path in (root / part).rglob("*")
        if path.is_file()
    ]
    assert found["files"] == sorted(tracked)


def test_the_checkout_is_its_own_data_root(root: Path) -> None:
    assert resources.data_root() == root
