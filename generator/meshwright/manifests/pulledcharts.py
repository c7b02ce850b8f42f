"""Charts that `meshwright charts pull` fetched: which archive a repository's chart is, by digest.

The cache has each archive under its SHA-256, and for each chart that was pulled a pin: what was asked for,
which version that was, and the digest. A repository may have pins of its own in LOCK_FILE, which count more.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from meshwright.cache.cachefile import read_json, write_json_atomically
from meshwright.cache.places import charts_in_cache
from meshwright.cache.signature import digest as digest_of
from meshwright.errors import MeshwrightError
from meshwright.jsontext import parse_json
from meshwright.manifests.inside import read_inside
from meshwright.manifests.values import ChartReference
from meshwright.reading import open_regular

LOCK_FILE = ".meshwright-charts.json"
# Bytes of one archive; the largest known charts have 2 MiB.
LARGEST_ARCHIVE = 64 << 20
_FORMAT = 1
_DIGEST = re.compile(r"[0-9a-f]{64}\Z")
_TEXT = re.compile(r"[!-~](?:[ -~]{0,1000}[!-~])?\Z")
_HOST_AND_PATH = re.compile(r"[A-Za-z0-9.-]+(?::[0-9]+)?/")
_FIELDS = ("source", "name", "wanted", "version", "digest")


@dataclass(frozen=True, order=True)
class ChartPin:
    """A chart of a source (the URL of its repository) in the version that was found for ``wanted``.

    ``digest`` is the SHA-256 of its archive in hexadecimal.
    """

    source: str
    name: str
    wanted: str
    version: str
    digest: str


PinKey = tuple[str, str, str]


def normal_source(url: str) -> str:
    """The URL of a chart's repository in one spelling; ``oci://`` is added where Helm needs no scheme."""
    text = url.strip().rstrip("/")
    if _HOST_AND_PATH.match(text):
        text = f"oci://{text}"
    try:
        parts = urlsplit(text)
        return parts._replace(scheme=parts.scheme.lower(), netloc=parts.netloc.lower()).geturl()
    except ValueError:
        return text


def key_of(chart: ChartReference) -> PinKey:
    """What identifies the pin of a chart."""
    return normal_source(chart.source), chart.name, chart.asked


class PulledCharts:
    """The pins of the cache and of the repository at ``root``, if there is one."""

    def __init__(self, root: Path | None = None) -> None:
        self._root = root

    def archive(self, chart: ChartReference) -> Path | None:
        """The archive of a chart in the cache, with the digest of its pin; None if it was not pulled."""
        pin = self.pin(chart)
        return None if pin is None else archive_in_cache(pin.digest)

    def pin(self, chart: ChartReference) -> ChartPin | None:
        """The pin of a chart; one without a source needs to be the only one of that name and version."""
        key = key_of(chart)
        if key[0]:
            return self._locked.get(key) or read_pin(key)
        found = {pin.digest: pin for pin in self._all if (pin.name, pin.wanted) == key[1:]}
        return next(iter(found.values())) if len(found) == 1 else None

    @cached_property
    def _locked(self) -> Mapping[PinKey, ChartPin]:
        try:
            return read_lock(self._root) if self._root is not None else {}
        except MeshwrightError:
            # The command that writes it says what is wrong; here its charts are missing.
            return {}

    @cached_property
    def _all(self) -> list[ChartPin]:
        folder = charts_in_cache() / "pins"
        try:
            files = sorted(folder.iterdir())
        except OSError:
            files = []
        cached = [pin for file in files if (pin := _pin(read_json(file))) is not None]
        locked = {(pin.source, pin.name, pin.wanted) for pin in self._locked.values()}
        return [
            *self._locked.values(),
            *(pin for pin in cached if (pin.source, pin.name, pin.wanted) not in locked),
        ]


def read_pin(key: PinKey) -> ChartPin | None:
    """The pin in the cache; None if there is none or it is broken."""
    pin = _pin(read_json(charts_in_cache() / _pin_path(key)))
    return pin if pin is not None and (pin.source, pin.name, pin.wanted) == key else None


def keep_pin(pin: ChartPin) -> None:
    """Write a pin into the cache. Raises MeshwrightError."""
    path = _pin_path((pin.source, pin.name, pin.wanted))
    if not write_json_atomically(charts_in_cache(), path, asdict(pin)):
        raise MeshwrightError(f"{charts_in_cache() / path}: cannot be written")


def archive_path(digest: str) -> str:
    """The path of an archive in the cache's folder of charts."""
    return f"archives/{digest}.tgz"


def archive_in_cache(digest: str) -> Path | None:
    """The archive with that SHA-256; None if it is not in the cache or another file is in its place."""
    path = charts_in_cache() / archive_path(digest)
    try:
        with open_regular(path, LARGEST_ARCHIVE) as file:
            return path if hashlib.file_digest(file, "sha256").hexdigest() == digest else None
    except OSError:
        return None


def read_lock(root: Path) -> dict[PinKey, ChartPin]:
    """The pins in a repository's lock file; none without one. Raises MeshwrightError if it is broken."""
    try:
        text = read_inside(root, LOCK_FILE)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise MeshwrightError(f"{LOCK_FILE}: {error.strerror or error}") from None
    try:
        data: Any = parse_json(text)
    except ValueError:
        data = None
    entries = data.get("charts") if isinstance(data, dict) and data.get("version") == _FORMAT else None
    pins = [_pin(entry) for entry in entries] if isinstance(entries, list) else [None]
    if None in pins:
        raise MeshwrightError(
            f"{LOCK_FILE}: not a lock file of charts; remove it and write it again with --lock"
        )
    return {(pin.source, pin.name, pin.wanted): pin for pin in pins if pin is not None}


def lock_text(pins: Iterable[ChartPin]) -> str:
    """The content of a lock file."""
    entries = [asdict(pin) for pin in sorted(set(pins))]
    return json.dumps({"version": _FORMAT, "charts": entries}, indent=2) + "\n"


def _pin_path(key: PinKey) -> str:
    return f"pins/{digest_of(key)}.json"


def _pin(data: Any) -> ChartPin | None:
    if not isinstance(data, dict) or not all(isinstance(data.get(name), str) for name in _FIELDS):
        return None
    pin = ChartPin(*(data[name] for name in _FIELDS))
    shown = all(_TEXT.match(text) for text in (pin.source, pin.name, pin.version))
    return pin if shown and _DIGEST.match(pin.digest) else None
