"""Mutations of what lies on the disk: links, pipes, names, executables, and what Git keeps in .git."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import yaml

from fuzz.gitdisk import git_config, git_damage, git_plan, lay_evil, nested_repository
from fuzz.laying import lay
from support.mutations import on_disk

_KUSTOMIZATIONS = Path(__file__).parents[1] / "security" / "kustomizations.yaml"
# What commands write or believe: links in their places lead writing and reading elsewhere.
_WRITTEN = (
    *(
        "mesh",
        "mesh/apps",
        "mesh/apps/home/shop",
        "mesh/apps/home/shop/kustomization.yaml",
        "apps/new/mesh.yaml",
        "apps/new",
    ),
    *(
        "clusters",
        "clusters/@/apps",
        "clusters/@/apps/shop.yaml",
        ".meshwright-baseline.json",
        ".cache/meshwright",
    ),
    *(
        ".meshwright-baseline.tmp",
        "apps/new/.mesh.yaml.tmp",
        "mesh/apps/home/.shop.tmp",
        ".cache",
        ".meshwright.yaml",
    ),
    *(
        ".copier-answers.yml",
        "platform/home/linkerd-trust",
        "platform/home/linkerd-trust/bundle.yaml",
        "apps",
        ".sourceignore",
    ),
    *(
        "apps/shop/mesh.yaml",
        "apps/shop",
        "app/kustomization.yaml",
        "app",
        "clusters/home",
        "platform/web/charts",
    ),
)


def mutate_disk(rng: random.Random, root: Path, places: Mapping[str, str]) -> str:
    """Change one thing; returns what was done. ``places`` is what stands for the marks of values."""
    changes: tuple[Callable[[random.Random, Path, Mapping[str, str]], str], ...]
    changes = (
        _plain,
        _plain,
        _link,
        _link,
        _plant,
        _plant,
        _plant,
        _python,
        _cache,
        nested_repository,
        _odd_names,
    )
    if (root / ".git").is_dir():
        changes += (git_config, git_config, git_damage, git_damage, git_plan)
    change = rng.choice(changes)
    try:
        return f"{change.__name__} {change(rng, root, places)}".strip()
    except OSError as error:
        # A mutation before this one took its place away.
        return f"{change.__name__} {error.__class__.__name__}"


def files_of(root: Path) -> list[Path]:
    """Regular files outside of .git, by path; a link is none."""
    found: list[Path] = []
    for folder, folders, names in os.walk(root):
        if ".git" in folders:
            folders.remove(".git")
        found += (Path(folder, name) for name in names)
    return sorted(path for path in found if not path.is_symlink() and path.is_file())


def _plain(rng: random.Random, root: Path, _: Mapping[str, str]) -> str:
    file = rng.choice(files_of(root))
    on_disk(rng, root, file)
    return str(file.relative_to(root))


def _link(rng: random.Random, root: Path, places: Mapping[str, str]) -> str:
    """A link to outside, to nowhere, or to elsewhere inside, where a command writes or reads."""
    file = root / rng.choice(_WRITTEN).replace("@", _cluster(root))
    if rng.random() < 0.4:
        file = rng.choice(
            [path for found in files_of(root) for path in (found, found.parent) if path != root]
        )
    if not Path(os.path.realpath(file.parent)).is_relative_to(root.resolve()):
        # A link that an earlier mutation made leads on from there, and what lies there is not ours.
        return "nothing"
    if file.is_dir() and not file.is_symlink():
        shutil.rmtree(file)
    file.unlink(missing_ok=True)
    file.parent.mkdir(parents=True, exist_ok=True)
    outside = places["@OUTSIDE@"]
    targets = (
        *(places["@SECRET@"], outside, f"{outside}/new", f"{outside}/victim", f"{outside}/victim/kept.yaml"),
        *(
            os.path.relpath(outside, file.parent),
            "..",
            ".",
            file.name,
            "/dev/zero",
            "/proc/self/environ",
            str(root),
        ),
    )
    target = rng.choice(targets)
    file.symlink_to(target)
    return f"{file.relative_to(root)} -> {target}"


def _cluster(root: Path) -> str:
    return next((path.name for path in sorted((root / "clusters").glob("*"))), "home")


def _plant(rng: random.Random, root: Path, places: Mapping[str, str]) -> str:
    """One of the hostile kustomizations of tests/security in the place of a folder's own."""
    cases = yaml.load(_KUSTOMIZATIONS.read_bytes(), yaml.CSafeLoader)
    name = rng.choice(sorted(cases))
    folders = [path.parent for path in files_of(root) if path.name.lower().startswith("kustomization")] or [
        root / "app"
    ]
    folder = rng.choice(folders)
    for path, text in cases[name]["files"].items():
        for mark, place in places.items():
            text = text.replace(mark, place)
        lay(root, folder / path.removeprefix("app/"), text, program=text.startswith("#!"))
    return f"{name} in {folder.relative_to(root)}"


def _python(rng: random.Random, root: Path, places: Mapping[str, str]) -> str:
    """Modules and programs by names that are looked for."""
    name = rng.choice(
        ("meshwright/__init__.py", "json.py", "yaml/__init__.py", "copier.py", "sitecustomize.py", "re.py")
    )
    code = f"open({places['@RAN@']!r}, 'a').write('ran')\n"
    lay(root, name, code)
    for program in ("git", "kustomize", "helm", "evil.sh"):
        lay_evil(root, program, places)
    return name


def _cache(_: random.Random, root: Path, places: Mapping[str, str]) -> str:
    for folder in (".cache/meshwright/tools/kustomize/v5.8.1/linux-amd64", ".local/state/meshwright", "bin"):
        lay_evil(root, f"{folder}/kustomize", places)
        lay(root, f"{folder}/record.json", '{"sha256": "", "origin": "cache"}')
    return ".cache"


def _odd_names(rng: random.Random, root: Path, _: Mapping[str, str]) -> str:
    """A folder that is named badly, with a kustomization in it."""
    source = rng.choice(files_of(root)).parent
    name = os.fsdecode(
        rng.choice(
            (
                b"\xff\xfe",
                b"a\nb",
                b"\x1b[31mfuzz",
                b"::error::fuzz",
                b" ",
                b"-rf",
                b"@fuzz",
                b"a'\"`b",
                b"\xe2\x80\xae",
            )
        )
    )
    target = source.parent / name if source != root else root / name
    shutil.copytree(source, target, symlinks=True, ignore=lambda *_: [name, ".git"])
    return repr(name)
