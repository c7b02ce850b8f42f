"""The README shows what the commands print."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

from meshwright.check import check_repository
from meshwright.check.output import text

# Headings, introduction and console: what fits on a screen without scrolling.
SCREEN = 32


def test_the_first_screen_shows_what_the_first_commands_print(root: Path, tmp_path: Path) -> None:
    printed = ""
    for words in ("new my-cluster --defaults", "check my-cluster"):
        command = [sys.executable, "-m", "meshwright", *words.split()]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
        printed += f"$ meshwright {words}\n{done.stdout}"

    lines = (root / "README.md").read_text(encoding="utf-8").splitlines()[:SCREEN]
    shown = "".join(re.sub(r"^(\$ .*?) +# .*", r"\1", line) + "\n" for line in lines)

    assert f"{printed}```\n" in shown
    install = (root / "docs/install.md").read_text(encoding="utf-8")
    for command in re.findall(r"^\$ ((?:uv|meshwright) tool.*)$", shown, re.MULTILINE):
        assert command in install


def test_the_readme_shows_the_demo_and_the_errors_as_they_are(root: Path, tmp_path: Path) -> None:
    readme = (root / "README.md").read_text(encoding="utf-8")
    clean = Path(shutil.copytree(root / "examples/pi-cluster", tmp_path / "clean"))
    broken = Path(shutil.copytree(root / "examples/pi-cluster", tmp_path / "broken"))
    values = broken / "platform/pi-cluster/linkerd-viz/values.yaml"
    values.write_text(
        values.read_text(encoding="utf-8").replace("\ndashboard:", "\ndahsboard:")
        + "installNamespace: false\n",
        encoding="utf-8",
    )
    gate = broken / "clusters/pi-cluster/platform/linkerd-gate.yaml"
    gate.write_text(
        gate.read_text(encoding="utf-8").replace("retryInterval", "retryIntervall"), encoding="utf-8"
    )

    assert f"\n{text.render(check_repository(clean), colour=False)}```" in readme
    assert f"\n{text.render(check_repository(broken), colour=False)}```" in readme


def test_the_readme_shows_the_wiring_as_it_is(root: Path) -> None:
    wiring = root / "examples/pi-cluster/clusters/pi-cluster/platform/linkerd-control-plane.yaml"
    lines = [line for line in wiring.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]

    assert "```yaml\n" + "\n".join(lines) + "\n```" in (root / "README.md").read_text(encoding="utf-8")
