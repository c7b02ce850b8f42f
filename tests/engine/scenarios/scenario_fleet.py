"""Two clusters of one repository on Flux: production changes by a promotion, and not before."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import fleet, picluster
from engine.engine import Engine
from engine.expectations import expect_meshed
from engine.flux import INDEX
from engine.flux_synced import Running


class Production(Running):
    """The repository's cluster production, being synced by Flux."""

    CLUSTER = fleet.CLUSTER


@pytest.fixture(scope="module")
def nodes() -> int:
    return fleet.NODES


@pytest.fixture(scope="module")
def example(engine: Engine, archives: Path | None, tmp_path_factory: pytest.TempPathFactory) -> Production:
    made = fleet.make(tmp_path_factory.mktemp("fleet"), "flux")
    return fleet.start(Production, engine, made, archives)


def test_production_becomes_ready_with_its_own_settings(example: Production) -> None:
    fleet.expect_production(example)


def test_exactly_the_pods_meant_to_be_meshed_have_the_proxy(example: Production) -> None:
    expect_meshed(example, {"linkerd", "demo"}, picluster.meant)


def test_an_update_of_staging_writes_nothing_to_production(example: Production) -> None:
    fleet.expect_untouched(example)


def test_a_promotion_brings_the_version_to_production_in_order(
    example: Production, archives: Path | None
) -> None:
    mark = example.engine.audit().end

    def fetch() -> None:
        # The ten minutes until Flux fetches the chart's index by itself are not waited for.
        for one in example.engine.api.list(*INDEX):
            example.gitops.touch(one)

    revision = fleet.expect_promoted(example, archives, fetch)
    assert example.engine.audit().since(mark).out_of_order(example.needs(), revision) == []
