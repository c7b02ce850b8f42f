"""Commands and groups of commands: a command returns its exit code, and is imported when it is called."""

from __future__ import annotations

from importlib import import_module
from typing import Any, ClassVar

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption

from meshwright.ending import CouldNot
from meshwright.errors import ExitCode
from meshwright.printing import set_volume, tell

_MANUAL = "https://github.com/meshwright/meshwright/blob/main/docs"
# The context's key of a folder given by -C without a parameter of the command's function.
FOLDER = "meshwright.folder"
_NAMES: dict[str, Any] = {"help_option_names": ["-h", "--help"]}


def new_cli(**settings: Any) -> typer.Typer:
    """A command, or a group of them, with plain help; ``settings`` are those of typer.Typer."""
    return typer.Typer(add_completion=False, rich_markup_mode=None, context_settings=_NAMES, **settings)


def see_also(page: str, *examples: str) -> str:
    """The end of a help page: examples, one a line, and the page of the manual, such as ``check.md``."""
    return "\n".join(("Examples:", *(f"  {line}" for line in examples), "", f"Manual: {_MANUAL}/{page}"))


def volume_options() -> list[TyperOption]:
    """The options -q and -v."""
    return [
        TyperOption(
            param_decls=["--quiet", "-q"],
            is_flag=True,
            default=False,
            expose_value=False,
            callback=_turn(-1),
            help="Print only results and errors: no summary, note or progress.",
        ),
        TyperOption(
            param_decls=["--verbose", "-v"],
            is_flag=True,
            default=False,
            expose_value=False,
            callback=_turn(1),
            help="Print what is done, and when, on standard error.",
        ),
    ]


def _turn(volume: int) -> Any:
    def callback(ctx: Any, _: Any, wanted: bool) -> None:
        if wanted and not ctx.resilient_parsing:
            set_volume(volume)

    return callback


class Command(TyperCommand):
    """A command whose usage errors always know the command they belong to."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.params += volume_options()

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the arguments. The parser itself omits the context when an option lacks its value."""
        try:
            return super().parse_args(ctx, args)
        except typer.TyperException as error:
            error.ctx = getattr(error, "ctx", None) or ctx  # type: ignore[attr-defined]
            raise

    def format_epilog(self, _: Any, formatter: Any) -> None:
        """Write the end of the help page line by line, because the parser would wrap examples."""
        _write_epilog(self.epilog, formatter)


class Group(TyperGroup):
    """A group that prints its help and ends with exit code 2 when no command is given."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the group's own options."""
        if not args and not ctx.resilient_parsing:
            tell(f"{ctx.get_help()}\n")
            ctx.exit(ExitCode.COULD_NOT_RUN)
        return super().parse_args(ctx, args)

    def format_epilog(self, _: Any, formatter: Any) -> None:
        """Write the end of the help page as a command does."""
        _write_epilog(self.epilog, formatter)


class LazyGroup(Group):
    """The group of all commands: each is the ``cli`` of the module of its name in ``package``.

    ``summaries`` has the first line of each command's help, so that the group's help imports no command.
    """

    package: ClassVar[str]
    summaries: ClassVar[dict[str, str]]

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        for name, summary in self.summaries.items():
            self.add_command(TyperCommand(name, help=summary))

    def load(self, name: str) -> Any:
        """Import a command or group."""
        return typer.main.get_command(import_module(f"{self.package}.{name}").cli)

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Find the command that ``args`` name, and import it."""
        name, _, rest = super().resolve_command(ctx, args)
        return name, self.load(str(name)), rest

    def invoke(self, ctx: Any) -> Any:
        """Run the command and end with its exit code.

        The parser would end with 1, which means findings, for some of a command's own errors.
        """
        try:
            ctx.exit(super().invoke(ctx))
        except (OSError, EOFError) as error:
            raise CouldNot from error


def _write_epilog(epilog: str | None, formatter: Any) -> None:
    if epilog:
        formatter.write_paragraph()
        for line in epilog.splitlines():
            formatter.write(f"{line}\n")
