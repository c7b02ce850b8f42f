"""Compares which pods Meshwright and Linkerd's own injector inject, and what they set for the proxy.

Run as ``make oracles`` or ``make e2e``, or as ``python -m oracles.injections BINARY`` with ``--cases`` and
``--seed``. The program is tests/engine/modules/inject. It ends with 1 if any answer differs.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from meshwright.linkerd.injection import Namespace, Pod, injector_of, verdict
from meshwright.linkerd.ports import read_ports
from meshwright.linkerd.proxysettings import CONFIG, ProxySettings, read_bool
from meshwright.quantity import quantity

ANSWERS = Path(__file__).parent / "answers" / "injection.json"
NUMBER, SAMPLE = 5_000, 300
Case = dict[str, Any]

_INJECT = ("enabled", "enabled", "ingress", "disabled", "", "enabld", "true", "Enabled", " enabled")
_PORT_LISTS = (
    "4222", "3306", "", "25,587", "8000-8010", "http", "80,http,9000-9002", "x-y", "70000", "9000-8000",
    " 80 , 443 ", "80,", ",80", "0", "3306,25,db", "080", "+80", "1-2-3",
)  # fmt: skip
_PORTS = ("4200", "0", "abc", "", "-1", "70000", "4191", " 4200", "+4300")
_QUANTITIES = (
    "100m", "200m", "1", "0.5", ".5", "2.", "1e3", "1E3", "64Mi", "64MB", "", "x", "1Ki", "1E", "100n", "-1",
)  # fmt: skip
_BOOLEANS = ("true", "false", "True", "yes", "1", "0", "", "T")
_PORT_NAMES = ("outbound", "inbound", "control", "admin")
_LABELS = {
    "app": ("web",),
    "linkerd.io/control-plane-component": ("identity", ""),
    "linkerd.io/cni-resource": ("true",),
}
_SELECTORS: tuple[Any, ...] = (
    None,
    {"matchLabels": {"mesh": "yes"}},
    {"matchExpressions": [{"key": "mesh", "operator": "Exists"}]},
    {"matchExpressions": [{"key": "mesh", "operator": "NotIn", "values": ["no"]}]},
    {"matchExpressions": [{"key": "mesh", "operator": "In", "values": ["yes", "maybe"]}]},
    {"matchExpressions": None},
    {},
)
_IMAGES = (
    "web:1",
    "cr.l5d.io/linkerd/proxy:edge-26.8.3",
    "gcr.io/istio-release/proxy_init:1",
    "cr.l5d.io/linkerd/proxyx",
)
_TOKEN_PATH = "/var/run/secrets/kubernetes.io/serviceaccount"


def cases(number: int, seed: int) -> Iterator[Case]:
    """Workloads as they might be, with one or more things about each that decide."""
    chance = random.Random(seed)
    for _ in range(number):
        yield _case(chance)


def _case(chance: random.Random) -> Case:
    namespace = chance.choice(("shop",) * 12 + ("kube-system", "cert-manager", "linkerd", "flux-system"))
    labels = {"mesh": chance.choice(("yes", "no"))} if chance.random() < 0.2 else {}
    if chance.random() < 0.1:
        labels["config.linkerd.io/admission-webhooks"] = chance.choice(("disabled", "enabled", "Disabled"))
    return {
        "namespace": {"name": namespace, "labels": labels, "annotations": _annotations(chance, 0.55)},
        "pod": {
            "annotations": _annotations(chance, 0.6),
            "labels": {
                name: chance.choice(values) for name, values in _LABELS.items() if chance.random() < 0.06
            },
            "spec": _spec(chance),
        },
        "account": chance.choice((None, None, None, True, False)),
        "values": _values(chance),
    }


def _annotations(chance: random.Random, often: float) -> dict[str, str]:
    found = {}
    if chance.random() < often:
        found["linkerd.io/inject"] = chance.choice(_INJECT if chance.random() < 0.4 else _INJECT[:3])
    for key in ("opaque-ports", "skip-inbound-ports"):
        if chance.random() < 0.3:
            found[f"{CONFIG}{key}"] = chance.choice(_PORT_LISTS)
    for name in _PORT_NAMES:
        if chance.random() < 0.08:
            found[f"{CONFIG}{name}-port"] = chance.choice(_PORTS)
    for name in ("cpu", "memory", "ephemeral-storage"):
        for bound in ("request", "limit"):
            if chance.random() < 0.12:
                found[f"{CONFIG}proxy-{name}-{bound}"] = chance.choice(_QUANTITIES)
    if chance.random() < 0.1:
        found["config.alpha.linkerd.io/proxy-enable-native-sidecar"] = chance.choice(_BOOLEANS)
    return found


def _spec(chance: random.Random) -> dict[str, Any]:
    spec: dict[str, Any] = {"containers": [_container(chance, "web")]}
    if chance.random() < 0.3:
        spec["containers"].append(_container(chance, chance.choice(("side", "db", "istio-proxy"))))
    if chance.random() < 0.3:
        name = chance.choice(("setup", "setup", "linkerd-init", "istio-init", "linkerd-proxy"))
        spec["initContainers"] = [_container(chance, name)]
        if chance.random() < 0.5:
            spec["initContainers"][0]["restartPolicy"] = "Always"
    if chance.random() < 0.08:
        spec["hostNetwork"] = chance.choice((True, True, False))
    if chance.random() < 0.2:
        spec["automountServiceAccountToken"] = chance.choice((True, False))
    return spec


def _container(chance: random.Random, name: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": name,
        "image": _IMAGES[0] if chance.random() < 0.97 else chance.choice(_IMAGES),
    }
    ports = []
    for at in range(chance.choice((0, 1, 1, 2))):
        port: dict[str, Any] = {"containerPort": chance.choice((80, 3306, 4222, 8001, 25, 4191, 9000))}
        if chance.random() < 0.5:
            port["name"] = ("http", "db", "x-y")[at]
        if chance.random() < 0.1:
            port["protocol"] = "UDP"
        ports.append(port)
    if ports:
        found["ports"] = ports
    if chance.random() < 0.05:
        found["volumeMounts"] = [{"name": "token", "mountPath": _TOKEN_PATH}]
    return found


def _values(chance: random.Random) -> dict[str, Any]:
    found: dict[str, Any] = {}
    proxy: dict[str, Any] = {}
    if chance.random() < 0.15:
        proxy["opaquePorts"] = chance.choice(("25,4222", "3306,8000-8010", "", "9000"))
    if chance.random() < 0.15:
        proxy["resources"] = {
            "cpu": {"request": chance.choice(("50m", "1")), "limit": chance.choice(("100m", ""))},
            "memory": {"limit": "250Mi"},
        }
    if chance.random() < 0.1:
        proxy["ports"] = {"admin": 5191, "inbound": 5143}
    if chance.random() < 0.2:
        proxy["nativeSidecar"] = chance.choice((True, False))
    if proxy:
        found["proxy"] = proxy
    if chance.random() < 0.1:
        found["proxyInit"] = {"ignoreInboundPorts": chance.choice(("9999", "4567,4568"))}
    if chance.random() < 0.25:
        found["identity"] = {"serviceAccountTokenProjection": chance.choice((True, False, False))}
    for name in ("namespaceSelector", "objectSelector"):
        if chance.random() < 0.07:
            found.setdefault("proxyInjector", {})[name] = chance.choice(_SELECTORS)
    return found


def judge(case: Case) -> dict[str, Any]:
    """Meshwright's answer to a case."""
    space, of = case["namespace"], case["pod"]
    pod = Pod(of["annotations"], of["labels"], of["spec"], case["account"])
    namespace = Namespace(space["name"], space["annotations"], space["labels"])
    injector = injector_of(case["values"])
    if not verdict(pod, namespace, injector).injected:
        return {"injected": False}
    settings = ProxySettings(pod, namespace, injector)
    native = settings.annotation("config.alpha.linkerd.io/proxy-enable-native-sidecar")
    told = read_bool(native.value) if native is not None else None
    resources = {}
    for name in ("cpu", "memory", "ephemeral-storage"):
        for bound in ("request", "limit"):
            found = settings.resource(name, bound)
            resources[f"{name} {bound}"] = _amount(found.value if found else "")
    return {
        "injected": True,
        "mode": settings.mode,
        "opaque": sorted(settings.opaque_ports),
        "skipped": sorted(settings.skipped_inbound),
        "ports": dict(settings.ports),
        "resources": resources,
        "native": bool(injector.proxy.get("nativeSidecar", False)) if told is None else told,
    }


def _amount(text: Any) -> str:
    found = quantity(text)
    return "" if found is None else str(found.normalize())


def question(case: Case) -> dict[str, Any]:
    """A case as the program takes it: the pod as the API server passes it to webhooks."""
    of, space = case["pod"], case["namespace"]
    spec = json.loads(json.dumps(of["spec"]))
    own = spec.get("automountServiceAccountToken")
    # source: Kubernetes, plugin/pkg/admission/serviceaccount: the pod's field decides, then the account's.
    if own is True or (own is None and case["account"] is not False):
        for container in (*spec.get("initContainers", []), *spec["containers"]):
            mounts = container.setdefault("volumeMounts", [])
            if not any(mount["mountPath"] == _TOKEN_PATH for mount in mounts):
                mounts.append({"name": "kube-api-access", "mountPath": _TOKEN_PATH, "readOnly": True})
    metadata = {"name": "web", "namespace": space["name"]}
    metadata |= {"annotations": of["annotations"], "labels": of["labels"]}
    return {
        "changes": case["values"],
        "labels": {**space["labels"], "kubernetes.io/metadata.name": space["name"]},
        "annotations": space["annotations"],
        "owner": "deployment",
        "name": "web",
        "pod": {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec},
    }


def told(answer: Mapping[str, Any]) -> dict[str, Any]:
    """What the program's answer says about the questions that ``judge`` answers."""
    if not answer["injected"]:
        return {"injected": False}
    spec = answer["pod"]["spec"]
    before = [one for one in spec.get("initContainers", []) if one["name"] == "linkerd-proxy"]
    proxy = next(one for one in (*before, *spec["containers"]) if one["name"] == "linkerd-proxy")
    init = next(one for one in spec["initContainers"] if one["name"] == "linkerd-init")
    given = {one["name"]: one.get("value", "") for one in proxy["env"]}
    ports = {name: _number(given, name) for name in _PORT_NAMES}
    at = init["args"].index("--inbound-ports-to-ignore")
    # The proxy's own control and admin ports come first.
    ignored = init["args"][at + 1].split(",", 2)
    resources = {}
    for name in ("cpu", "memory", "ephemeral-storage"):
        for bound in ("request", "limit"):
            resources[f"{name} {bound}"] = _amount(
                ((proxy.get("resources") or {}).get(f"{bound}s") or {}).get(name)
            )
    return {
        "injected": True,
        "mode": "ingress" if given.get("LINKERD2_PROXY_INGRESS_MODE") == "true" else "enabled",
        "opaque": sorted(
            read_ports(given.get("LINKERD2_PROXY_INBOUND_PORTS_DISABLE_PROTOCOL_DETECTION", "")).numbers
        ),
        "skipped": sorted(read_ports(ignored[2] if len(ignored) > 2 else "").numbers),
        "ports": ports,
        "resources": resources,
        "native": bool(before),
    }


def _number(given: Mapping[str, str], name: str) -> int:
    keys = {"outbound": "OUTBOUND_LISTEN_ADDRS", "inbound": "INBOUND_LISTEN_ADDR"}
    keys |= {"control": "CONTROL_LISTEN_ADDR", "admin": "ADMIN_LISTEN_ADDR"}
    return int(given[f"LINKERD2_PROXY_{keys[name]}"].split(",")[0].rpartition(":")[2])


def ask(binary: Path, asked: list[Case]) -> list[dict[str, Any]]:
    """Linkerd's answers to cases."""
    lines = "".join(f"{json.dumps(question(case))}\n" for case in asked)
    done = subprocess.run([binary], input=lines, capture_output=True, text=True, check=False)
    answers = [told(json.loads(line)) for line in done.stdout.splitlines()]
    if done.returncode or len(answers) != len(asked):
        raise SystemExit(f"{len(answers)} answers to {len(asked)} cases: {done.stderr[-500:]}")
    return answers


def main() -> int:
    """Compare, or write the sample for the default suite."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("binary", type=Path)
    parser.add_argument("--cases", type=int, default=NUMBER)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--freeze", action="store_true", help="write answers/injection.json")
    given = parser.parse_args()
    # Another seed than that of the comparison: more is covered by both.
    asked = list(cases(SAMPLE, 2) if given.freeze else cases(given.cases, given.seed))
    answers = ask(given.binary, asked)
    if given.freeze:
        pairs = [json.dumps(pair) for pair in zip(asked, answers, strict=True)]
        ANSWERS.write_text("[\n" + ",\n".join(pairs) + "\n]\n", encoding="utf-8")
        return 0
    differing = 0
    for case, theirs in zip(asked, answers, strict=True):
        ours = judge(case)
        if ours != theirs:
            differing += 1
            wrong = {key: (ours.get(key), value) for key, value in theirs.items() if ours.get(key) != value}
            print(f"    {json.dumps(case)}: ours, theirs: {wrong}")
    counted = Counter(theirs["injected"] for theirs in answers)
    print(f"{'injection':<11} {len(asked):>7} {counted[False]:>8} {differing:>11}")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
