"""Quantities as Kubernetes writes them: 100m, 0.5, 64Mi."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

_QUANTITY = re.compile(r"([0-9]+(?:\.[0-9]+)?)(m|k|M|G|T|Ki|Mi|Gi|Ti)?\Z")
_UNITS = {
    "": Decimal(1),
    "m": Decimal(1) / 1000,
    "k": Decimal(10) ** 3,
    "M": Decimal(10) ** 6,
    "G": Decimal(10) ** 9,
    "T": Decimal(10) ** 12,
    "Ki": Decimal(2) ** 10,
    "Mi": Decimal(2) ** 20,
    "Gi": Decimal(2) ** 30,
    "Ti": Decimal(2) ** 40,
}


def quantity(value: Any) -> Decimal | None:
    """The amount in its base unit (cores or bytes); None if ``value`` is not a quantity.

    source: Kubernetes apimachinery, resource.Quantity, without exponents.
    """
    found = _QUANTITY.match(str(value)) if value is not None else None
    return Decimal(found[1]) * _UNITS[found[2] or ""] if found else None
