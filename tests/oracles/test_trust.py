"""How Meshwright judges certificates against answers of Linkerd's own code, kept so that no Go is needed.

``make oracles`` asks thousands anew; ``python -m oracles.trust BINARY --freeze`` writes these, without keys.
"""

from __future__ import annotations

import json

import pytest

from oracles.trust import ANSWERS, KINDS, SAMPLE, judge, same


@pytest.mark.parametrize("kind", KINDS)
def test_certificates_are_judged_as_linkerd_judges_them(kind: str) -> None:
    text = (ANSWERS / f"trust-{kind}.json").read_text(encoding="utf-8")
    pairs = json.loads(text)

    differing = [
        (case["changes"], ours, theirs)
        for case, theirs in pairs
        if not same(ours := judge({"kind": kind, **case}), theirs)
    ]

    assert len(pairs) == SAMPLE[kind]
    assert differing == []
    assert 0.2 < sum("error" in theirs for _, theirs in pairs) / len(pairs) < 0.8
    assert "PRIVATE KEY" not in text
