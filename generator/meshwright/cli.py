"""The command line: parses the arguments, calls one command, and ends with its exit code."""

from __future__ import annotations

from typing import Annotated, ClassVar

import typer

from meshwright import __version__
from meshwright.commands.group import LazyGroup, new_cli
from meshwright.ending import end, fail
from meshwright.printing import prepare, tell


class _Commands(LazyGroup):
    package = "meshwright.commands"
    summaries: ClassVar = {
        "new": "Create a repository: ask, render, commit and check.",
        "generate": "Generate each application's overlay from its mesh.yaml.",
        "check": "Build and validate the whole repository offline.",
        "diff": "Compare what two revisions render, object by object.",
        "explain": "Explain a rule, or why one component waits for another.",
        "app": "Add, list and show applications.",
        "trust": "Inspect the mesh's certificates and rotate the trust anchor.",
        "update": "Update to a newer template version and keep your edits.",
        "tools": "List or install kustomize, kubeconform and helm.",
    }


app = new_cli(
    name="meshwright",
    cls=_Commands,
    help="Generate and check GitOps repositories with the Linkerd service mesh.",
    pretty_exceptions_enable=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        tell(f"meshwright {__version__}\n")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    pass


def main() -> None:
    """Entry point of the console script; every error ends as one line on stderr and exit code 2."""
    try:
        prepare()
        code = app(standalone_mode=False)
    except BaseException as error:
        fail(error)
    end(code)
