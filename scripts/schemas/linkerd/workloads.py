"""ServiceProfile, ExternalWorkload and the multicluster Link, as the CRDs of edge-26.8.3 have them."""

from __future__ import annotations

from scripts.schemas.linkerd.shapes import (
    BOOLEAN,
    DURATION,
    INTEGER,
    LABEL_SELECTOR,
    NUMBER,
    OPEN,
    PORT,
    Kind,
    array,
    obj,
    strings,
    text,
)
from scripts.schemas.resource import Schema

_NUMERAL = r"(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))"
_QUANTITY: Schema = {
    "type": ["integer", "string"],
    "pattern": rf"^(\+|-)?{_NUMERAL}(([KMGTPE]i)|[numkMGTPE]|([eE](\+|-)?{_NUMERAL}))?$",
}

_ROUTE = obj(
    {
        "name": text(),
        "condition": obj(
            {
                "pathRegex": text(),
                "method": text(),
                "all": array(OPEN),
                "any": array(OPEN),
                "not": array(OPEN),
            }
        ),
        "isRetryable": BOOLEAN,
        "timeout": text(),
        "responseClasses": array(
            obj(
                {
                    "condition": obj(
                        {
                            "all": array(OPEN),
                            "any": array(OPEN),
                            "not": OPEN,
                            "status": obj({"max": INTEGER, "min": INTEGER}),
                        }
                    ),
                    "isFailure": BOOLEAN,
                },
                "condition",
            )
        ),
    },
    "condition",
    "name",
)


def _profile(*required: str) -> Schema:
    return obj(
        {
            "dstOverrides": array(obj({"authority": text(), "weight": _QUANTITY})),
            "opaquePorts": strings(),
            "retryBudget": obj(
                {"minRetriesPerSecond": INTEGER, "retryRatio": NUMBER, "ttl": text()},
                "minRetriesPerSecond",
                "retryRatio",
                "ttl",
            ),
            "routes": array(_ROUTE),
        },
        *required,
    )


def _external_workload(tls: str, addresses: int) -> Schema:
    """The key of the TLS settings, and how many addresses a workload may have, changed with v1beta1."""
    name = text(least=1, most=253)
    return obj(
        {
            tls: obj({"identity": name, "serverName": name}, "identity", "serverName"),
            "ports": array(obj({"name": text(), "port": PORT, "protocol": text()}, "port")),
            "workloadIPs": array(obj({"ip": text()}), maxItems=addresses),
        },
        tls,
    )


def _link(period: Schema, **more: Schema) -> Schema:
    return obj(
        {
            "clusterCredentialsSecret": text(),
            "gatewayAddress": text(),
            "gatewayIdentity": text(),
            "gatewayPort": text(),
            "probeSpec": obj(
                {
                    "failureThreshold": text(),
                    "path": text(),
                    "period": period,
                    "port": text(),
                    "timeout": DURATION,
                }
            ),
            "selector": LABEL_SELECTOR,
            "remoteDiscoverySelector": LABEL_SELECTOR,
            "targetClusterName": text(),
            "targetClusterDomain": text(),
            "targetClusterLinkerdNamespace": text(),
            **more,
        }
    )


KINDS = [
    Kind(
        "linkerd.io",
        "ServiceProfile",
        {"v1alpha1": _profile("routes"), "v1alpha2": _profile()},
        spec_required=False,
    ),
    Kind(
        "workload.linkerd.io",
        "ExternalWorkload",
        {"v1alpha1": _external_workload("meshTls", 1), "v1beta1": _external_workload("meshTLS", 2)},
    ),
    Kind(
        "multicluster.linkerd.io",
        "Link",
        {
            "v1alpha1": _link(text()),
            "v1alpha2": _link(DURATION, federatedServiceSelector=LABEL_SELECTOR),
            "v1alpha3": _link(
                DURATION,
                federatedServiceSelector=LABEL_SELECTOR,
                excludedAnnotations=strings(),
                excludedLabels=strings(),
            ),
        },
        spec_required=False,
    ),
]
