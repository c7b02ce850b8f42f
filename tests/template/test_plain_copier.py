"""Plain `copier copy` asks so that a person can answer, on a terminal of 80 and of 120 columns."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest
import yaml

from support.terminal import DOWN, ENTER, Terminal

pytestmark = pytest.mark.long

CLEAR = "\x15"


# Question -> wrong answer, the whole message, a right answer; None where Enter takes the default.
ANSWERS: dict[str, tuple[str, str, str] | None] = {
    "cluster_name": ("Pi lan", "use 1 to 63 of a-z, 0-9 and -", "pi"),
    "engine": None,
    "git_url": ("git@github.com:me/pi.git", "write ssh://git@host/path", "ssh://git@github.com/me/pi.git"),
    "distribution": None,
    # Its default is one line, which Ctrl-U clears.
    "nodes": ("three", "write a number from 1 to 5000", "4"),
    "ingress": None,
    "gateway_api": None,
    "cert_manager": None,
    "trust_anchor": ("linkerd-trust-anchor", "write 'own' or another issuer", "corporate-ca"),
    "redirect": None,
    "metrics": None,
    "existing_prometheus": (
        "{namespace: observe}",
        "add release, url",
        "{namespace: observe, release: main, url: 'http://prometheus.observe:9090'}",
    ),
    "viz_host": ("https://linkerd.pi.lan/", "write the host without https://", "linkerd.pi.lan"),
    "secrets": None,
    "apps": None,
}
# Asked of others: inject with metrics=install, and four questions once they have been answered.
NOT_ASKED = {"inject", "viz_issuer", "tracing", "links", "link_gateway"}
KEYS = {"metrics": (DOWN, ENTER)}


def test_every_question_with_a_validator_is_answered_wrong(root: Path) -> None:
    questions = yaml.safe_load((root / "copier.yml").read_text(encoding="utf-8"))
    asked = {name: it for name, it in questions.items() if isinstance(it, dict) and it.get("help")}

    assert list(ANSWERS) == [name for name in asked if name not in NOT_ASKED]
    assert [name for name, it in asked.items() if "validator" in it and name not in NOT_ASKED] == [
        name for name, answers in ANSWERS.items() if answers
    ]


def test_help_fits_beside_the_icon(root: Path) -> None:
    questions = yaml.safe_load((root / "copier.yml").read_text(encoding="utf-8"))
    helps = [it["help"].splitlines() for it in questions.values() if isinstance(it, dict) and "help" in it]

    assert len(helps) == len(ANSWERS) + len(NOT_ASKED)
    assert [lines for lines in helps if len(lines[0]) > 77 or any(len(line) > 80 for line in lines)] == []


@pytest.mark.parametrize("columns", [80, 120])
def test_a_wrong_answer_shows_its_whole_fix(columns: int, root: Path, tmp_path: Path) -> None:
    template = tmp_path / "template"
    template.mkdir()
    shutil.copy(root / "copier.yml", template)
    shutil.copytree(root / "template", template / "template")
    command: list[str | Path] = [sys.executable, "-m", "copier", "copy", template, tmp_path / "home"]
    questions = yaml.safe_load((root / "copier.yml").read_text(encoding="utf-8"))

    with Terminal(command, folder=tmp_path, environment=dict(os.environ), columns=columns) as person:
        for name, answers in ANSWERS.items():
            asked = questions[name]["help"].splitlines()[0]
            if answers is None:
                person.answer(asked, *KEYS.get(name, (ENTER,)))
                continue
            wrong, fix, right = answers
            person.answer(asked, CLEAR, wrong, ENTER)
            paper = person.answer(f"Validation error for question '{name}': {fix}", CLEAR, right, ENTER)
            assert "..." not in paper
        person.see('4. Follow "Bootstrap" in clusters/pi/README.md')

    stored = yaml.safe_load((tmp_path / "home/.copier-answers.yml").read_text(encoding="utf-8"))
    found = {name: stored[name] for name, answers in ANSWERS.items() if answers}
    expected = {name: answers[2] for name, answers in ANSWERS.items() if answers}
    assert found == {
        **expected,
        "nodes": 4,
        "existing_prometheus": yaml.safe_load(expected["existing_prometheus"]),
    }
