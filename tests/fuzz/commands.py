"""The command lines that people use, for a repository of a seed."""

from __future__ import annotations

import random
from dataclasses import dataclass

from fuzz.seeds import Seed, Seeds


@dataclass(frozen=True)
class Command:
    """Arguments of meshwright. ``writes`` are the beginnings of paths that it may change.

    ``form`` is the format of what it prints; ``committed`` asks for a checkout with a commit, ``clean`` for
    one with nothing else in it.
    """

    name: str
    arguments: tuple[str, ...]
    form: str = "text"
    writes: tuple[str, ...] = ()
    committed: bool = False
    clean: bool = False

    @property
    def line(self) -> str:
        """As a person types it."""
        return " ".join(("meshwright", *self.arguments))


_GENERATED = ("mesh/apps", "clusters/")
_ROTATED = ("platform/", "clusters/", "apps/", "mesh/")


def choose(rng: random.Random, seeds: Seeds) -> tuple[Seed, Command]:
    """A repository and what looks at it: each command as often as it is worth."""
    make, weights = zip(*_COMMANDS, strict=True)
    chosen = rng.choices(make, weights)[0]
    # Most commands have nothing to do where nothing was generated.
    is_general = chosen in (_check, _diff, _explain) or rng.random() < 0.2
    seed = seeds.choose(rng) if is_general else rng.choice(seeds.generated)
    return seed, chosen(rng, seed)


def _check(rng: random.Random, _: Seed) -> Command:
    form = rng.choices(("text", "json", "sarif", "junit", "github"), (4, 2, 2, 2, 3))[0]
    arguments = ["check", ".", "--format", form]
    committed = False
    extra = rng.randrange(12)
    if extra == 0:
        arguments += ["--order"]
    elif extra == 1:
        return Command(
            "check --write-baseline", ("check", "--write-baseline"), writes=(".meshwright-baseline.json",)
        )
    elif extra in (2, 3):
        arguments += ["--changed-since", "HEAD"]
        committed = True
    elif extra == 4:
        arguments += ["--charts", rng.choice(("vendor", "../charts"))]
    elif extra == 5:
        arguments += ["--no-cache"]
    elif extra == 6:
        arguments += ["--select", "MW", "--severity", "error", "--no-baseline"]
    elif extra == 7:
        arguments += ["--kubernetes", "1.35", "--ignore", "build"]
    name = "check --changed-since" if committed else "check"
    return Command(name, tuple(arguments), form, committed=committed)


def _diff(rng: random.Random, _: Seed) -> Command:
    form = rng.choice(("text", "markdown", "json"))
    revisions = rng.choice(((), (), ("HEAD",), ("HEAD~1",), ("HEAD~1", "HEAD")))
    more = rng.choice(((), (), ("--exit-code",), ("--charts", "../charts")))
    return Command("diff", ("diff", *revisions, "--format", form, *more), form, committed=True)


def _graph(rng: random.Random, _: Seed) -> Command:
    form = rng.choice(("html", "svg", "mermaid", "dot", "json"))
    more = rng.choice(((), ("--collapse", "none"), ("--charts", "../charts"), ("--since", "HEAD~1")))
    return Command(
        "graph", ("graph", "--format", form, *more), form if form == "json" else "text", committed=bool(more)
    )


def _generate(rng: random.Random, _: Seed) -> Command:
    force = rng.choice(((), (), ("--force",)))
    return Command("generate", ("generate", *force), writes=_GENERATED)


def _generate_check(*_: object) -> Command:
    return Command("generate --check", ("generate", "--check"))


def _app_add(rng: random.Random, seed: Seed) -> Command:
    name = rng.choice((*seed.apps, "new", "new"))
    arguments = ["app", "add", name]
    kind = rng.randrange(6)
    folders = sorted({path.rpartition("/")[0] for path in seed.files} - {""}) or ["app"]
    if kind == 0:
        arguments += ["--path", rng.choice((*folders, "../outside", "/", "no-such"))]
    elif kind == 1:
        arguments += [
            "--chart",
            "https://helm.example.org/none/tiny@1.2.3",
            "--charts",
            rng.choice(("vendor", "../charts")),
        ]
    if rng.random() < 0.3:
        arguments += ["--namespace", rng.choice(("shop", "a-b"))]
    form = rng.choice(("text", "text", "json"))
    yes = rng.random() < 0.7
    arguments += [*(["--yes"] if yes else []), "--format", form]
    return Command("app add", tuple(arguments), form, writes=(f"apps/{name}/",) if yes else ())


def _app_list(rng: random.Random, _: Seed) -> Command:
    form = rng.choice(("text", "json"))
    return Command("app list", ("app", "list", "--format", form), form)


def _app_show(rng: random.Random, seed: Seed) -> Command:
    form = rng.choice(("text", "json"))
    return Command("app show", ("app", "show", rng.choice(seed.apps), "--format", form), form)


def _explain(rng: random.Random, seed: Seed) -> Command:
    return Command("explain", ("explain", f"{rng.choice(seed.units)}->{rng.choice(seed.units)}"))


def _trust(rng: random.Random, _: Seed) -> Command:
    form = rng.choice(("text", "json"))
    more = rng.choice(
        (
            (),
            (),
            ("--certificate", "../outside/anchor.pem"),
        )
    )
    return Command("trust", ("trust", ".", "--format", form, *more), form)


def _rotate_preview(rng: random.Random, _: Seed) -> Command:
    stage = str(rng.randrange(1, 5))
    return Command(
        "trust rotate --preview",
        ("trust", "rotate", "--stage", stage, "--preview"),
        "diff",
        committed=True,
        clean=True,
    )


def _rotate(*_: object) -> Command:
    return Command(
        "trust rotate", ("trust", "rotate", "--stage", "1"), writes=_ROTATED, committed=True, clean=True
    )


def _update(rng: random.Random, _: Seed) -> Command:
    form = rng.choice(("text", "json"))
    more = rng.choice(((), ("--answers", "nodes=3"), ("--template", "@TEMPLATE@"), ("--no-check",)))
    arguments = ("update", "--preview", "--format", form, *more)
    return Command("update --preview", arguments, form, committed=True, clean=True)


_COMMANDS = (
    (_check, 40),
    (_diff, 15),
    (_graph, 8),
    (_generate, 9),
    (_generate_check, 7),
    (_app_add, 6),
    (_app_list, 4),
    (_app_show, 5),
    (_explain, 4),
    (_trust, 4),
    (_rotate_preview, 3),
    (_rotate, 2),
    (_update, 1),
)
