"""Asks one question on the terminal, with questionary; the wording around it is the interview's."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import yaml

from meshwright.bootstrap.questions import AnswerChoice, Kind, Question
from meshwright.errors import MeshwrightError
from meshwright.inert import printable
from meshwright.printing import terminal

if TYPE_CHECKING:
    import questionary
    from prompt_toolkit.key_binding import KeyBindings

# The answer that stands for the default.
DEFAULT = object()
INDENT = "      "
_POINTER = f"{INDENT[2:]}»"
_WIDEST = 100


def can_ask() -> bool:
    """Whether there is a terminal that a person can answer on."""
    return sys.stdin.isatty() and terminal() and os.environ.get("TERM") != "dumb"


def width() -> int:
    """The columns for text: those of the terminal, and no more than are pleasant to read."""
    return max(40, min(shutil.get_terminal_size().columns, _WIDEST))


def wrapped(text: str, indent: str = INDENT, first: str | None = None) -> str:
    """``text`` in lines that fit, each of its own lines wrapped alone."""
    lines = []
    for number, line in enumerate(text.splitlines() or [""]):
        begin = first if first is not None and not number else indent
        lines += textwrap.wrap(
            printable(line),
            width() - 1,
            initial_indent=begin,
            subsequent_indent=indent,
            break_on_hyphens=False,
        ) or [begin]
    return "\n".join(lines) + "\n"


def shown(value: Any) -> str:
    """An answer as a person would write it."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(shown, value)) or "none"
    if isinstance(value, dict):
        # As a person may write it: fewer quotes than JSON, and still one line.
        return yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=2**31).strip()
    return str(value)


def ask(question: Question, *, text: str, current: Any) -> Any:
    """The raw answer, or DEFAULT if Enter was pressed on an empty line.

    ``text`` is what the line contains at first, such as a refused answer; ``current`` is the default.
    Raises KeyboardInterrupt for Ctrl-C and EOFError for Ctrl-D.
    """
    if question.kind is Kind.ONE:
        return _ask_one(question, current)
    if question.kind is Kind.MANY:
        return _ask_many(question, current)
    if question.kind is Kind.YES_NO:
        return yes_no(f"{INDENT[1:]}{question.name}?", default=bool(current))
    return _ask_text(question, text, current)


def yes_no(message: str, *, default: bool) -> bool:
    """A question with yes or no."""
    import questionary

    asked = questionary.confirm(
        message, default=default, qmark="", style=_style(), instruction="(Y/n)" if default else "(y/N)"
    )
    return bool(asked.unsafe_ask())


def choose(message: str, choices: Sequence[tuple[str, Any]]) -> Any:
    """One of several, by title; the value is returned."""
    import questionary

    items = [questionary.Choice(_title(title), value) for title, value in choices]
    asked = questionary.select(
        message,
        items,
        qmark="",
        instruction=" ",
        style=_style(),
        erase_when_done=True,
        pointer=_POINTER,
    )
    return asked.unsafe_ask()


def _ask_text(question: Question, text: str, current: Any) -> Any:
    import questionary
    from prompt_toolkit.formatted_text import FormattedText

    standing = "" if current is None else shown(current)
    options: dict[str, Any] = {
        "qmark": INDENT[1:],
        "style": _style(),
        "erase_when_done": True,
    }
    if question.kind is Kind.SECRET:
        answer = questionary.password(f"{question.name}:", default=text, **options).unsafe_ask()
    else:
        answer = questionary.text(
            f"{question.name}:",
            default=text,
            multiline=question.is_multiline,
            placeholder=FormattedText([("class:placeholder", standing)]),
            key_bindings=_editing(standing),
            **options,
        ).unsafe_ask()
    return DEFAULT if answer.strip() == "" and current is not None else answer.strip()


def _editing(standing: str) -> KeyBindings:
    """Tab puts the default into an empty line, for those who want to change a part of it."""
    from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent

    bindings = KeyBindings()

    @bindings.add("tab", eager=True)
    def _(event: KeyPressEvent) -> None:
        if not event.current_buffer.text:
            event.current_buffer.insert_text(standing)

    return bindings


def _ask_one(question: Question, current: Any) -> Any:
    import questionary

    items = [_item(choice) for choice in question.choices]
    usable = [choice.value for choice in question.choices if not choice.refusal]
    if not usable:
        raise MeshwrightError(f"{question.name}: no choice fits the other answers; change one of those")
    asked = questionary.select(
        f"{question.name}:",
        items,
        default=current if current in usable else None,
        qmark=INDENT[1:],
        instruction="(arrow keys, then Enter)",
        pointer=_POINTER,
        style=_style(),
        erase_when_done=True,
    )
    return asked.unsafe_ask()


def _ask_many(question: Question, current: Any) -> Any:
    import questionary

    chosen = current if isinstance(current, list) else []
    items = [_item(choice, checked=choice.value in chosen) for choice in question.choices]
    asked = questionary.checkbox(
        f"{question.name}:",
        items,
        qmark=INDENT[1:],
        instruction="(Space chooses, Enter goes on)",
        pointer=_POINTER,
        style=_style(),
        erase_when_done=True,
    )
    return asked.unsafe_ask()


def _item(choice: AnswerChoice, *, checked: bool = False) -> questionary.Choice:
    import questionary

    title = f"{choice.title} - {choice.refusal}" if choice.refusal else choice.title
    # True hides the reason that questionary would append behind the wrapped title.
    disabled: Any = bool(choice.refusal)
    return questionary.Choice(
        _title(title), choice.value, disabled=disabled, checked=checked and not choice.refusal
    )


def _title(text: str) -> str:
    """A title with its own line breaks: questionary cuts what does not fit."""
    return textwrap.fill(
        printable(text),
        width() - len(INDENT) - 6,
        subsequent_indent=" " * (len(INDENT) + 3),
        break_on_hyphens=False,
    )


def _style() -> questionary.Style:
    import questionary

    return questionary.Style(
        [
            ("qmark", "noinherit"),
            ("question", "noinherit"),
            ("answer", "noinherit"),
            ("instruction", "fg:ansibrightblack"),
            ("placeholder", "fg:ansibrightblack"),
            ("pointer", "fg:ansicyan bold"),
            ("highlighted", "bold"),
            ("selected", "noinherit"),
            ("disabled", "fg:ansibrightblack"),
        ]
    )
