"""``meshwright completion``: prints or installs the script that completes words in a shell."""

from __future__ import annotations

import os
from pathlib import PurePath
from typing import Annotated, Literal

import typer

from meshwright.commands.group import Command, new_cli, see_also
from meshwright.errors import ExitCode, MeshwrightError
from meshwright.printing import emit, remark

cli = new_cli()
_PROGRAM, _VARIABLE = "meshwright", "_MESHWRIGHT_COMPLETE"


@cli.command(
    cls=Command,
    epilog=see_also(
        "command-line.md",
        "meshwright completion --install    # for the shell that you use",
        "meshwright completion fish > ~/.config/fish/completions/meshwright.fish",
    ),
)
def completion(
    shell: Annotated[
        Literal["bash", "zsh", "fish", "powershell", "pwsh"] | None,
        typer.Argument(metavar="[SHELL]", help="bash, zsh, fish, powershell or pwsh; by default yours."),
    ] = None,
    install: Annotated[
        bool, typer.Option("--install", help="Install it in your shell's configuration instead.")
    ] = False,
) -> ExitCode:
    """Print or install the completion of a shell.

    Commands, options, rules and the names of applications are completed with the Tab key.
    """
    # Imported here, so that the help comes without them.
    from typer.completion import get_completion_script  # type: ignore[attr-defined]
    from typer.completion import install as install_script  # type: ignore[attr-defined]

    name = shell or PurePath(os.environ.get("SHELL", "")).name
    if name not in ("bash", "zsh", "fish", "powershell", "pwsh"):
        known = f"there is no completion for {name}" if name else "SHELL is not set"
        raise MeshwrightError(f"{known}; name a shell, such as meshwright completion bash")
    if not install:
        emit(f"{get_completion_script(prog_name=_PROGRAM, complete_var=_VARIABLE, shell=name)}\n")
        return ExitCode.CLEAN
    _, file = install_script(shell=name, prog_name=_PROGRAM, complete_var=_VARIABLE)
    remark(f"wrote {file}\nnext: start a new shell\n")
    return ExitCode.CLEAN
