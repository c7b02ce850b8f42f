"""The arguments and options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

Root = Annotated[
    Path,
    typer.Argument(metavar="[PATH]", help="Folder of the repository, instead of -C.", show_default=False),
]
Exactly = Annotated[
    Path,
    typer.Argument(
        metavar="[PATH]", help="Exactly this folder; by default the whole repository.", show_default=False
    ),
]
Repository = Annotated[
    Path,
    typer.Option(
        "--repository",
        "-C",
        metavar="DIR",
        help="Folder of the repository, or one inside it.",
        show_default=False,
    ),
]
Format = Annotated[Literal["text", "json"], typer.Option("--format", help="Output format.")]
OneCluster = Annotated[
    str | None, typer.Option("--cluster", metavar="NAME", help="Only this cluster; by default all clusters.")
]
Charts = Annotated[
    Path | None,
    typer.Option(
        metavar="FOLDER", help="Folder of Helm charts to render; preferred to those of `charts pull`."
    ),
]
# Of the commands that change a repository and stage the change.
Preview = Annotated[
    bool, typer.Option("--preview", help="Show the changes in rollout order and write nothing.")
]
WriteConflicts = Annotated[
    bool, typer.Option("--write-conflicts", help="Write conflicts into the files, as git merge does.")
]
Force = Annotated[
    bool, typer.Option("--force", help="Write the result even if the check finds new errors in it.")
]
TemplateLocation = Annotated[
    str | None,
    typer.Option(
        "--template", metavar="URL", help="Use this template location once; the recorded one stays."
    ),
]
