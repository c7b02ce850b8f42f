"""What is mutated: the examples in small, the repositories of other tests, and one of each construct."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import yaml

from support.mutations import sources
from support.smallrepos import load_small_repositories

_HERE = Path(__file__).parent
_EXAMPLES = _HERE.parents[1] / "examples"
_SMALL_LAYERS = ("namespaces", "linkerd-trust", "linkerd-control-plane", "linkerd-gate", "traefik")
_UNITS = re.compile(
    rb"^kind: (?:Kustomization|HelmRelease|Application)\n"
    rb"(?:[^-\n][^\n]*\n)*?metadata:\s*(?:\{|\n\s+)name: ([\w.-]+)",
    re.MULTILINE,
)


@dataclass(frozen=True)
class Seed:
    """A repository: its files by path. ``groups`` of seeds are chosen by weight, a seed in one evenly."""

    name: str
    files: Mapping[str, bytes]

    @cached_property
    def apps(self) -> tuple[str, ...]:
        """Names that `app` can be asked for."""
        found = {
            path.split("/")[1] for path in self.files if path.startswith("apps/") and path.count("/") > 1
        }
        return (*sorted(found), "new", "no-such")

    @cached_property
    def units(self) -> tuple[str, ...]:
        """Names that `explain` can be asked for."""
        found = {name.decode() for raw in self.files.values() for name in _UNITS.findall(raw)}
        return (*sorted(found), "no-such")


class Seeds:
    """All of them; reading takes half a second, so once a process."""

    def __init__(self) -> None:
        apps = _constructs("apps")
        examples = [_example(name) for name in sorted(_names_of_examples())]
        small = [
            Seed(f"{seed.name}-small", {**_trimmed(seed.files, _SMALL_LAYERS), **apps}) for seed in examples
        ]
        constructs = [
            Seed(path.stem, _constructs(path.stem))
            for path in sorted((_HERE / "constructs").glob("*.yaml"))
            if path.stem != "apps"
        ]
        others = [Seed(f"source-{number}", files) for number, files in enumerate(sources())]
        others += [
            Seed(found.name, {path: text.encode() for path, text in found.files.items()})
            for kind in ("right", "faulty")
            for found in load_small_repositories(kind)
        ]
        self._groups = ((0.45, constructs), (0.3, small), (0.05, examples), (0.2, others))
        # Those with applications and a platform of ours.
        self.generated = small

    def choose(self, rng: random.Random) -> Seed:
        """One of them."""
        weights = [weight for weight, _ in self._groups]
        return rng.choice(rng.choices([group for _, group in self._groups], weights)[0])


def _names_of_examples() -> Iterator[str]:
    return (path.name for path in _EXAMPLES.iterdir() if path.is_dir())


def _example(name: str) -> Seed:
    folder = _EXAMPLES / name
    files = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not ({"docs", ".github"} & set(path.relative_to(folder).parts))
    }
    # Long, and for a build text like any other.
    return Seed(name, {path: b"{}\n" if "/dashboards/" in path else raw for path, raw in files.items()})


def _trimmed(files: Mapping[str, bytes], layers: tuple[str, ...]) -> dict[str, bytes]:
    """Only those layers of the platform: a case takes a third of the time."""
    kept = {}
    for path, raw in files.items():
        match = re.fullmatch(r"(?:clusters/[^/]+/)?platform/([^/.]+)(?:/.*|\.yaml)", path)
        if match is None or match[1] in (*layers, "kustomization", "project"):
            kept[path] = raw
    return _without_entries(kept)


def _without_entries(files: dict[str, bytes]) -> dict[str, bytes]:
    """Kustomizations without the resources that are not there."""
    kept = dict(files)
    for path, raw in files.items():
        if not path.endswith("/kustomization.yaml"):
            continue
        folder = path.removesuffix("kustomization.yaml")
        lines = []
        for line in raw.decode().splitlines(keepends=True):
            entry = re.fullmatch(r"\s*- (?:\w+=)?([\w./-]+\.(?:yaml|json))\n", line)
            if entry is None or folder + entry[1] in files or entry[1].startswith(".."):
                lines.append(line)
        kept[path] = "".join(lines).encode()
    return kept


def _constructs(name: str) -> dict[str, bytes]:
    data = yaml.load((_HERE / "constructs" / f"{name}.yaml").read_bytes(), yaml.CSafeLoader)
    return {path: text.encode() for path, text in data.items()}
