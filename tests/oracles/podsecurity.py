"""Compares what Meshwright and Kubernetes' own evaluator say of pods under a Pod Security level.

Run as ``make oracles``, or as ``python -m oracles.podsecurity BINARY`` with ``--cases`` and ``--seed``. The
program is tests/engine/modules/podsecurity. It ends with 1 if any answer differs.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from meshwright.podsecurity import ENFORCE, enforced, violations

ANSWERS = Path(__file__).parent / "answers" / "podsecurity.json"
NUMBER, SAMPLE = 20_000, 300
Case = dict[str, Any]

_VERSIONS = ("", "", "latest", "v1.0", "v1.18", "v1.19", "v1.21", "v1.22", "v1.23", "v1.24", "v1.25", "v1.27",
             "v1.29", "v1.31", "v1.32", "v1.34", "v1.35")  # fmt: skip
_PROFILES = ("RuntimeDefault", "RuntimeDefault", "Localhost", "Unconfined")
_CAPABILITIES = ("NET_BIND_SERVICE", "CHOWN", "NET_ADMIN", "NET_RAW", "ALL")
_VOLUMES: tuple[dict[str, Any], ...] = (
    {"emptyDir": {}},
    {"secret": {"secretName": "s"}},
    {"configMap": {"name": "c"}},
    {"hostPath": {"path": "/"}},
    {"nfs": {"server": "x", "path": "/"}},
    {"projected": {"sources": []}},
    {"image": {"reference": "x"}},
    {"csi": {"driver": "x"}},
    {"persistentVolumeClaim": {"claimName": "c"}},
    {"iscsi": {}},
)
_SYSCTLS = ("kernel.shm_rmid_forced", "net.ipv4.ip_local_reserved_ports", "net.ipv4.tcp_keepalive_time",
            "net.ipv4.tcp_rmem", "kernel.msgmax")  # fmt: skip


def cases(number: int, seed: int) -> Iterator[Case]:
    """Pods that restricted allows, with a few changes each."""
    chance = random.Random(seed)
    for _ in range(number):
        yield _case(chance)


def _case(chance: random.Random) -> Case:
    rare = chance.choice((0.0, 0.02, 0.05, 0.1))
    spec: dict[str, Any] = {"securityContext": _context(chance, rare)}
    for field, many in (("initContainers", (0, 0, 1)), ("containers", (1, 1, 2))):
        found = [_container(chance, rare, f"{field[0]}{at}") for at in range(chance.choice(many))]
        if found:
            spec[field] = found
    for field in ("hostNetwork", "hostPID", "hostIPC"):
        if chance.random() < rare:
            spec[field] = chance.random() < 0.7
    if chance.random() < 0.1:
        spec["hostUsers"] = chance.choice((True, False, False))
    if chance.random() < 0.1:
        spec["os"] = {"name": chance.choice(("windows", "windows", "linux"))}
    volumes = [chance.choice(_VOLUMES if chance.random() < rare * 3 else _VOLUMES[:3]) for _ in range(2)]
    spec["volumes"] = [{"name": f"v{at}", **volume} for at, volume in enumerate(volumes)]
    annotations = {}
    if chance.random() < rare:
        value = chance.choice(("runtime/default", "localhost/x", "unconfined", ""))
        annotations["container.apparmor.security.beta.kubernetes.io/c0"] = value
    return {
        "level": chance.choice(("baseline", "restricted", "restricted", "privileged")),
        "version": chance.choice(_VERSIONS),
        "metadata": {"annotations": annotations},
        "spec": spec,
    }


def _container(chance: random.Random, rare: float, name: str) -> dict[str, Any]:
    found: dict[str, Any] = {"name": name, "image": "x"}
    if chance.random() < 0.95:
        context = _context(chance, rare)
        context.update(_own(chance, rare))
        found["securityContext"] = context
    if chance.random() < 0.3:
        found["ports"] = [{"containerPort": 80}]
        if chance.random() < rare * 3:
            found["ports"][0]["hostPort"] = chance.choice((80, 0))
    if chance.random() < 0.2:
        host = {"host": chance.choice(("", "127.0.0.1"))} if chance.random() < rare * 4 else {}
        probe = {chance.choice(("httpGet", "tcpSocket")): {"port": 80, **host}}
        where = chance.choice(("livenessProbe", "readinessProbe", "startupProbe", "postStart", "preStop"))
        found.update({where: probe} if where.endswith("Probe") else {"lifecycle": {where: probe}})
    return found


def _own(chance: random.Random, rare: float) -> dict[str, Any]:
    """What only a container has."""
    found: dict[str, Any] = {"capabilities": {"drop": ["ALL"]}, "allowPrivilegeEscalation": False}
    if chance.random() < rare:
        found["capabilities"] = {"drop": [chance.choice(_CAPABILITIES)]}
    if chance.random() < rare * 2:
        found["capabilities"]["add"] = chance.sample(_CAPABILITIES, 2)
    if chance.random() < rare:
        del found["capabilities"]
    if chance.random() < rare:
        del found["allowPrivilegeEscalation"]
    if chance.random() < rare:
        found["privileged"] = chance.random() < 0.7
    if chance.random() < rare:
        found["procMount"] = chance.choice(("Default", "Unmasked"))
    return found


def _context(chance: random.Random, rare: float) -> dict[str, Any]:
    """What pods and containers both have."""
    found: dict[str, Any] = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    for field in list(found):
        if chance.random() < max(rare, 0.3):
            del found[field]
    if chance.random() < rare:
        found["runAsNonRoot"] = chance.choice((True, False))
    for field in ("seccompProfile", "appArmorProfile"):
        if chance.random() < rare:
            found[field] = {"type": chance.choice(_PROFILES)}
    if chance.random() < rare * 2:
        found["runAsUser"] = chance.choice((0, 1000))
    if chance.random() < rare:
        options: tuple[dict[str, str], ...] = (
            {"type": "container_t"},
            {"type": "container_engine_t"},
            {"type": "x"},
            {"role": "r"},
            {},
        )
        found["seLinuxOptions"] = chance.choice(options)
    if chance.random() < rare:
        found["windowsOptions"] = {"hostProcess": chance.choice((True, False))}
    if chance.random() < rare:
        found["sysctls"] = [{"name": chance.choice(_SYSCTLS), "value": "1"}]
    return found


def judge(case: Case) -> bool:
    """Whether Meshwright says that the pod is allowed."""
    labels = {ENFORCE: case["level"], f"{ENFORCE}-version": case["version"] or "latest"}
    return not list(violations(enforced(labels), case["metadata"]["annotations"], case["spec"]))


def ask(binary: str, asked: list[Case]) -> list[bool]:
    """Whether Kubernetes says so of each."""
    lines = "".join(json.dumps(case) + "\n" for case in asked)
    done = subprocess.run([binary], input=lines, capture_output=True, text=True, check=True)
    return [json.loads(line)["allowed"] for line in done.stdout.splitlines()]


def main() -> int:
    """Print how often the answers differ, or store some with ``--freeze``."""
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("--cases", type=int, default=NUMBER)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--freeze", action="store_true")
    given = parser.parse_args()
    asked = list(cases(SAMPLE if given.freeze else given.cases, given.seed))
    answers = ask(given.binary, asked)
    if given.freeze:
        lines = ",\n".join(json.dumps(pair) for pair in zip(asked, answers, strict=True))
        ANSWERS.write_text(f"[\n{lines}\n]\n", encoding="utf-8")
        return 0
    differing = [(case, theirs) for case, theirs in zip(asked, answers, strict=True) if judge(case) != theirs]
    print(f"pod security {len(asked)} cases, {sum(answers)} allowed, {len(differing)} differences")
    for case, theirs in differing[:5]:
        print(json.dumps(case), "Kubernetes:", "allowed" if theirs else "refused")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
