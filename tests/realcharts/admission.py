"""What an API server with Linkerd's webhook would say of each pod: injected, and allowed by Pod Security.

The answers come from the upstream code: tests/engine/modules/inject and podsecurity.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from meshwright.labelselector import matches
from realcharts.fault import Fault
from realcharts.installation import Installation
from realcharts.pods import Namespace, Pod, namespace_of

Question = Mapping[str, Any]
Ask = Callable[[Sequence[Question]], list[dict[str, Any]]]
_INJECT = "linkerd.io/inject"
_WANTED = ("enabled", "ingress")
_CONTROL_PLANE = "linkerd.io/control-plane-component"


def program(path: Path) -> Ask:
    """A function that asks the program at ``path``: one JSON object a line, one answer a line."""

    def ask(questions: Sequence[Question]) -> list[dict[str, Any]]:
        given = "".join(f"{json.dumps(one)}\n" for one in questions)
        ended = subprocess.run([path], input=given, capture_output=True, text=True, check=False, timeout=120)
        if ended.returncode:
            raise RuntimeError(ended.stderr.strip())
        return [json.loads(line) for line in ended.stdout.splitlines()]

    return ask


@dataclass(frozen=True)
class Admitted:
    """A pod with the injector's verdict; ``metadata`` and ``spec`` are those of the injected pod."""

    pod: Pod
    injected: bool
    reasons: tuple[str, ...]
    metadata: Mapping[str, Any]
    spec: Mapping[str, Any]


def inject(
    installation: Installation, pods: Iterable[Pod], known: Mapping[str, Namespace], ask: Ask
) -> list[Admitted]:
    """The injector's verdict on each pod that one of its webhooks selects; the others stay as they are."""
    every = list(pods)
    values = _values(installation)
    selected = [pod for pod in every if values and _selected(installation, pod, known)]
    answers = iter(ask([_question(pod, known, values) for pod in selected]))
    return [_admitted(pod, next(answers) if pod in selected else None) for pod in every]


def _admitted(pod: Pod, answer: Mapping[str, Any] | None) -> Admitted:
    if answer is None:
        why = "no webhook of Linkerd's injector selects it"
        return Admitted(pod, False, (why,), pod.metadata, pod.spec)
    if not answer["injected"]:
        return Admitted(pod, False, tuple(answer.get("reasons") or ()), pod.metadata, pod.spec)
    made = answer["pod"]
    return Admitted(pod, True, (), made["metadata"], made["spec"])


def _values(installation: Installation) -> str:
    for _, one in installation.objects("ConfigMap"):
        if one["metadata"]["name"] == "linkerd-config":
            return str(one["data"]["values"])
    return ""


def _selected(installation: Installation, pod: Pod, known: Mapping[str, Namespace]) -> bool:
    for _, one in installation.objects("MutatingWebhookConfiguration"):
        for hook in one.get("webhooks") or []:
            if ((hook.get("clientConfig") or {}).get("service") or {}).get(
                "name"
            ) != "linkerd-proxy-injector":
                continue
            namespace = namespace_of(known, pod.namespace)
            everywhere = matches(hook.get("namespaceSelector") or {}, namespace.labels)
            if everywhere and matches(hook.get("objectSelector") or {}, pod.labels):
                return True
    return False


def _question(pod: Pod, known: Mapping[str, Namespace], values: str) -> Question:
    namespace = namespace_of(known, pod.namespace)
    metadata = {**pod.metadata, "name": f"{pod.name}-0", "namespace": pod.namespace}
    return {
        "values": values,
        "annotations": namespace.annotations,
        "owner": pod.kind.lower(),
        "name": pod.name,
        "pod": {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": pod.spec},
    }


def injection_faults(admitted: Iterable[Admitted], known: Mapping[str, Namespace]) -> Iterator[Fault]:
    """Pods that an annotation puts into the mesh and that the injector leaves out.

    In a meshed namespace, a pod in the host's network is left out on purpose.
    """
    for one in admitted:
        pod = one.pod
        # The control plane's own pods bring their proxy with them.
        if one.injected or _CONTROL_PLANE in pod.labels:
            continue
        own = pod.annotations.get(_INJECT)
        of_namespace = namespace_of(known, pod.namespace).annotations.get(_INJECT)
        asks = own if own is not None or pod.spec.get("hostNetwork") else of_namespace
        if asks in _WANTED:
            yield Fault(pod.place, f"{pod.title} should get a proxy and gets none: {'; '.join(one.reasons)}")
        elif asks not in (None, "disabled"):
            yield Fault(pod.place, f"{pod.title} has {_INJECT}: {asks}, which the injector does not know")


def security_faults(
    admitted: Iterable[Admitted], known: Mapping[str, Namespace], ask: Ask
) -> Iterator[Fault]:
    """Pods that Pod Security refuses at the level of their namespace, with what the injector added."""
    judged = list(admitted)
    levels = [namespace_of(known, one.pod.namespace).level for one in judged]
    questions = [
        {"level": level, "metadata": {"annotations": one.metadata.get("annotations")}, "spec": one.spec}
        for level, one in zip(levels, judged, strict=True)
    ]
    for level, one, answer in zip(levels, judged, ask(questions), strict=True):
        if not answer["allowed"]:
            mesh = ", with its proxy," if one.injected else ""
            why = f"is refused by Pod Security level {level}: {answer['detail']}"
            yield Fault(one.pod.place, f"{one.pod.title}{mesh} {why}")
