"""``meshwright explain``: explains a finding, or why one component waits for another."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from meshwright.bounded import InRepository
from meshwright.commands.candidates import explainable
from meshwright.commands.group import new_cli, see_also
from meshwright.commands.options import Repository
from meshwright.errors import ExitCode, MeshwrightError
from meshwright.inert import printable
from meshwright.printing import tell

if TYPE_CHECKING:
    from meshwright.check.rules.rule import Rule

cli = new_cli()
_WIDTH = 100
_WANTED = (
    "give the id or name of a finding, such as MW004, pods-race-injector or build/yaml, or two components: "
    "the one that waits, then the other"
)


class _Explain(InRepository):
    """Finds the repository only if the components of one are asked about."""

    def root_of(self, ctx: Any, place: str) -> Path:
        """The repository; for a finding the folder itself, because none is needed."""
        if len(_names(ctx.params["subject"])) == 1:
            return Path(ctx.params[place])
        return super().root_of(ctx, place)


@cli.command(
    cls=_Explain,
    epilog=see_also(
        "check.md",
        "meshwright explain MW004",
        "meshwright explain build/missing-path",
        "meshwright explain linkerd-viz linkerd-gate   # why does the first wait?",
        "meshwright explain                            # all ids",
    ),
)
def explain(
    subject: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[FINDING | NAME NAME2]",
            autocompletion=explainable,
            help="A finding by ID or name, such as MW004, or two names: why does NAME wait for NAME2?",
        ),
    ] = None,
    repository: Repository = Path(),
) -> ExitCode:
    """Explain a finding, or why one component waits for another.

    A component is a Kustomization, a HelmRelease or an Application. Without an argument all findings are
    listed.
    """
    names = _names(subject)
    if not names:
        lines = _all()
    elif len(names) == 1:
        lines = _finding(names[0], repository)
    elif len(names) == 2:
        lines = _edge(repository, names[0], names[1])
    else:
        raise MeshwrightError(f"too many names: {_WANTED}")
    tell("".join(f"{printable(line)}\n" for line in lines))
    return ExitCode.CLEAN


def _names(subject: Sequence[str] | None) -> list[str]:
    return [name.strip() for part in subject or () for name in part.split("->") if name.strip()]


def _all() -> Iterator[str]:
    from meshwright.check.rules.registry import load_rules
    from meshwright.findingids import FINDINGS

    for rule in load_rules():
        yield f"{rule.id} {rule.name}: {rule.title}"
    for id, what in FINDINGS.items():
        yield f"{id}: {what.meaning}"


def _finding(name: str, repository: Path) -> Iterator[str]:
    from meshwright.check.rules.registry import rules_by_name
    from meshwright.findingids import FINDINGS, known_names
    from meshwright.words import did_you_mean

    rules = rules_by_name()
    if rule := rules.get(name.upper()) or rules.get(name.lower()):
        return _rule(rule)
    if name.lower() in FINDINGS:
        return _meaning(name.lower())
    if _exists(repository, "apps/{}/mesh.yaml", name):
        raise MeshwrightError(
            f"'{name}' is an application: `meshwright app show {name}` shows it, and "
            f"`meshwright explain {name} NAME2` explains why it waits for another"
        )
    if _exists(repository, "platform/*/{}/kustomization.yaml", name):
        raise MeshwrightError(
            f"'{name}' is a layer: `meshwright explain {name} NAME2` explains why it waits for another"
        )
    known = known_names(rules)
    hint = did_you_mean(name.upper(), known) or did_you_mean(name.lower(), known)
    raise MeshwrightError(f"no finding is called '{name}'{hint or f'; {_WANTED}'}")


def _exists(start: Path, pattern: str, name: str) -> bool:
    """Whether the generated repository has such a file for a component of this name."""
    from meshwright.apps.names import LABEL
    from meshwright.commands.root import find_root

    try:
        root = find_root(start, generated=True)
        return bool(LABEL.match(name)) and any(root.glob(pattern.format(name)))
    except (MeshwrightError, OSError, ValueError):
        return False


def _meaning(id: str) -> Iterator[str]:
    from meshwright.findingids import FINDINGS

    yield from textwrap.wrap(f"{id}: {FINDINGS[id].meaning}", _WIDTH, subsequent_indent="  ")
    yield ""
    yield from textwrap.wrap(f"fix: {FINDINGS[id].fix}", _WIDTH, subsequent_indent="  ")


def _rule(found: Rule) -> Iterator[str]:
    from meshwright.check.output.sarif import rule_page
    from meshwright.check.rules.rule import Engine

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
