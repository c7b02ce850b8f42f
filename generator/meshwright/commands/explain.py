"""``meshwright explain``: explains a rule, or why one component waits for another."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from meshwright.bounded import Bounded
from meshwright.commands.group import new_cli
from meshwright.commands.options import Repository
from meshwright.errors import ExitCode, MeshwrightError
from meshwright.inert import printable
from meshwright.printing import tell

cli = new_cli()
_WIDTH = 100


@cli.command(cls=Bounded)
def explain(
    subject: Annotated[
        list[str],
        typer.Argument(
            metavar="RULE | NAME NAME2",
            help="A rule by ID or name, such as MW004, or two names: why does NAME wait for NAME2?",
        ),
    ],
    repository: Repository = Path(),
) -> ExitCode:
    """Explain a rule, or why one component waits for another.

    A component is a Kustomization, a HelmRelease or an Application.
    """
    names = [name for part in subject for name in part.split("->") if name.strip()]
    if len(names) == 1:
        lines = _rule(names[0])
    elif len(names) == 2:
        lines = _edge(repository, names[0].strip(), names[1].strip())
    else:
        raise MeshwrightError(
            "name one rule, such as MW004 or pods-race-injector, or two components: the one that waits, then "
            "the other"
        )
    tell("".join(f"{printable(line)}\n" for line in lines))
    return ExitCode.CLEAN


def _rule(name: str) -> Iterator[str]:
    from meshwright.check.output.sarif import rule_page
    from meshwright.check.rules.registry import rules_by_name
    from meshwright.check.rules.rule import Engine
    from meshwright.words import did_you_mean

    rules = rules_by_name()
    found = rules.get(name.upper()) or rules.get(name.lower())
    if found is None:
        hint = did_you_mean(name.upper(), rules) or did_you_mean(name.lower(), rules)
        raise MeshwrightError(f"there is no rule '{name}'{hint}; docs/rules.md lists all {len(rules) // 2}")
    yield f"{found.id} {found.name}: {found.title} ({found.severity.value})"
    yield ""
    for label, text in (("why", found.why), ("fix", found.fix), ("source", found.source)):
        yield from textwrap.wrap(f"{label}: {text}", _WIDTH, subsequent_indent="  ")
    applies = [f"{found.engine.value} only"] if found.engine is not Engine.ANY else []
    applies += [f"Linkerd chart version {found.since} and later"] if found.since else []
    applies += [f"Linkerd chart versions before {found.until}"] if found.until else []
    if applies:
        yield f"applies to: {', '.join(applies)}"
    yield f"examples: {rule_page(found.id)}"
    yield f"to suppress it: `# meshwright: ignore {found.name} <reason>` on the line, or .meshwright.yaml"


def _edge(repository: Path, waits: str, comes_first: str) -> Iterator[str]:
    from meshwright.check.order.analysis import order_of
    from meshwright.check.order.explanation import explain_wait, render
    from meshwright.check.pipeline import read_model

    with read_model(repository) as model:
        found = explain_wait(order_of(model), waits, comes_first)
        yield from render(order_of(model).startup, found, model.files)
