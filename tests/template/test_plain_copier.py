"""Plain `copier copy` asks so that a person can answer, on a terminal of 80 and of 120 columns."""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path

import pytest

from support.terminal import ENTER, Terminal

CLEAR = "\x15"


@pytest.mark.parametrize("columns", [80, 120])
def test_nodes_can_be_answered_and_a_wrong_answer_shows_its_fix(
    columns: int, root: Path, tmp_path: Path
) -> None:
    template = tmp_path / "template"
    template.mkdir()
    shutil.copy(root / "copier.yml", template)
    shutil.copytree(root / "template", template / "template")
    command: list[str | Path] = [sys.executable, "-m", "copier", "copy", template, tmp_path / "home"]

    with Terminal(command, folder=tmp_path, environment=dict(os.environ), columns=columns) as person:
        for question in ("Name of the cluster", "Which GitOps engine", "URL from which", "distribution runs"):
            person.answer(question, ENTER)
        # The default is one line, which Ctrl-U clears.
        person.answer("How many nodes", CLEAR, "three", ENTER)
        person.answer("write a number from 1 to 5000", CLEAR, "4", ENTER)
        paper = person.see("Which Traefik")

    assert re.search(r"How many nodes.*\n +4\n", paper)
    assert "..." not in paper
