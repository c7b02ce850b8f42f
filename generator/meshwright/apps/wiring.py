"""Renders the files whose templates are shared with the scaffold: an application's wiring and its gate."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

from meshwright.apps.model import App, Overlay, RepositorySettings
from meshwright.apps.syncfields import with_fields
from meshwright.pins import load_pins
from meshwright.resources import data_root

# An edge chart: 2026.8.3 is edge-26.8.3.
_CHART_VERSION = re.compile(r"20\d\d\.\d{1,2}\.\d{1,2}")

if TYPE_CHECKING:
    from jinja2 import Environment, Template


def render_wiring(app: App, overlay: Overlay, settings: RepositorySettings, wave: int) -> str:
    """The Flux Kustomization or Argo CD Application of ``app``, without the header line.

    ``wave`` is the longest path to an application without dependencies.
    """
    context = {
        "name": app.name,
        "namespace": app.spec.namespace,
        "timeout": app.spec.timeout,
        "wave": wave,
        "needs": sorted(overlay.needs.items()),
        "decryption": _decryption(app, settings),
        "expressions": [
            {"apiVersion": item.api_version, "kind": item.kind, "current": item.current}
            for item in overlay.expressions
        ],
    }
    text = _template(f"apps/{settings.engine}.yaml").render(
        app=context,
        cluster_name=app.cluster,
        repository_url=settings.repository_url,
        repository_branch=settings.branch,
    )
    return with_fields(text, app, overlay, settings.engine)


def _decryption(app: App, settings: RepositorySettings) -> dict[str, str] | None:
    own = app.spec.decryption
    if own is None:
        return {"secret": settings.sops_secret, "account": ""} if settings.sops_secret else None
    return {"secret": own.secret, "account": own.service_account}


def render_gate(app: App, settings: RepositorySettings) -> str:
    """The Job that verifies the injector before each Argo CD sync of ``app``, without the header line.

    Its image is the proxy of the release that the repository installs.
    """
    installed = settings.linkerd_version.removeprefix("v")
    pins = load_pins()
    if _CHART_VERSION.fullmatch(installed):
        pins = replace(pins, charts={**pins.charts, "linkerd": installed})
    return _template("apps/gate.yaml").render(app={"name": app.name}, pins=pins)


@cache
def _template(name: str) -> Template:
    return _environment().get_template(f"template/includes/{name}")


@cache
def _environment() -> Environment:
    from jinja2 import FileSystemLoader, StrictUndefined
    from jinja2.sandbox import SandboxedEnvironment

    # The same as _envops in copier.yml, because Copier renders these templates too.
    environment = SandboxedEnvironment(
        loader=FileSystemLoader(data_root()),
        undefined=StrictUndefined,
        variable_start_string="[[",
        variable_end_string="]]",
        block_start_string="[%",
        block_end_string="%]",
        comment_start_string="[#",
        comment_end_string="#]",
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["to_json"] = _to_json
    return environment


def _to_json(value: Any) -> str:
    """The same as Copier's filter of this name."""
    return json.dumps(value)
