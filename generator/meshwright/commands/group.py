"""Commands and groups of commands: a command returns its exit code, and is imported when it is called."""

from __future__ import annotations

from importlib import import_module
from typing import Any, ClassVar

import typer
from typer.core import TyperCommand, TyperGroup

from meshwright.ending import CouldNot
from meshwright.errors import ExitCode
from meshwright.printing import tell


def new_cli(**settings: Any) -> typer.Typer:
    """A command, or a group of them, with plain help; ``settings`` are those of typer.Typer."""
    return typer.Typer(add_completion=False, rich_markup_mode=None, **settings)


class Command(TyperCommand):
    """A command whose usage errors always know the command they belong to."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the arguments. The parser itself omits the context when an option lacks its value."""
        try:
            return super().parse_args(ctx, args)
        except typer.TyperException as error:
            error.ctx = getattr(error, "ctx", None) or ctx  # type: ignore[attr-defined]
            raise


class Group(TyperGroup):
    """A group that prints its help and ends with exit code 2 when no command is given."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the group's own options."""
        if not args:
            tell(f"{ctx.get_help()}\n")
            ctx.exit(ExitCode.COULD_NOT_RUN)
        return super().parse_args(ctx, args)


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
