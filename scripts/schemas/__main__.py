"""Writes the embedded schemas, or with --check says which committed file differs from what would be written.

    uv run --group schemas python -m scripts.schemas [--check] [PART ...]

Every part needs the project; "kubernetes" needs the dependency group "schemas", "modules" needs Go
and fills its module cache. Without parts all are made, and files that none of them makes go away.
Exit codes: 0 done or nothing differs, 1 something differs, 2 a part could not be made.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path, PurePosixPath

from scripts.schemas.builtin import builtin_kinds
from scripts.schemas.charts import chart_schemas
from scripts.schemas.linkerd import linkerd_kinds
from scripts.schemas.modules import module_kinds
from scripts.schemas.resource import Schema

_ROOT = Path(__file__).resolve().parents[2] / "schema"
_FOLDERS = ("kubernetes", "crds", "charts")


def _compact(schema: Schema) -> str:
    return json.dumps(schema, sort_keys=True, separators=(",", ":"))


def _readable(schema: Schema) -> str:
    return json.dumps(schema, indent=2)


# kubeconform reads most of them; the values of charts are for people too.
_PARTS: dict[str, tuple[Callable[[], Iterable[tuple[PurePosixPath, Schema]]], Callable[[Schema], str]]] = {
    "kubernetes": (builtin_kinds, _compact),
    "modules": (module_kinds, _compact),
    "linkerd": (linkerd_kinds, _compact),
    "charts": (chart_schemas, _readable),
}


def _files(parts: list[str]) -> dict[PurePosixPath, bytes]:
    files: dict[PurePosixPath, bytes] = {}
    for part in parts:
        make, encode = _PARTS[part]
        size = count = 0
        for path, schema in make():
            if path in files:
                raise RuntimeError(f"{path}: made twice")
            files[path] = f"{encode(schema)}\n".encode()
            size, count = size + len(files[path]), count + 1
        print(f"{part}: {count} files, {size / 1000:.0f} kB")
    return files


def _present() -> Iterator[PurePosixPath]:
    for folder in _FOLDERS:
        for file in sorted((_ROOT / folder).rglob("*")):
            if file.is_file():
                yield PurePosixPath(file.relative_to(_ROOT).as_posix())


def _differences(files: dict[PurePosixPath, bytes], *, whole: bool) -> Iterator[str]:
    for path, content in sorted(files.items()):
        target = _ROOT / path
        if not target.is_file():
            yield f"schema/{path}: missing"
        elif target.read_bytes() != content:
            yield f"schema/{path}: differs"
    if whole:
        yield from (f"schema/{path}: nothing makes it" for path in _present() if path not in files)


def _write(files: dict[PurePosixPath, bytes], *, whole: bool) -> None:
    if whole:
        for path in _present():
            if path not in files:
                (_ROOT / path).unlink()
    for path, content in files.items():
        target = _ROOT / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m scripts.schemas", description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when a file differs")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"one of {', '.join(_PARTS)}; default: all")
    options = parser.parse_args()
    unknown = [part for part in options.parts if part not in _PARTS]
    if unknown:
        parser.error(f"no part is called {', '.join(unknown)}; the parts are {', '.join(_PARTS)}")
    whole = not options.parts
    try:
        files = _files(options.parts or list(_PARTS))
    except (RuntimeError, ModuleNotFoundError, OSError) as error:
        print(f"python -m scripts.schemas: {error}", file=sys.stderr)
        return 2
    if not options.check:
        _write(files, whole=whole)
        return 0
    differences = list(_differences(files, whole=whole))
    print("\n".join(differences) or "nothing differs")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
