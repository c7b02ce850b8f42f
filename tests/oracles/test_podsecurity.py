"""What Pod Security refuses, against answers of Kubernetes' own evaluator, which need no Go.

``make oracles`` asks thousands anew; ``python -m oracles.podsecurity BINARY --freeze`` writes these.
"""

from __future__ import annotations

import json

from meshwright.podsecurity import ENFORCE, Level, enforced
from oracles.podsecurity import ANSWERS, SAMPLE, judge


def test_pods_are_refused_as_kubernetes_refuses_them() -> None:
    pairs = json.loads(ANSWERS.read_text(encoding="utf-8"))

    differing = [(case, theirs) for case, theirs in pairs if judge(case) != theirs]

    assert len(pairs) == SAMPLE
    assert differing == []
    assert 0.3 < sum(theirs for _, theirs in pairs) / len(pairs) < 0.8


def test_an_unknown_level_counts_as_restricted_and_an_unknown_version_as_latest() -> None:
    assert enforced({ENFORCE: "restrictd"}, 36) == Level("restricted", 36)
    assert enforced({ENFORCE: "baseline", f"{ENFORCE}-version": "1.24"}, 36) == Level("baseline", 36)
    assert enforced({ENFORCE: "baseline", f"{ENFORCE}-version": "v1.24"}, 36) == Level("baseline", 24)
    assert enforced({ENFORCE: "baseline", f"{ENFORCE}-version": "v1.99"}, 36) == Level("baseline", 36)


def test_warn_and_audit_refuse_nothing() -> None:
    labels = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("warn", "audit")}

    assert enforced(labels, 36) == Level("privileged", 36)
