"""Which pods get a proxy and how it is set, against answers of Linkerd's own injector, which need no Go.

``make oracles`` asks thousands anew; ``python -m oracles.injections BINARY --freeze`` writes these.
"""

from __future__ import annotations

import json

from oracles.injections import ANSWERS, SAMPLE, judge


def test_pods_are_injected_as_linkerd_injects_them() -> None:
    pairs = json.loads(ANSWERS.read_text(encoding="utf-8"))

    differing = [(case, ours, theirs) for case, theirs in pairs if (ours := judge(case)) != theirs]

    assert len(pairs) == SAMPLE
    assert differing == []
    assert 0.2 < sum(theirs["injected"] for _, theirs in pairs) / len(pairs) < 0.8
