"""The data of built ConfigMaps and Secrets, from which Flux takes variables."""

from __future__ import annotations

import base64
import binascii

from meshwright.manifests.sops import is_encrypted
from meshwright.manifests.unit import BuiltObject
from meshwright.yaml.pointer import mapping_of


def data_of(built: BuiltObject) -> dict[str, str] | None:
    """The data of a ConfigMap or Secret as text; None if it is encrypted or not base64."""
    if is_encrypted(built.data):
        return None
    data = built.data.get("data")
    found = {str(key): str(value) for key, value in mapping_of(data).items()}
    if built.kind == "Secret":
        for key, value in found.items():
            try:
                found[key] = base64.b64decode(value, validate=True).decode("utf-8", "replace")
            except (binascii.Error, ValueError):
                return None
        plain = built.data.get("stringData")
        found.update({str(k): str(v) for k, v in mapping_of(plain).items()})
    return found
