"""Quantities as Kubernetes writes them: 100m, 0.5, 64Mi, 1e3."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

_QUANTITY = re.compile(
    r"([+-]?(?:[0-9]{1,40}(?:\.[0-9]{0,40})?|\.[0-9]{1,40}))"
    r"([numkMGTPE]|[KMGTPE]i|[eE]([+-]?[0-9]{1,2}))?\Z"
)
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}


def quantity(value: Any) -> Decimal | None:
    """The amount in its base unit (cores or bytes); None if ``value`` is not a quantity.

    source: Kubernetes apimachinery, resource.ParseQuantity.
    """
    found = _QUANTITY.match(str(value)) if value is not None else None
    if found is None:
        return None
    suffix = found[2] or ""
    if suffix in _BINARY:
        return Decimal(found[1]) * Decimal(2) ** _BINARY[suffix]
    return Decimal(found[1]).scaleb(int(found[3]) if found[3] else _DECIMAL[suffix])
