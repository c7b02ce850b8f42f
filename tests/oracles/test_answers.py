"""The package's readers against answers of the real ones, kept so that no Go is needed.

``make oracles`` makes many thousands anew; ``python -m oracles.compare BINARY --freeze 300`` writes these.
"""

from __future__ import annotations

import json

import pytest

from oracles.cases import KINDS
from oracles.compare import ANSWERS
from oracles.readers import answer, same


@pytest.mark.parametrize("kind", KINDS)
def test_readers_answer_like_the_real_ones(kind: str) -> None:
    pairs = json.loads((ANSWERS / f"{kind}.json").read_text(encoding="utf-8"))

    differing = [
        (case, ours, theirs)
        for case, theirs in pairs
        if not same(kind, ours := answer({"kind": kind, **case}), theirs)
    ]

    assert len(pairs) > 250
    assert differing == []


@pytest.mark.parametrize("kind", KINDS)
def test_the_sample_tells_apart(kind: str) -> None:
    answers = [theirs for _, theirs in json.loads((ANSWERS / f"{kind}.json").read_text(encoding="utf-8"))]

    # No single answer, right or refused, is right for most of it.
    assert max(map(answers.count, answers)) < 0.9 * len(answers)
