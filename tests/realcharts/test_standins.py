"""The stand-in charts of the engine tests are no kinder than the real charts (tests/engine/charts/facts)."""

from __future__ import annotations

from typing import Any

import pytest

from meshwright.check.schema.schemas import choose_minor
from meshwright.pins import load_pins
from realcharts.facts import FACTS, SUBJECTS, Subject, facts_of, load
from realcharts.helm import Helm
from realcharts.standins import kinder

# In truth an operator makes the pod of an object of kind Prometheus.
MADE_BY_OPERATORS = {"StatefulSet/prometheus-kube-prometheus-stack-prometheus"}


def by_name(subject: Subject) -> str:
    return subject.name


@pytest.mark.parametrize("subject", SUBJECTS, ids=by_name)
def test_a_stand_in_is_no_kinder_than_the_real_chart(subject: Subject) -> None:
    rendered = Helm(choose_minor(None)).template(
        FACTS.parent / subject.name, subject.name, subject.namespace, subject.values
    )
    stand_in = facts_of(rendered)
    stand_in["pods"] = {
        name: pod for name, pod in stand_in.get("pods", {}).items() if name not in MADE_BY_OPERATORS
    }
    assert list(kinder(stand_in, load(subject.name))) == []


@pytest.mark.parametrize("subject", SUBJECTS, ids=by_name)
def test_facts_are_those_of_the_pinned_version(subject: Subject) -> None:
    assert load(subject.name)["version"] == load_pins().charts[subject.pin]


REAL: dict[str, Any] = {
    "pods": {
        "Deployment/web": {
            "labels": {"app": "web", "helm.sh/chart": "web-1"},
            "hostPaths": ["/var/log"],
            "securityContext": {"runAsNonRoot": True},
            "containers": {"web": {"ports": {"http": 8080}}, "log": {}},
        }
    },
    "services": {"web": {"selector": {"app": "web"}, "ports": {"http": 8080, "admin": 9000}}},
    "crds": ["things.example.org"],
}


@pytest.mark.parametrize(
    ("part", "said"),
    [
        (
            {"securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}},
            "seccompProfile",
        ),
        ({"securityContext": None}, "securityContext is None"),
        ({"hostPaths": []}, "hostPaths is"),
        ({"host": ["hostNetwork"]}, "host is ['hostNetwork']"),
        ({"hook": True}, "hook is True"),
        ({"labels": {"app": "shop"}}, "labels: app is 'shop'"),
        ({"containers": {"web": {"ports": {"http": 80}}}}, "ports: http is 80"),
        ({"containers": {"sidecar": {}}}, "container sidecar: the real chart has none"),
        (
            {"containers": {"web": {"securityContext": {"privileged": True}}}},
            "container web: securityContext",
        ),
    ],
)
def test_a_pod_that_is_kinder_or_another_is_named(part: dict[str, object], said: str) -> None:
    pod = {**REAL["pods"]["Deployment/web"], **part}
    [fault] = kinder({"pods": {"Deployment/web": pod}}, REAL)
    assert fault.startswith("Deployment/web")
    assert said in fault


def test_a_stand_in_may_have_less() -> None:
    less = {
        "pods": {
            "Deployment/web": {
                "labels": {"app": "web", "helm.sh/chart": "web-2"},
                "hostPaths": ["/var/log"],
                "securityContext": {"runAsNonRoot": True},
                "containers": {"web": {}},
            }
        },
        "services": {"web": {"selector": {"app": "web"}, "ports": {"http": 8080}}},
    }
    assert list(kinder(less, REAL)) == []


def test_names_that_the_real_chart_lacks_are_named() -> None:
    more = {
        "pods": {"Job/setup": {}},
        "services": {"db": {}, "web": {"ports": {"http": 80}}},
        "crds": ["others.example.org"],
        "webhooks": ["ValidatingWebhookConfiguration/web.example.org"],
    }
    assert [fault.split(":")[0] for fault in kinder(more, REAL)] == [
        "crds",
        "webhooks",
        "Job/setup",
        "Service db",
        "Service web",
    ]
