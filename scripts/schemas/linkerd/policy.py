"""policy.linkerd.io without HTTPRoute: what the CRDs of edge-26.8.3 ask, and what the admission webhook adds.

The webhook reads every version by one set of rules and refuses a Server whose proxyProtocol or
accessPolicy it does not know, a port 0, and an empty list of networks.
"""

from __future__ import annotations

from scripts.schemas.linkerd.shapes import (
    API_GROUP,
    BOOLEAN,
    DNS_LABEL,
    INTEGER,
    KIND_NAME,
    LABEL_SELECTOR,
    PORT,
    Kind,
    array,
    obj,
    one_of,
    text,
)
from scripts.schemas.resource import Schema

_GROUP = "policy.linkerd.io"

_REFERENCE = {
    "group": text(API_GROUP, most=253),
    "kind": text(KIND_NAME, least=1, most=63),
    "name": text(least=1, most=253),
}
_TARGET = obj(_REFERENCE, "kind", "name")
_CIDR = text(r"^[0-9a-fA-F:.]+(/[0-9]{1,3})?$")
_NETWORK = obj({"cidr": _CIDR, "except": array(_CIDR)}, "cidr")
_NETWORKS = array(_NETWORK, minItems=1)

# A number is bounded, a name is not empty: either rule passes over values of the other type.
_SERVER_PORT: Schema = {**PORT, "type": ["integer", "string"], "minLength": 1}
_PROXY_PROTOCOL = one_of("unknown", "HTTP/1", "HTTP/2", "gRPC", "opaque", "TLS")
_ACCESS_POLICY = one_of(
    "all-authenticated",
    "all-unauthenticated",
    "cluster-authenticated",
    "cluster-unauthenticated",
    "deny",
    "audit",
)


def _server(selector: Schema) -> Schema:
    """Before v1beta2 a Server selects pods only."""
    fields = {"podSelector": selector, "port": _SERVER_PORT, "proxyProtocol": _PROXY_PROTOCOL}
    return obj(fields, "podSelector", "port")


def _server_with_workloads(**more: Schema) -> Schema:
    fields = {
        "podSelector": LABEL_SELECTOR,
        "externalWorkloadSelector": LABEL_SELECTOR,
        "port": _SERVER_PORT,
        "proxyProtocol": _PROXY_PROTOCOL,
        **more,
    }
    return obj(fields, "port", exactly_one=("podSelector", "externalWorkloadSelector"))


_SERVER = Kind(
    _GROUP,
    "Server",
    {
        "v1alpha1": _server(
            {**LABEL_SELECTOR, "oneOf": [{"required": ["matchExpressions"]}, {"required": ["matchLabels"]}]}
        ),
        "v1beta1": _server(LABEL_SELECTOR),
        "v1beta2": _server_with_workloads(),
        "v1beta3": _server_with_workloads(accessPolicy=_ACCESS_POLICY),
    },
)

_AUTHORIZATION = obj(
    {
        "server": obj(
            {"name": text(DNS_LABEL), "selector": LABEL_SELECTOR}, exactly_one=("name", "selector")
        ),
        "client": obj(
            {
                "networks": array(_NETWORK),
                "unauthenticated": BOOLEAN,
                "meshTLS": obj(
                    {
                        "unauthenticatedTLS": BOOLEAN,
                        "identities": array(
                            text(r"^(\*|[a-z0-9]([-a-z0-9]*[a-z0-9])?)(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$")
                        ),
                        "serviceAccounts": array(
                            obj({"name": text(DNS_LABEL), "namespace": text(DNS_LABEL)}, "name")
                        ),
                    }
                ),
            }
        ),
    },
    "server",
    "client",
)

_RATE = {"requestsPerSecond": INTEGER}
_RATE_CLIENT = obj({**_REFERENCE, "namespace": text(DNS_LABEL, least=1, most=63)}, "kind", "name")

KINDS = [
    _SERVER,
    Kind(_GROUP, "ServerAuthorization", {"v1alpha1": _AUTHORIZATION, "v1beta1": _AUTHORIZATION}),
    Kind(
        _GROUP,
        "AuthorizationPolicy",
        {
            "v1alpha1": obj(
                {
                    "targetRef": _TARGET,
                    "requiredAuthenticationRefs": array(
                        obj({**_REFERENCE, "namespace": text(most=253)}, "kind", "name")
                    ),
                },
                "targetRef",
                "requiredAuthenticationRefs",
            )
        },
    ),
    Kind(
        _GROUP,
        "MeshTLSAuthentication",
        {
            "v1alpha1": obj(
                {
                    "identities": array(text(), minItems=1),
                    "identityRefs": array(
                        obj({**_REFERENCE, "namespace": text(most=253)}, "kind"), minItems=1
                    ),
                },
                exactly_one=("identities", "identityRefs"),
            )
        },
    ),
    Kind(_GROUP, "NetworkAuthentication", {"v1alpha1": obj({"networks": _NETWORKS}, "networks")}),
    Kind(
        _GROUP,
        "EgressNetwork",
        {"v1alpha1": obj({"trafficPolicy": one_of("Allow", "Deny"), "networks": _NETWORKS}, "trafficPolicy")},
    ),
    Kind(
        _GROUP,
        "HTTPLocalRateLimitPolicy",
        {
            "v1alpha1": obj(
                {
                    "targetRef": _TARGET,
                    "total": obj(_RATE, "requestsPerSecond"),
                    "identity": obj(_RATE, "requestsPerSecond"),
                    "overrides": array(
                        obj({**_RATE, "clientRefs": array(_RATE_CLIENT)}, "requestsPerSecond", "clientRefs")
                    ),
                },
                "targetRef",
            )
        },
    ),
]
