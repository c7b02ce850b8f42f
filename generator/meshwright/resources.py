"""Finds the template and the schemas, from a checkout or from an installed wheel."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from meshwright.errors import MeshwrightError

_PACKAGE = Path(__file__).resolve().parent


@cache
def data_root() -> Path:
    """The folder that holds copier.yml, template/ and schema/.

    A wheel contains them inside the package; a checkout has them two folders up.
    Raises MeshwrightError if neither exists, which means a broken installation.
    """
    for candidate in (_PACKAGE / "_data", _PACKAGE.parents[1]):
        if (candidate / "copier.yml").is_file() and (candidate / "schema").is_dir():
            return candidate
    raise MeshwrightError(f"reinstall meshwright: {_PACKAGE} has no copier.yml and schema/ beside it")


def is_installed() -> bool:
    """Whether the files come from an installed wheel; False in a checkout."""
    return data_root() == _PACKAGE / "_data"


def schema_root() -> Path:
    """The folder of JSON Schemas: crds/, charts/, kubernetes/ and the project's own."""
    return data_root() / "schema"


def includes_root() -> Path:
    """The folder of Jinja partials and data shared by the template and this package."""
    return data_root() / "template" / "includes"
