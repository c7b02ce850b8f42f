"""Repositories that look real and are broken somewhere: one seed, one repository, the same each time."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from support.rulecases import load_cases
from support.storedrepos import load_checked

_LARGE = 100 * 1024 * 1024

Mutation = Callable[[random.Random, bytes], bytes]


def _truncated(rng: random.Random, raw: bytes) -> bytes:
    return raw[: rng.randrange(len(raw) + 1)]


def _line_gone(rng: random.Random, raw: bytes) -> bytes:
    lines = raw.splitlines(keepends=True)
    if lines:
        del lines[rng.randrange(len(lines))]
    return b"".join(lines)


def _line_twice(rng: random.Random, raw: bytes) -> bytes:
    lines = raw.splitlines(keepends=True) or [b"\n"]
    at = rng.randrange(len(lines))
    lines.insert(rng.randrange(len(lines) + 1), lines[at])
    return b"".join(lines)


def _lines_swapped(rng: random.Random, raw: bytes) -> bytes:
    lines = raw.splitlines(keepends=True)
    rng.shuffle(lines)
    return b"".join(lines)


def _indented(rng: random.Random, raw: bytes) -> bytes:
    lines = raw.splitlines(keepends=True) or [b"\n"]
    at = rng.randrange(len(lines))
    lines[at] = rng.choice([b" ", b"  ", b"\t", b"- ", b"? ", b"& ", b"* ", b"! ", b"{ ", b"] "]) + lines[at]
    return b"".join(lines)


def _bytes_changed(rng: random.Random, raw: bytes) -> bytes:
    changed = bytearray(raw or b"\n")
    for _ in range(rng.randrange(1, 8)):
        changed[rng.randrange(len(changed))] = rng.randrange(256)
    return bytes(changed)


def _invalid_text(rng: random.Random, raw: bytes) -> bytes:
    at = rng.randrange(len(raw) + 1)
    return raw[:at] + rng.choice([b"\xff", b"\xc3(", b"\xed\xa0\x80", b"\x00", b"\xef\xbf\xbf"]) + raw[at:]


def _binary(rng: random.Random, _: bytes) -> bytes:
    return rng.randbytes(rng.randrange(1, 5000))


def _line_ends(rng: random.Random, raw: bytes) -> bytes:
    return raw.replace(b"\n", rng.choice([b"\r\n", b"\r", b"\xe2\x80\xa8", b"\xc2\x85"]))


def _other_encoding(rng: random.Random, raw: bytes) -> bytes:
    text = raw.decode("utf-8", "replace")
    return rng.choice(
        [text.encode("utf-8-sig"), text.encode("utf-16"), text.encode("utf-32"), b"\xef\xbb\xbf" + raw]
    )


def _deep(rng: random.Random, raw: bytes) -> bytes:
    depth = rng.choice([50, 199, 300, 900, 5000, 200_000])
    if rng.random() < 0.5:
        deep = b"deep: " + b"[" * depth + b"]" * depth
    else:
        deep = b"\n".join(b" " * level + b"d:" for level in range(min(depth, 2000)))
    return rng.choice([deep, raw + b"\n" + deep + b"\n"])


def _laughs(rng: random.Random, raw: bytes) -> bytes:
    levels = rng.choice([3, 9, 30])
    lines = ["a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    for level in range(1, levels):
        lines.append(f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]")
    return raw + b"\n" + "\n".join(lines).encode() + b"\n"


def _merged(rng: random.Random, raw: bytes) -> bytes:
    text = rng.choice(
        [
            "x: &x {a: 1, b: 2}\ny: {<<: *x, <<: *x}\n",
            "x: &x {a: 1}\ny: {<<: [*x, *x, 7]}\n",
            "<<: text\n",
            "x: &x\n  <<: *x\n  a: 1\n",
            "metadata: &m {name: a, labels: *m}\n",
            "spec: &s [*s, *s]\n",
            "x: *nowhere\n",
            "x: &a &b 1\n",
            "? &k [a, b]\n: *k\n",
            "&key kind: *key\n",
        ]
    )
    return rng.choice([raw + b"\n" + text.encode(), text.encode(), text.encode() + raw])


def _many(rng: random.Random, raw: bytes) -> bytes:
    return rng.choice(
        [
            raw + b"\n---\n" * rng.choice([1, 100, 20_000]),
            (raw + b"\n---\n") * rng.choice([2, 20]),
            raw + b"\nkeys: {" + b", ".join(b"k%d: v" % n for n in range(rng.choice([10, 20_000]))) + b"}\n",
            b"x: &x {a: 1}\nall: [" + b"*x, " * rng.choice([10, 50_000]) + b"]\n" + raw,
            raw + b"\nlong: " + b"x" * rng.choice([1000, 3_000_000]) + b"\n",
            raw + b"\nexpression: " + b"${A:-" * rng.choice([10, 3000]) + b"}" * 5 + b"\n",
        ]
    )


_ODD: tuple[Any, ...] = (
    *(None, True, 0, -1, 1.5, 10**400, float("inf"), float("nan"), {}, [], [[]], [None]),
    *({"": ""}, {"a": None}, {1: 2}, {None: 1}, {True: 1}),
    *("", " ", "\0", "a\0b", "${", "${A}", "$${A}", "{{ . }}", "{{ .a.b.c }}", "{{path}}"),
    *("ENC[AES256_GCM,data:]",),
    *("../../../../etc", "/etc/passwd", ".", "..", "./", "a/", "//", "a//b", "\\", "%", "%00"),
    *("https://example.org/x", "a" * 300, "\x07", "é\u2028", "\n", "a\nb", "'", '"', "# x", "key: ["),
    *("*", "[", "(", "(((((a+)+)+)+)+$", "1e999", "0x", "-", "~", "<<", "=", "2026-02-30", "1:30"),
    *("99999999999h", "-5m", "1h1h", "0", "4143", "1-70000", "70000", "a-b-c"),
)


def _places(data: Any, found: list[tuple[Any, Any]], depth: int = 0) -> None:
    entries = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in entries if depth < 50 and len(found) < 10_000 else ():
        found.append((data, key))
        _places(value, found, depth + 1)


def _odd_values(rng: random.Random, raw: bytes) -> bytes:
    # What is bad already would be worse in memory.
    if len(raw) > 200_000 or b"lol, lol" in raw:
        return _truncated(rng, raw)
    try:
        documents = list(yaml.load_all(raw, Loader=yaml.CSafeLoader))
    # PyYAML makes no fault of its own of a tag that does not fit.
    except (yaml.YAMLError, ValueError, AttributeError, TypeError, LookupError):
        return _truncated(rng, raw)
    places: list[tuple[Any, Any]] = []
    _places(documents, places)
    for _ in range(rng.choice([1, 1, 1, 2, 5])):
        if not places:
            break
        parent, key = rng.choice(places)
        turn = rng.random()
        if isinstance(parent, dict) and key not in parent:
            continue
        if turn < 0.7:
            parent[key] = rng.choice(_ODD)
        elif turn < 0.8 and isinstance(parent, dict):
            parent[rng.choice(["", "x", 7, None, "name", "spec"])] = parent.pop(key)
        elif turn < 0.9:
            other, at = rng.choice(places)
            if not isinstance(other, dict) or at in other:
                parent[key] = other[at]
        elif isinstance(parent, dict):
            del parent[key]
    try:
        return yaml.dump_all(documents, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True).encode()
    except (yaml.YAMLError, ValueError, RecursionError, UnicodeEncodeError):
        return _truncated(rng, raw)


MUTATIONS: tuple[Mutation, ...] = (
    *(_odd_values,) * 8,
    *(_truncated,) * 2,
    _line_gone,
    _line_twice,
    _lines_swapped,
    *(_indented,) * 2,
    _bytes_changed,
    _invalid_text,
    _binary,
    _line_ends,
    _other_encoding,
    _deep,
    _laughs,
    *(_merged,) * 2,
    _many,
)


def on_disk(rng: random.Random, root: Path, file: Path) -> None:
    """What is no file as Git has it: links, pipes, folders, holes of 100 MB."""
    kind = rng.randrange(9)
    if kind == 0:
        file.unlink()
        file.symlink_to(file.name)
    elif kind == 1:
        (file.parent / "loop").symlink_to(root, target_is_directory=True)
    elif kind == 2:
        file.unlink()
        file.symlink_to(
            rng.choice(["/dev/zero", "/dev/null", "/", "..", "/etc/passwd", "/proc/self/environ"])
        )
    elif kind == 3:
        file.unlink()
        file.mkdir()
    elif kind == 4:
        os.truncate(file, _LARGE)
    elif kind == 5:
        file.unlink()
        os.mkfifo(file)
    elif kind == 6:
        shutil.rmtree(file.parent) if file.parent != root else file.unlink()
    elif kind == 7:
        first, second = file.parent / "one", file.parent / "two"
        first.symlink_to(second)
        second.symlink_to(first)
    else:
        odd = rng.choice(
            [
                "\n",
                "a b.yaml",
                "é.yaml",
                "$(x).yaml",
                "-x.yaml",
                "a'\".yaml",
                "${A}.yaml",
                "x" * 200 + ".yaml",
            ]
        )
        shutil.copy(file, file.parent / odd)
        name = os.fsencode(file.parent) + b"/\xff\xfe.yaml"
        if rng.random() < 0.3:
            Path(os.fsdecode(name)).write_bytes(b"a: 1\n")


def sources() -> list[dict[str, bytes]]:
    """Whole small repositories: those of the check's tests, and the cases of the rules."""
    originals = [repository.files for repository in load_checked()]
    originals += [case.files for case in load_cases()]
    return [{path: text.encode() for path, text in files.items()} for files in originals]


def make_mutant(seed: int, originals: list[dict[str, bytes]], root: Path) -> str:
    """Write the repository of ``seed`` into the empty folder ``root``; returns what was done to it."""
    rng = random.Random(seed)
    files = dict(rng.choice(originals))
    if rng.random() < 0.3:
        # Two repositories in one: what nobody meant to stand together.
        files = {**rng.choice(originals), **files}
    done = []
    for _ in range(rng.choice([1, 1, 2, 3])):
        path = rng.choice(sorted(files))
        mutation = rng.choice(MUTATIONS)
        files[path] = mutation(rng, files[path])
        done.append(f"{mutation.__name__} {path}")
    for path, raw in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(raw)
    if rng.random() < 0.15:
        present = sorted(path for path in files if (root / path).is_file())
        path = rng.choice(present)
        state = rng.getstate()[1][0]
        on_disk(rng, root, root / path)
        done.append(f"on disk {state} {path}")
    return ", ".join(done)
