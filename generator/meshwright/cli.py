"""The command line: parses the arguments, calls one command, and ends with its exit code."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any, ClassVar

import typer

from meshwright import __version__
from meshwright.commands.group import FOLDER, LazyGroup, new_cli, see_also, volume_options
from meshwright.ending import end, fail
from meshwright.printing import prepare, set_volume, tell

# The variable by which a shell's script asks for completions.
_COMPLETES = "_MESHWRIGHT_COMPLETE"


class _Commands(LazyGroup):
    package = "meshwright.commands"
    summaries: ClassVar = {
        "new": "Create a repository: ask, render, commit and check.",
        "generate": "Generate each application's overlay from its mesh.yaml.",
        "check": "Build and validate the whole repository offline.",
        "graph": "Draw the startup order, the mesh, findings and certificates.",
        "diff": "Compare what two revisions, or two clusters, render.",
        "explain": "Explain a finding, or why one component waits for another.",
        "app": "Add, list and show applications.",
        "cluster": "Add, remove and list the clusters of a repository.",
        "trust": "Inspect the mesh's certificates and rotate the trust anchor.",
        "update": "Update to a newer template version and keep your edits.",
        "promote": "Bring the version and the edits of one cluster to another.",
        "charts": "List the charts of a repository, or fetch them.",
        "tools": "List or install kustomize, kubeconform and helm.",
        "completion": "Print or install the completion of a shell.",
        "help": "Show the help of a command.",
    }

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.params += volume_options()


app = new_cli(
    name="meshwright",
    cls=_Commands,
    help="Generate and check GitOps repositories with the Linkerd service mesh.",
    pretty_exceptions_enable=False,
    epilog=see_also(
        "command-line.md",
        "meshwright new my-cluster          # create a repository",
        "meshwright check                   # from any folder inside it",
        "meshwright -C ~/my-cluster check   # from anywhere",
        "meshwright help trust rotate",
    ),
)


def _version(wanted: bool) -> None:
    if wanted:
        tell(f"meshwright {__version__}\n")
        raise typer.Exit


@app.callback()
def _root(
    context: typer.Context,
    _: Annotated[
        bool,
        typer.Option("--version", "-V", callback=_version, is_eager=True, help="Print the version and exit."),
    ] = False,
    folder: Annotated[
        Path | None,
        typer.Option("--repository", "-C", metavar="DIR", help="Folder of the repository, or one inside it."),
    ] = None,
) -> None:
    if folder is not None:
        context.meta[FOLDER] = folder


def _prepare_completion() -> None:
    # Imported here: it is slow, and no command needs it.
    from typer.completion import completion_init  # type: ignore[attr-defined]

    set_volume(-1)
    completion_init()


def main() -> None:
    """Entry point of the console script; every error ends as one line on stderr and exit code 2."""
    try:
        prepare()
        if _COMPLETES in os.environ:
            _prepare_completion()
        code = app(standalone_mode=False)
    except SystemExit as done:
        # Only a completion ends with SystemExit.
        code = done.code
    except BaseException as error:
        fail(error)
    end(code)
