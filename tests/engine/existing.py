"""What a platform team runs already, where answers say so: cert-manager with a CA, Prometheus' kinds."""

from __future__ import annotations

import base64
import io
import subprocess
import tarfile
from pathlib import Path

import yaml

from engine import charts, kinds
from engine.api import Object, conditions, documents
from engine.engine import Engine
from engine.pki import Authority
from engine.processes import wait_until
from meshwright.tools.finder import locate

CERT_MANAGER = charts.Asked("https://charts.jetstack.io", "cert-manager", "v1.21.2")


def install_certificates(engine: Engine, archives: Path | None, issuer: str) -> None:
    """Cert-manager by its own chart, and a ClusterIssuer with a CA made for this run."""
    namespace = "cert-manager"
    engine.api.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}, "helm")
    rendered = render(
        CERT_MANAGER, engine.folder / "existing", archives, namespace, {"crds": {"enabled": True}}
    )
    # A hook would run after the rest: the check that the API answers is this function's own.
    rendered = [one for one in rendered if "helm.sh/hook" not in one["metadata"].get("annotations", {})]
    kinds.serve(engine.api, [one for one in rendered if one["kind"] == "CustomResourceDefinition"])
    for one in rendered:
        if one["kind"] != "CustomResourceDefinition":
            engine.api.apply(one, "helm")
    authority = Authority.make("cluster-ca").pair()
    data = {
        "tls.crt": _text(authority.certificate),
        "tls.key": _text(authority.key),
        "ca.crt": _text(authority.certificate),
    }
    meta = {"name": issuer, "namespace": namespace}
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "kubernetes.io/tls",
        "metadata": meta,
        "data": data,
    }
    engine.api.apply(secret, "platform-team")
    made = {
        "apiVersion": "cert-manager.io/v1",
        "kind": "ClusterIssuer",
        "metadata": {"name": issuer},
        "spec": {"ca": {"secretName": issuer}},
    }
    wait_until("cert-manager takes an issuer", lambda: engine.api.apply(made, "platform-team"), 60)

    def ready() -> bool:
        found = engine.api.get("cert-manager.io/v1", "ClusterIssuer", issuer) or {}
        return conditions(found).get("Ready", {}).get("status") == "True"

    wait_until(f"ClusterIssuer {issuer}", ready, 60)


def install_monitoring(engine: Engine, namespace: str) -> None:
    """Prometheus-operator's kinds, and the namespace of the Prometheus."""
    kinds.serve(engine.api, kinds.crds(*kinds.MONITORING))
    engine.api.apply(
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}, "platform-team"
    )


def render(
    asked: charts.Asked, folder: Path, archives: Path | None, namespace: str, values: Object
) -> list[Object]:
    """The objects of a chart, as `helm template` makes them."""
    data = charts.files({asked}, archives)[f"{asked.url}/{asked.name}-{asked.version}.tgz"]
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        tar.extractall(folder, filter="data")
    (folder / "values.yaml").write_text(yaml.safe_dump(values))
    command = [
        str(locate("helm").path),
        "template",
        asked.name,
        str(folder / asked.name),
        "--namespace",
        namespace,
    ]
    done = subprocess.run(
        [*command, "--values", str(folder / "values.yaml")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return documents(yaml.load_all(done.stdout, yaml.CSafeLoader))


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
