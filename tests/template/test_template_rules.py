"""What keeps the template safe to run and to update: no trust, few questions, nothing that drifts."""

from __future__ import annotations

import itertools
import re
import warnings
from pathlib import Path
from typing import Any

import pytest
from jinja2 import Environment

import meshwright
from meshwright.pins import load_pins
from meshwright.yaml import parse
from support.configurations import OPTIONS

ROOT = Path(__file__).resolve().parents[2]
CONFIG: dict[str, Any] = parse((ROOT / "copier.yml").read_text(encoding="utf-8"))
ASKED = {name: q for name, q in CONFIG.items() if not name.startswith("_") and q.get("when") is not False}
SETTINGS = {
    "_min_copier_version",
    "_subdirectory",
    "_answers_file",
    "_envops",
    "_external_data",
    "_exclude",
    "_skip_if_exists",
    "_message_after_copy",
}
QUESTION_KEYS = {"type", "help", "choices", "default", "validator", "when", "placeholder", "multiselect"}
SOURCES = [ROOT / "copier.yml", *(path for path in (ROOT / "template").rglob("*") if path.is_file())]
# Each gives another result on another machine or day, or reads what is not an answer.
UNSAFE_FILTERS = re.compile(
    r"\|\s*(random|shuffle|ans_random|now|strftime|expandvars|realpath|fileglob|to_uuid|password_hash)\b"
)


def test_nothing_needs_trust() -> None:
    assert not {"_tasks", "_migrations", "_jinja_extensions"} & CONFIG.keys()
    assert CONFIG.keys() - ASKED.keys() - {n for n in CONFIG if not n.startswith("_")} == SETTINGS


def test_undefined_names_are_errors() -> None:
    assert CONFIG["_envops"]["undefined"] == "jinja2.StrictUndefined"


def test_every_pattern_survives_yaml_and_jinja() -> None:
    """A backslash that YAML has taken away leaves an escape that Python refuses in a later version."""
    environment = Environment(
        variable_start_string="[[", variable_end_string="]]", block_start_string="[%", block_end_string="%]"
    )
    texts = [text for question in ASKED.values() for text in (question.get("validator"), question["default"])]

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        parsed = [environment.parse(text) for text in texts if isinstance(text, str)]

    assert len(parsed) > len(ASKED)


def test_nobody_is_asked_more_than_fifteen_questions() -> None:
    """A question that depends on other answers counts where it is asked."""
    conditions = {name: str(question.get("when", True)) for name, question in ASKED.items()}
    deciding = [
        name
        for name in OPTIONS
        # What only its own answer opens is never asked.
        if any(re.search(rf"\b{name}\b", text) for other, text in conditions.items() if other != name)
    ]
    environment = Environment(variable_start_string="[[", variable_end_string="]]")

    asked = {}
    for values in itertools.product(*(OPTIONS[name] for name in deciding)):
        answers = dict(zip(deciding, values, strict=True))
        shown = {name: environment.from_string(text).render(answers) for name, text in conditions.items()}
        asked[values] = [name for name, text in shown.items() if text == "True"]

    assert "metrics" in deciding
    assert all({"cluster_name", "engine", "apps"} <= set(names) for names in asked.values())
    assert {name for names in asked.values() for name in names} == ASKED.keys() - {
        *("tracing", "viz_issuer", "links", "link_gateway")
    }
    assert max(len(names) for names in asked.values()) <= 15


@pytest.mark.parametrize("name", ASKED)
def test_each_question_explains_itself_and_has_a_default(name: str) -> None:
    question = ASKED[name]

    assert question["help"].rstrip().endswith((".", "?", ")"))
    assert "default" in question
    assert question.keys() <= QUESTION_KEYS
    assert "choices" in question or "validator" in question


@pytest.mark.parametrize("name", ASKED)
def test_questions_and_choices_fit_a_terminal(name: str) -> None:
    choices = ASKED[name].get("choices", {})

    assert all(len(line) <= 80 for line in ASKED[name]["help"].splitlines())
    # The list puts up to five columns before a choice.
    assert all(len(choice) <= 75 for choice in choices)


def test_each_list_is_computed_once() -> None:
    """A list in a file's name repeats the file; what decides the list stands in copier.yml alone."""
    rendered = [path.as_posix() for path in (ROOT / "template/repo").rglob("*")]
    lists = {found for path in rendered for found in re.findall(r"\[% yield \w+ from (\w+) %\]", path)}

    assert lists == {
        "active_layers",
        "chart_layers",
        "meshed_layers",
        "catalog_apps",
        "chart_apps",
        "meshed_apps",
        "imports",
    }
    defaults = [CONFIG[name]["default"] for name in lists]
    assert len(set(defaults)) == len(defaults)
    assert not [default for default in defaults if "append" in default or "[% for" in default]


@pytest.mark.parametrize("name", [n for n in CONFIG if not n.startswith("_")])
def test_patterns_end_at_the_end_of_the_text(name: str) -> None:
    """In Python ``$`` matches before a final newline too."""
    for pattern in re.findall(r"regex_search\('([^']*)'\)", str(CONFIG[name])):
        assert not pattern.endswith("$"), pattern


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_no_template_file_reads_clock_chance_or_machine(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not UNSAFE_FILTERS.search(text)
    assert "\r" not in text


def test_file_names_can_be_checked_out_anywhere() -> None:
    """Windows forbids these characters; a part may have 255 bytes with its Jinja."""
    for path in (ROOT / "template").rglob("*"):
        assert not set(path.name) & set('|":<>*?\\'), path
        assert len(path.name.encode()) <= 255


def test_versions_of_package_and_template_are_one() -> None:
    assert CONFIG["meshwright_version"]["default"] == meshwright.__version__
    assert f'version = "{meshwright.__version__}"' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def test_pins_stand_in_one_file_with_proof_and_a_way_to_be_updated() -> None:
    lines = (ROOT / "template/includes/pins.yml").read_text(encoding="utf-8").splitlines()
    pinned = [n for n, line in enumerate(lines) if re.match(r'  [a-z_]+: "', line)]

    # What README.md asks for is installed by nobody here: each line says why it is asked.
    asked = lines.index("versions:")
    assert all(lines[number - 1].startswith("  # ") for number in pinned if number > asked)
    for number in (number for number in pinned if number < asked):
        assert lines[number - 1].startswith("  # proof: "), lines[number]
        assert re.match(r"  # renovate: datasource=\S+ (registryUrl=\S+ )?depName=\S+", lines[number - 2]), (
            lines[number]
        )
    assert len(pinned) >= 10


def test_no_version_of_a_chart_stands_outside_the_pins() -> None:
    pins = load_pins()
    versions = {*pins.charts.values(), *pins.crds.values(), *pins.tools.values(), *pins.images.values()}
    for path in (ROOT / "template/repo").rglob("*"):
        if path.is_file() and "dashboards" not in path.parts:
            text = path.read_text(encoding="utf-8")
            assert not [version for version in versions if version in text], path
