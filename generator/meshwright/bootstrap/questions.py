"""The questions of a template, evaluated by Copier's own classes.

Types, choices, defaults, conditions and validators mean here what they mean to `copier copy`, because the
same code decides. Copier does not publish these classes, so this module is the only one that uses them.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Any

from meshwright.errors import MeshwrightError

_PREFIX = re.compile(r"(?:Validation error for question|Invalid choice for) '[^']*': ", re.DOTALL)
_NUMBERS = {"int": "a whole number, such as 3", "float": "a number, such as 0.5"}


class Kind(StrEnum):
    """How a question is asked."""

    TEXT = "text"
    SECRET = "secret"
    YES_NO = "yes or no"
    ONE = "one choice"
    MANY = "several choices"


class RefusedAnswer(Exception):
    """An answer that the template does not take; the message says why, in one line."""


@dataclass(frozen=True)
class AnswerChoice:
    """One choice; ``refusal`` says why it cannot be taken now, and is empty otherwise."""

    title: str
    value: Any
    refusal: str


class Question:
    """One question that is asked, in the context of all earlier answers."""

    def __init__(self, question: Any) -> None:
        self._question = question
        self.name: str = question.var_name

    @cached_property
    def help(self) -> str:
        """What is asked, perhaps several lines; empty if the template does not say."""
        with _understood():
            return str(self._question.render_value(self._question.help) or "").strip()

    @cached_property
    def kind(self) -> Kind:
        """How it is asked."""
        if self._question.choices:
            return Kind.MANY if self._question.multiselect else Kind.ONE
        if self._type == "bool":
            return Kind.YES_NO
        return Kind.SECRET if self._question.secret else Kind.TEXT

    @cached_property
    def is_multiline(self) -> bool:
        """Whether an answer has several lines; structured ones are written on one."""
        with _understood():
            return self._type == "str" and bool(self._question.get_multiline())

    @cached_property
    def choices(self) -> tuple[AnswerChoice, ...]:
        """The choices in their order."""
        with _understood():
            return tuple(
                AnswerChoice(str(item.title), item.value, _one_line(str(item.disabled or "")))
                for item in self._question._formatted_choices
            )

    @cached_property
    def default(self) -> Any:
        """The default as an answer; None without one. Raises RefusedAnswer if it is not valid."""
        found = self._evaluated(self._question.get_default)
        return found if self.has_default else None

    @cached_property
    def has_default(self) -> bool:
        """Whether there is a default."""
        from copier._types import MISSING

        try:
            return self._question.get_default() is not MISSING
        except Exception:
            # A default that is refused; `default` says why.
            return True

    def accept(self, raw: Any) -> Any:
        """The answer that ``raw`` stands for, as text or as data. Raises RefusedAnswer."""
        with _understood():
            try:
                answer = self._question.parse_answer(raw)
            except (ValueError, TypeError, AttributeError) as error:
                if _PREFIX.match(str(error)):
                    raise RefusedAnswer(self._choice_refusal(raw, str(error))) from None
                raise RefusedAnswer(self._expected(raw)) from None
        self._evaluated(lambda: self._question.validate_answer(answer))
        return answer

    @cached_property
    def _type(self) -> str:
        with _understood():
            return str(self._question.get_type_name())

    def _evaluated(self, work: Callable[[], Any]) -> Any:
        with _understood():
            try:
                return work()
            except (ValueError, TypeError, AttributeError) as error:
                raise RefusedAnswer(_one_line(_PREFIX.sub("", str(error)))) from None

    def _choice_refusal(self, raw: Any, said: str) -> str:
        if any(choice.refusal and choice.value == raw for choice in self.choices):
            return _one_line(_PREFIX.sub("", said))
        values = ", ".join(str(choice.value) for choice in self.choices if not choice.refusal)
        return f"choose one of {values}; there is no choice '{_one_line(str(raw))}'"

    def _expected(self, raw: Any) -> str:
        given = _one_line(str(raw))
        if self.kind is Kind.MANY:
            some = [str(choice.value) for choice in self.choices[:2]]
            return f"write a list, such as [{', '.join(some)}]; '{given}' is not one"
        kind = self._type
        wanted = _NUMBERS.get(kind) or ("yes or no" if kind == "bool" else f"valid {kind.upper()}")
        return f"write {wanted}; '{given}' is not"


class Questionnaire:
    """The questions of the template in ``folder``, a plain folder with copier.yml."""

    def __init__(self, folder: Path, *, user_defaults: bool) -> None:
        """``user_defaults`` takes the defaults of the user's settings for Copier, as `copier copy` does.

        Raises MeshwrightError for a template that needs trust, or that this Copier cannot read.
        """
        with _understood():
            # Half a second of imports, paid only by those who are asked.
            from copier._main import Worker
            from copier._settings import SettingsModel

            settings = SettingsModel.from_file() if user_defaults else SettingsModel()
            # Nothing is written there: only the questions are used.
            self._worker = Worker(
                src_path=str(folder),
                dst_path=folder / "nowhere",
                settings=settings,
                defaults=True,
                quiet=True,
            )
            self.definitions: Mapping[str, Any] = self._worker.template.questions_data
            if self._worker.template.jinja_extensions:
                raise MeshwrightError(
                    "run `copier copy --trust` for this template if you trust it: it loads Python code "
                    "(_jinja_extensions), and meshwright runs none"
                )

    def walk(
        self, answer: Callable[[Question], Any], given: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Go through the questions in their order and call ``answer`` for each that is asked.

        ``given`` are answers known beforehand, on which the condition of a question may depend. ``answer``
        returns the answer that ``Question.accept`` or ``default`` gave. The result has the computed
        values too. Raises MeshwrightError for a fault of the template.
        """
        with _understood():
            from copier._user_data import AnswersMap
            from copier._user_data import Question as CopierQuestion

            worker = self._worker
            worker.answers = answers = AnswersMap(init=dict(given or {}), metadata=worker.template.metadata)
        for name, details in self.definitions.items():
            with _understood():
                question = CopierQuestion(
                    answers=answers,
                    context=worker._render_context(),
                    jinja_env=worker.jinja_env,
                    settings=worker.settings,
                    var_name=name,
                    **details,
                )
                asked = Question(question)
                if not question.get_when():
                    answers.hide(name)
                    if asked.has_default:
                        answers.user[name] = question.get_default()
                    continue
            answers.user[name] = answer(asked)
        return {name: value for name, value in answers.combined.items() if name in self.definitions}


@contextmanager
def _understood() -> Iterator[None]:
    """Turn the ways in which Copier fails into one line."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except (MeshwrightError, RefusedAnswer):
        raise
    except (ImportError, AttributeError) as error:
        from copier import __version__ as version

        raise MeshwrightError(
            "give the answers with -d, --data-file or --defaults, or run `copier copy`: this meshwright "
            f"cannot ask with Copier {version} ({_one_line(str(error))})"
        ) from None
    except Exception as error:
        from copier.errors import CopierError
        from jinja2 import TemplateError

        if isinstance(error, CopierError | TemplateError | ValueError | TypeError | OSError):
            raise MeshwrightError(f"the template cannot be read: {_one_line(str(error))}") from None
        raise


def _one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()
