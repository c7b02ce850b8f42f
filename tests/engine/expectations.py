"""What every example has to show once it is synced."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.audit import Write
from engine.deadlines import LONG
from engine.pods import has_proxy
from engine.synced import Synced

Example = Synced[Any]


def expect_ready(example: Example) -> None:
    """Every layer becomes Ready, and no simulated pod was in trouble."""
    seconds = example.wait(LONG)
    print(f"{example.layers} layers ready after {seconds:.0f} s")
    assert not example.engine.agent.trouble


def expect_order(example: Example) -> None:
    """Nothing is created before what its layer needs is Ready."""
    audit = example.engine.audit()
    created = {
        layer: sum(1 for one in audit.writes if one.created and one.layer == layer)
        for layer in example.needs()
    }
    # Each layer is seen in the log, or there would be nothing to say about its order.
    assert all(created.values()), created
    assert audit.out_of_order(example.needs()) == []


def expect_meshed(example: Example, namespaces: set[str], meant: Callable[[Write], bool]) -> None:
    """Exactly the pods that are ``meant`` have the proxy, some in each of ``namespaces``.

    Of the gate's pods those count that came once it was through.
    """
    audit = example.engine.audit()
    gate = audit.ready("linkerd-gate")[0]
    pods = [
        (pod, meshed) for pod, meshed in audit.pods() if pod.namespace != "linkerd-gate" or pod.time > gate
    ]
    assert {pod.namespace for pod, meshed in pods if meshed} >= namespaces
    assert [str(pod) for pod, meshed in pods if meshed != meant(pod)] == []


def expect_dashboard_closed(example: Example, traefik: str) -> None:
    """Only Traefik's account, in namespace ``traefik``, is admitted to the port that the dashboard serves.

    The objects and what they select: no proxy enforces them here.
    """
    api = example.engine.api
    [server] = [
        one
        for one in api.list("policy.linkerd.io/v1beta3", "Server", "linkerd-viz")
        if one["metadata"]["name"] == "web"
    ]
    # Whom no policy names is refused, and no policy is wider than the server.
    assert server["spec"].get("accessPolicy", "deny") == "deny"
    assert api.list("policy.linkerd.io/v1beta1", "ServerAuthorization") == []
    policies = api.list("policy.linkerd.io/v1alpha1", "AuthorizationPolicy", "linkerd-viz")
    assert {one["spec"]["targetRef"]["kind"] for one in policies} == {"Server"}
    labels = server["spec"]["podSelector"]["matchLabels"]
    pods = api.list("v1", "Pod", "linkerd-viz", labels)
    assert pods
    for pod in pods:
        ports = [port for one in pod["spec"]["containers"] for port in one.get("ports", [])]
        assert [port["containerPort"] for port in ports if port["name"] == server["spec"]["port"]] == [8084]
        assert has_proxy(pod)
    [clients] = [
        one["spec"]["requiredAuthenticationRefs"]
        for one in policies
        if one["spec"]["targetRef"] == {"group": "policy.linkerd.io", "kind": "Server", "name": "web"}
    ]
    admitted = [
        identity
        for ref in clients
        if (one := api.get("policy.linkerd.io/v1alpha1", ref["kind"], ref["name"], "linkerd-viz"))
        for identity in one["spec"]["identityRefs"]
    ]
    accounts = {
        pod["spec"]["serviceAccountName"]
        for pod in api.list("v1", "Pod", traefik, {"app.kubernetes.io/name": "traefik"})
    }
    assert [(one["kind"], one["namespace"], {one["name"]}) for one in admitted] == [
        ("ServiceAccount", traefik, accounts)
    ]
