"""policy.linkerd.io HTTPRoute of edge-26.8.3, kept by Linkerd beside Gateway API's own."""

from __future__ import annotations

from scripts.schemas.linkerd.shapes import (
    API_GROUP,
    DNS_LABEL,
    DNS_NAME,
    DURATION,
    INTEGER,
    KIND_NAME,
    PORT,
    Kind,
    array,
    obj,
    one_of,
    text,
)
from scripts.schemas.resource import Schema

_HEADER_NAME = text(r"^[A-Za-z0-9!#$%&'*+\-.^_\x60|~]+$", least=1, most=256)
_HEADER_VALUE = text(least=1, most=4096)
_OBJECT_NAME = text(least=1, most=253)
_HOST_NAME = text(DNS_NAME, least=1, most=253)

_REFERENCE = {
    "group": text(API_GROUP, most=253),
    "kind": text(KIND_NAME, least=1, most=63),
    "name": _OBJECT_NAME,
    "namespace": text(DNS_LABEL, least=1, most=63),
}

_HEADERS = array(obj({"name": _HEADER_NAME, "value": _HEADER_VALUE}, "name", "value"), maxItems=16)
_HEADER_MODIFIER = obj({"add": _HEADERS, "remove": array(text(), maxItems=16), "set": _HEADERS})
_REDIRECT = obj(
    {
        "hostname": _HOST_NAME,
        "path": obj(
            {
                "type": one_of("ReplaceFullPath", "ReplacePrefixMatch"),
                "replaceFullPath": text(most=1024),
                "replacePrefixMatch": text(most=1024),
            },
            "type",
        ),
        "port": PORT,
        "scheme": one_of("http", "https"),
        "statusCode": one_of(301, 302),
    }
)

_MATCH = obj(
    {
        "headers": array(
            obj(
                {"name": _HEADER_NAME, "type": one_of("Exact", "RegularExpression"), "value": _HEADER_VALUE},
                "name",
                "value",
            ),
            maxItems=16,
        ),
        "method": one_of("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"),
        "path": obj({"type": one_of("Exact", "PathPrefix", "RegularExpression"), "value": text(most=1024)}),
        "queryParams": array(
            obj(
                {
                    "name": text(least=1, most=256),
                    "type": one_of("Exact", "RegularExpression"),
                    "value": text(least=1, most=1024),
                },
                "name",
                "value",
            ),
            maxItems=16,
        ),
    }
)


def _filters(*, response: bool) -> Schema:
    """Only a backend may change the response's headers."""
    types = ["RequestHeaderModifier", "RequestRedirect"] + ["ResponseHeaderModifier"] * response
    more = {"responseHeaderModifier": _HEADER_MODIFIER} if response else {}
    fields = {
        "type": one_of(*types),
        "requestHeaderModifier": _HEADER_MODIFIER,
        "requestRedirect": _REDIRECT,
        **more,
    }
    return array(obj(fields, "type"), maxItems=16)


_BACKENDS = array(
    obj(
        {
            **_REFERENCE,
            "port": PORT,
            "weight": {"type": "integer", "minimum": 0, "maximum": 1000000},
            "filters": _filters(response=True),
        },
        "name",
    ),
    maxItems=16,
)
_OLD_BACKENDS = array(
    obj({"name": text(), "namespace": text(), "port": INTEGER, "filters": _filters(response=True)})
)


def _route(parent_port: Schema, backends: Schema, **more: Schema) -> Schema:
    parent = obj({**_REFERENCE, "port": parent_port, "sectionName": _HOST_NAME}, "name")
    rule = obj(
        {
            "matches": array(_MATCH, maxItems=8),
            "filters": _filters(response=False),
            "backendRefs": backends,
            **more,
        }
    )
    wildcard_name = text(rf"^(\*\.)?{DNS_NAME.removeprefix('^')}", least=1, most=253)
    return obj(
        {
            "hostnames": array(wildcard_name, maxItems=16),
            "parentRefs": array(parent, maxItems=32),
            "rules": array(rule, maxItems=16),
        }
    )


_TIMEOUTS = obj({"backendRequest": DURATION, "request": DURATION})

KINDS = [
    Kind(
        "policy.linkerd.io",
        "HTTPRoute",
        {
            "v1alpha1": _route(INTEGER, _OLD_BACKENDS),
            "v1beta1": _route(INTEGER, _OLD_BACKENDS),
            "v1beta2": _route(PORT, _BACKENDS),
            "v1beta3": _route(PORT, _BACKENDS, timeouts=_TIMEOUTS),
        },
    )
]
