"""Runs without garbage collections."""

from __future__ import annotations

import gc

from meshwright.gcpause import no_collection


def test_a_run_without_collections_leaves_the_collector_as_it_was() -> None:
    frozen = gc.get_freeze_count()

    with no_collection():
        assert not gc.isenabled()

    assert gc.isenabled()
    assert gc.get_freeze_count() == frozen
