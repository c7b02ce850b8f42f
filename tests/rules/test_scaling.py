"""No rule looks at every pair of objects: twice as many cost about twice as much."""

from __future__ import annotations

import pytest

from meshwright.check.model.index import Item
from meshwright.check.model.repository import RootKind
from meshwright.check.rules.registry import load_rules
from meshwright.check.rules.runner import run_rules
from support.rulecases import Case, model_of

_APP = """\
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web-{n}, namespace: shop}}
spec:
  selector: {{matchLabels: {{app: web-{n}}}}}
  template:
    metadata: {{labels: {{app: web-{n}}}, annotations: {{linkerd.io/inject: enabled}}}}
    spec: {{containers: [{{name: web, image: web, ports: [{{name: http, containerPort: 8080}}]}}]}}
---
apiVersion: v1
kind: Service
metadata: {{name: web-{n}, namespace: shop, labels: {{app: web-{n}}}}}
spec: {{selector: {{app: web-{n}}}, ports: [{{name: http, port: 80, targetPort: http}}]}}
---
apiVersion: policy.linkerd.io/v1beta3
kind: Server
metadata: {{name: web-{n}, namespace: shop}}
spec: {{podSelector: {{matchLabels: {{app: web-{n}}}}}, port: http}}
---
apiVersion: policy.linkerd.io/v1alpha1
kind: AuthorizationPolicy
metadata: {{name: web-{n}, namespace: shop}}
spec:
  targetRef: {{group: policy.linkerd.io, kind: Server, name: web-{n}}}
  requiredAuthenticationRefs: [{{kind: MeshTLSAuthentication, group: policy.linkerd.io, name: web-{n}}}]
---
apiVersion: policy.linkerd.io/v1alpha1
kind: MeshTLSAuthentication
metadata: {{name: web-{n}, namespace: shop}}
spec: {{identities: [web-{n}.shop.serviceaccount.identity.linkerd.cluster.local]}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {{name: web-{n}, namespace: shop}}
spec:
  parentRefs: [{{kind: Service, group: core, name: web-{n}, port: 80}}]
  rules: [{{backendRefs: [{{name: web-{n}, port: 80}}]}}]
---
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata: {{name: web-{n}, namespace: shop}}
spec: {{selector: {{matchLabels: {{app: web-{n}}}}}, endpoints: [{{port: http}}]}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{name: web-{n}, namespace: shop}}
spec:
  podSelector: {{matchLabels: {{app: web-{n}}}}}
  ingress: [{{ports: [{{port: 8080}}, {{port: 4143}}]}}]
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {{name: web-{n}, namespace: shop}}
spec: {{secretName: web-{n}, issuerRef: {{name: web, kind: ClusterIssuer}}}}
"""


def _looks(monkeypatch: pytest.MonkeyPatch, count: int) -> int:
    """How often some rule looks into an object of a repository with ``count`` applications."""
    files = {f"a{n}.yaml": _APP.format(n=n) for n in range(count)}
    model = model_of(Case("", "", files, (), RootKind.FLUX))
    seen = 0
    get = Item.get

    def counted(self: Item, *pointer: str | int) -> object:
        nonlocal seen
        seen += 1
        return get(self, *pointer)

    with monkeypatch.context() as patched:
        patched.setattr(Item, "get", counted)
        list(run_rules(model, load_rules()))
    return seen


def test_twice_the_objects_cost_twice_the_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    few, many = _looks(monkeypatch, 60), _looks(monkeypatch, 120)

    assert many < 2.3 * few
