"""What a picture shows of certificates: lifetimes, renewals, readers, and what must restart when."""

from __future__ import annotations

from typing import Any

from meshwright.check.model.index import Model
from meshwright.trust.formats import as_data
from meshwright.trust.report import certificates_of

# Of the report of `meshwright trust`; the rest is in the check, or counts days from today.
_KEPT = ("planned", "certificates", "rotations")


def certificate_facts(model: Model) -> dict[str, list[dict[str, Any]]]:
    """``planned``, ``public`` and ``rotations`` as in `meshwright trust --format json`, without days left."""
    data = as_data(certificates_of(model))
    planned, public, rotations = (data[key] for key in _KEPT)
    return {
        "planned": planned,
        "public": [{key: value for key, value in row.items() if key != "days_left"} for row in public],
        "rotations": rotations,
    }
