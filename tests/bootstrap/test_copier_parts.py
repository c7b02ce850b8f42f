"""The parts of Copier that the questions rest on, and what is said when a newer Copier lacks one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import copier._main
import pytest

from meshwright.bootstrap.creation import Request, create
from meshwright.bootstrap.questions import Kind, Question, Questionnaire, RefusedAnswer
from meshwright.errors import MeshwrightError
from support.upgrades import write

TEMPLATE = """\
_envops: {undefined: jinja2.StrictUndefined}
name: {type: str, default: home, help: "Which name?\\nIt decides the folder."}
size: {type: int, default: 1, validator: "{% if size > 9 %}write at most 9{% endif %}"}
share: {type: float, default: 0.5}
fast: {type: bool, default: true}
token: {type: str, secret: true, default: x}
text: {type: str, multiline: true, default: "{{ name }}"}
tree: {type: yaml, default: {a: 1}}
colour:
  type: str
  choices: {Red: red, Blue: {value: blue, validator: "{% if fast %}not when\\n fast{% endif %}"}}
parts: {type: str, multiselect: true, choices: [a, b], default: [b]}
hidden: {type: str, when: "{{ size > 5 }}", default: "{{ name }}-hidden"}
computed: {type: str, when: false, default: "{{ name }}!"}
"""


@pytest.fixture
def questionnaire(tmp_path: Path) -> Questionnaire:
    write(tmp_path / "copier.yml", TEMPLATE)
    return Questionnaire(tmp_path, user_defaults=False)


def seen(questionnaire: Questionnaire, **answers: Any) -> tuple[dict[str, Question], dict[str, Any]]:
    found: dict[str, Question] = {}

    def answer(question: Question) -> Any:
        found[question.name] = question
        return question.accept(answers[question.name]) if question.name in answers else question.default

    return found, questionnaire.walk(answer)


def test_types_choices_defaults_and_conditions(questionnaire: Questionnaire) -> None:
    questions, values = seen(questionnaire, name="pi", colour="red")

    assert {name: question.kind for name, question in questions.items()} == {
        "name": Kind.TEXT,
        "size": Kind.TEXT,
        "share": Kind.TEXT,
        "fast": Kind.YES_NO,
        "token": Kind.SECRET,
        "text": Kind.TEXT,
        "tree": Kind.TEXT,
        "colour": Kind.ONE,
        "parts": Kind.MANY,
    }
    assert questions["name"].help == "Which name?\nIt decides the folder."
    assert questions["text"].default == "pi"
    assert [name for name, question in questions.items() if question.is_multiline] == ["text"]
    assert [name for name, question in questions.items() if not question.has_default] == ["colour"]
    assert [(item.title, item.value, item.refusal) for item in questions["colour"].choices] == [
        ("Red", "red", ""),
        ("Blue", "blue", "not when fast"),
    ]
    assert values["tree"] == {"a": 1}
    assert values["parts"] == ["b"]
    assert (values["hidden"], values["computed"]) == ("pi-hidden", "pi!")


def test_a_condition_that_holds(questionnaire: Questionnaire) -> None:
    questions, _ = seen(questionnaire, size="6", colour="red")

    assert questions["hidden"].default == "home-hidden"


@pytest.mark.parametrize(
    ("name", "raw", "said"),
    [
        ("size", "three", "write a whole number, such as 3; 'three' is not"),
        ("size", "10", "write at most 9"),
        ("share", "x", "write a number, such as 0.5; 'x' is not"),
        ("tree", "{a: [", "write valid YAML; '{a: [' is not"),
        ("colour", "blue", "not when fast"),
        ("colour", "green", "choose one of red; there is no choice 'green'"),
        ("parts", "a", "write a list, such as [a, b]; 'a' is not one"),
    ],
)
def test_refusals_say_what_to_write(name: str, raw: str, said: str, questionnaire: Questionnaire) -> None:
    questions, _ = seen(questionnaire, colour="red")

    with pytest.raises(RefusedAnswer) as refused:
        questions[name].accept(raw)

    assert str(refused.value) == said


@pytest.mark.parametrize("missing", ["Worker", "template", "jinja_env"])
def test_a_copier_without_a_part_is_told(
    missing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if missing == "Worker":
        monkeypatch.delattr(copier._main, missing)
    else:
        monkeypatch.delattr(copier._main.Worker, missing)

    with pytest.raises(MeshwrightError) as refused:
        create(Request(tmp_path / "x", data=("nodes=3",)))

    assert str(refused.value).startswith(
        "give the answers with -d, --data-file or --defaults, or run `copier copy`: "
        "this meshwright cannot ask with Copier 9."
    )


def test_a_template_that_loads_python_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "copier.yml", "_jinja_extensions: [evil.Extension]\nname: {type: str, default: x}\n")

    with pytest.raises(MeshwrightError, match=r"run `copier copy --trust` .* \(_jinja_extensions\)"):
        Questionnaire(tmp_path, user_defaults=False)


def test_a_fault_of_the_template_is_one_line(tmp_path: Path) -> None:
    write(tmp_path / "copier.yml", "name: {type: str, default: '{{ nothing.here }}'}\n")

    with pytest.raises(MeshwrightError, match="nothing") as refused:
        seen(Questionnaire(tmp_path, user_defaults=False))

    assert "\n" not in str(refused.value)
