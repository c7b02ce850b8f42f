"""The options of every command that reads a repository: which one, its time limit and its resource limits."""

from __future__ import annotations

from contextvars import copy_context
from pathlib import Path
from typing import Any

from typer.core import TyperOption

from meshwright.commands.group import FOLDER, Command

_TIMEOUT, _LIMIT = "meshwright.timeout", "meshwright.limit"
# Seconds: a large repository takes a hundredth of it.
_SECONDS = 600


class Bounded(Command):
    """A command with --timeout and --limit, which apply while its function runs."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.params[-2:-2] = [
            TyperOption(
                param_decls=["--timeout"],
                type=int,
                default=_SECONDS,
                metavar="SECONDS",
                callback=_keep(_TIMEOUT),
                expose_value=False,
                help="Stop after this many seconds; 0 means no limit.",
                show_default=True,
            ),
            TyperOption(
                param_decls=["--limit"],
                type=str,
                multiple=True,
                metavar="NAME=NUMBER",
                callback=_keep(_LIMIT),
                expose_value=False,
                help="Raise a resource limit that a finding names. Can be repeated.",
            ),
        ]

    def invoke(self, ctx: Any) -> Any:
        """Run the function. Raises MeshwrightError for an invalid limit."""
        return copy_context().run(self._invoke, ctx)

    def _invoke(self, ctx: Any) -> Any:
        # Imported here: `meshwright --version` needs none of it.
        from meshwright.deadline import deadline

        if pairs := ctx.meta.get(_LIMIT):
            from meshwright.limits import set_limits

            set_limits(pairs)
        seconds = ctx.meta[_TIMEOUT]
        if seconds < 0:
            from meshwright.errors import MeshwrightError

            raise MeshwrightError(f"--timeout {seconds}: write a number of seconds, or 0 for no limit")
        with deadline(seconds):
            return super().invoke(ctx)


class UnixBounded(Bounded):
    """A command for Linux and macOS; on other systems it is refused before it runs."""

    def invoke(self, ctx: Any) -> Any:
        """Run the function. Raises MeshwrightError on another system or for an invalid limit."""
        from meshwright.systems import require_unix

        require_unix(_words(ctx))
        return super().invoke(ctx)


class InRepository(Bounded):
    """A command about the repository that contains the folder of ``-C`` or, without it, the current one.

    Its function has the parameter ``repository``, or ``path`` for an argument PATH. PATH is used as it is,
    so that a part of a repository can be named.
    """

    generated = False

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        if not any(param.name == "repository" for param in self.params):
            self.params.insert(-4, folder_option())

    def _invoke(self, ctx: Any) -> Any:
        place = "repository" if "repository" in ctx.params else "path"
        ctx.params[place] = self.root_of(ctx, place)
        return super()._invoke(ctx)

    def root_of(self, ctx: Any, place: str) -> Path:
        """The repository. Raises MeshwrightError if it is named twice, or is one of several below."""
        from meshwright.commands.root import ANSWERS, find_root

        written = ctx.get_parameter_source(place).name == "COMMANDLINE"
        folder: Path | None = ctx.meta.get(FOLDER)
        if written and folder is not None:
            from meshwright.errors import MeshwrightError

            raise MeshwrightError(
                f"{ctx.params[place]} and -C {folder} both name the repository; leave one out"
            )
        if written and place == "path" and not self.generated:
            return Path(ctx.params[place])
        start = ctx.params[place] if written or folder is None else folder
        return find_root(start, generated=self.generated, answers=ctx.params.get("answers_file", ANSWERS))


class UnixInRepository(InRepository, UnixBounded):
    """Both."""


class InGenerated(InRepository):
    """A command about a generated repository; the folder of PATH, too, may be inside it."""

    generated = True


class UnixInGenerated(InGenerated, UnixBounded):
    """Both."""


def folder_option() -> TyperOption:
    """The option -C where the command's function has no parameter for it."""
    return TyperOption(
        param_decls=["--repository", "-C"],
        type=str,
        default=None,
        metavar="DIR",
        callback=_keep_folder,
        expose_value=False,
        help="Folder of the repository, or one inside it.",
    )


def _keep_folder(ctx: Any, _: Any, value: str | None) -> None:
    if value is not None:
        ctx.meta[FOLDER] = Path(value)


def _words(ctx: Any) -> str:
    """The command as written after the program's name, such as ``trust rotate``."""
    return f"{_words(ctx.parent)} {ctx.info_name}".lstrip() if ctx.parent else ""


def _keep(name: str) -> Any:
    def callback(ctx: Any, _: Any, value: Any) -> Any:
        ctx.meta[name] = value
        return value

    return callback
