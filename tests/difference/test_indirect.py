"""What changes in files that nobody touched: variables, generated names, secrets."""

from __future__ import annotations

from meshwright.difference import Difference, text
from support.shop import HEAD, SHOP, VARIABLES, WEB, Changes, Told


def test_a_substitution_variable_reaches_unchanged_files(told: Told) -> None:
    settings = VARIABLES["clusters/home/settings.yaml"].replace("info", "debug")

    assert told(VARIABLES, {"clusters/home/settings.yaml": settings}) == [
        HEAD,
        "  ~ Deployment shop/web: restarts its pods",
        "      spec.template.spec.containers[web].env[LOG].value: info -> debug",
        "",
        "Kustomization flux-system/flux-system (clusters/home)",
        "  ~ ConfigMap flux-system/settings",
        "      data.LEVEL: info -> debug",
        "",
        "2 objects changed in 2 roots; the pods of 1 workload restart",
    ]


GENERATED = {
    **SHOP,
    "apps/shop/kustomization.yaml": (
        "namespace: shop\nresources: [web.yaml]\n"
        "configMapGenerator: [{name: web-config, literals: [level=info]}]\n"
    ),
    "apps/shop/web.yaml": WEB.replace(
        "env: [{name: LOG, value: info}]", "envFrom: [{configMapRef: {name: web-config}}]"
    ),
}


def test_a_generated_name_is_matched_and_said_once(told: Told) -> None:
    edited = GENERATED["apps/shop/kustomization.yaml"].replace("level=info", "level=debug")

    assert told(GENERATED, {"apps/shop/kustomization.yaml": edited}) == [
        HEAD,
        "  ~ ConfigMap shop/web-config: new name suffix",
        "      data.level: info -> debug",
        "      followed by Deployment shop/web, which restarts its pods",
        "",
        "1 object changed in 1 root; the pods of 1 workload restart",
    ]


SECRET = """
    apiVersion: v1
    kind: Secret
    metadata:
      name: login
      namespace: shop
      annotations: {note: b2xkLXBhc3N3b3Jk}
    stringData: {password: old-password, gone: other-password}
"""


def test_the_data_of_a_secret_is_never_shown(told: Told) -> None:
    files = {
        **SHOP,
        "apps/shop/kustomization.yaml": "resources: [login.yaml]\n",
        "apps/shop/login.yaml": SECRET,
    }
    newer = SECRET.replace("old-password", "new-password").replace("gone", "fresh").replace("b2xk", "bmV3")

    lines = told(files, {"apps/shop/login.yaml": newer})

    assert lines[1:-2] == [
        "  ~ Secret shop/login",
        "      metadata.annotations.note: changed (secret)",
        "      stringData.fresh: added (secret)",
        "      stringData.gone: removed (secret)",
        "      stringData.password: changed (secret)",
    ]


def test_what_a_secret_variable_puts_elsewhere_is_not_shown_either(changes: Changes) -> None:
    secret = """
        apiVersion: v1
        kind: Secret
        metadata: {name: settings, namespace: flux-system}
        stringData: {LEVEL: hunter-one}
    """
    files = {
        **VARIABLES,
        "clusters/home/settings.yaml": secret,
        "clusters/home/shop.yaml": VARIABLES["clusters/home/shop.yaml"].replace("ConfigMap", "Secret"),
    }

    difference = changes(files, {"clusters/home/settings.yaml": secret.replace("hunter-one", "hunter-two")})

    assert difference.restarts == ("Deployment shop/web",)
    for output in outputs(difference):
        assert "hunter" not in output


def outputs(difference: Difference) -> list[str]:
    from meshwright.difference import json_output, markdown

    return [
        text.render(difference, colour=True),
        markdown.render(difference),
        json_output.render(difference),
    ]
