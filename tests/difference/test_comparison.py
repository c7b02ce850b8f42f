"""Differences of small repositories, as people read them."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from meshwright.difference import Difference, compare, text
from meshwright.difference.sharing import SharedBuilds
from meshwright.errors import MeshwrightError
from support.argocd import application, write_archive
from support.repositories import GITOPS_SYNC, config_map, flux_kustomization, write

Told = Callable[[Mapping[str, str], Mapping[str, str | None]], list[str]]
Changes = Callable[[Mapping[str, str], Mapping[str, str | None]], Difference]

WEB = """
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: web, namespace: shop}
    spec:
      replicas: 2
      selector: {matchLabels: {app: web}}
      template:
        metadata: {labels: {app: web}}
        spec:
          containers:
            - {name: web, image: "web:1", env: [{name: LOG, value: info}]}
            - {name: log, image: "log:1"}
"""
SERVICE = """
    apiVersion: v1
    kind: Service
    metadata: {name: web, namespace: shop}
    spec: {selector: {app: web}, ports: [{port: 80}]}
"""
SHOP = {
    "clusters/home/flux-system/sync.yaml": GITOPS_SYNC,
    "clusters/home/shop.yaml": flux_kustomization("shop", "./apps/shop"),
    "apps/shop/kustomization.yaml": "resources: [web.yaml, service.yaml]\n",
    "apps/shop/web.yaml": WEB,
    "apps/shop/service.yaml": SERVICE,
}
HEAD = "Kustomization flux-system/shop (apps/shop, clusters/home)"


def test_a_changed_image_restarts_the_pods(told: Told) -> None:
    assert told(SHOP, {"apps/shop/web.yaml": WEB.replace("web:1", "web:2")}) == [
        HEAD,
        "  ~ Deployment shop/web: restarts its pods",
        "      spec.template.spec.containers[web].image: web:1 -> web:2",
        "",
        "1 object changed in 1 root; the pods of 1 workload restart",
    ]


def test_a_changed_replica_count_does_not(told: Told) -> None:
    assert told(SHOP, {"apps/shop/web.yaml": WEB.replace("replicas: 2", "replicas: 3")})[1:3] == [
        "  ~ Deployment shop/web",
        "      spec.replicas: 2 -> 3",
    ]


def test_a_renamed_file_is_no_difference(changes: Changes) -> None:
    edits = {
        "apps/shop/web.yaml": None,
        "apps/shop/deployment.yaml": f"# moved\n{textwrap.dedent(WEB)}",
        "apps/shop/kustomization.yaml": "resources: [service.yaml, deployment.yaml]\n",
    }

    assert changes(SHOP, edits) == Difference()


def test_a_renamed_folder_that_nothing_reaches_is_no_difference(changes: Changes) -> None:
    files = {"one/kustomization.yaml": "resources: [web.yaml]\n", "one/web.yaml": WEB}
    edits = {
        "one/kustomization.yaml": None,
        "one/web.yaml": None,
        "two/kustomization.yaml": "resources: [web.yaml]\n",
        "two/web.yaml": WEB,
    }

    assert changes(files, edits).is_empty


def test_reordered_containers_are_told_as_order(told: Told) -> None:
    lines = textwrap.dedent(WEB).splitlines(keepends=True)
    swapped = "".join([*lines[:-2], lines[-1], lines[-2]])

    assert told(SHOP, {"apps/shop/web.yaml": swapped})[1:3] == [
        "  ~ Deployment shop/web: restarts its pods",
        "      spec.template.spec.containers: order web, log -> log, web",
    ]


def test_a_renamed_object_is_another_one(told: Told) -> None:
    assert told(SHOP, {"apps/shop/service.yaml": SERVICE.replace("name: web,", "name: shop,")}) == [
        HEAD,
        "  + Service shop/shop",
        "  - Service shop/web",
        "",
        "1 object added, 1 removed in 1 root",
    ]


def test_a_removed_application(told: Told) -> None:
    gone = {path: None for path in SHOP if path.startswith("apps/")}

    assert told(SHOP, {**gone, "clusters/home/shop.yaml": None}) == [
        f"{HEAD}: removed",
        "  - Deployment shop/web: stops its pods",
        "  - Service shop/web",
        "",
        "Kustomization flux-system/flux-system (clusters/home)",
        "  - Kustomization flux-system/shop",
        "",
        "3 objects removed in 2 roots",
    ]


def test_a_patch_of_the_kustomization_that_applies_it(told: Told) -> None:
    text = '[{"op": "replace", "path": "/spec/replicas", "value": 5}]'
    patch = f"patches: [{{patch: '{text}', target: {{kind: Deployment}}}}]"
    edits = {"clusters/home/shop.yaml": flux_kustomization("shop", "./apps/shop", patch)}

    lines = told(SHOP, edits)

    assert "      spec.replicas: 2 -> 5" in lines
    assert lines[-1] == "2 objects changed in 2 roots"


JOB = """
    apiVersion: batch/v1
    kind: Job
    metadata: {name: once, namespace: shop, annotations: {}}
    spec: {template: {spec: {restartPolicy: Never, containers: [{name: once, image: "once:1"}]}}}
"""
FORCE = "kustomize.toolkit.fluxcd.io/force: enabled"
DAEMON = WEB.replace("Deployment", "DaemonSet").replace("replicas: 2", "updateStrategy: {type: OnDelete}")


@pytest.mark.parametrize(
    ("workload", "effect"),
    [
        (WEB, "restarts its pods"),
        (WEB.replace("replicas: 2", "paused: true"), ""),
        (DAEMON, "changes its pods only when you delete them"),
        (DAEMON.replace("OnDelete", "RollingUpdate"), "restarts its pods"),
        (JOB, "is rejected (a Job's template is immutable): delete the Job, or let the engine replace it"),
        (JOB.replace("{}", f"{{{FORCE}}}"), "runs again"),
        (JOB.replace("{}", '{argocd.argoproj.io/sync-options: "Force=true,Replace=true"}'), "runs again"),
        (
            JOB.replace("kind: Job", "kind: CronJob")
            .replace("spec: {template", 'spec: {schedule: "0 0 * * *", jobTemplate: {spec: {template')
            .replace("}]}}}", "}]}}}}}"),
            "takes effect at its next run",
        ),
    ],
)
def test_what_a_new_image_means_for_pods(told: Told, workload: str, effect: str) -> None:
    files = {**SHOP, "apps/shop/web.yaml": workload}

    line = told(files, {"apps/shop/web.yaml": workload.replace(":1", ":2")})[1]

    assert line.partition(": ")[2] == effect


VARIABLES = {
    **SHOP,
    "apps/shop/web.yaml": WEB.replace("value: info", "value: '${LEVEL}'"),
    "clusters/home/settings.yaml": config_map("settings", LEVEL="info").replace(
        "{name: settings}", "{name: settings, namespace: flux-system}"
    ),
    "clusters/home/shop.yaml": flux_kustomization(
        "shop", "./apps/shop", "postBuild: {substituteFrom: [{kind: ConfigMap, name: settings}]}"
    ),
}


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


RELEASE = {
    "clusters/home/flux-system/sync.yaml": GITOPS_SYNC,
    "clusters/home/viz.yaml": flux_kustomization("viz", "./viz"),
    "viz/kustomization.yaml": """
        resources: [release.yaml]
        configMapGenerator: [{name: viz-values, namespace: viz, files: [values.yaml]}]
        configurations: [names.yaml]
    """,
    "viz/names.yaml": """
        nameReference: [{kind: ConfigMap, fieldSpecs: [{path: spec/valuesFrom/name, kind: HelmRelease}]}]
    """,
    "viz/release.yaml": """
        apiVersion: helm.toolkit.fluxcd.io/v2
        kind: HelmRelease
        metadata: {name: viz, namespace: viz}
        spec:
          interval: 1h
          chart: {spec: {chart: linkerd-viz, version: 1.0.0, sourceRef: {kind: HelmRepository, name: l5d}}}
          valuesFrom: [{kind: ConfigMap, name: viz-values}]
    """,
    "viz/values.yaml": "dashboard:\n  replicas: 1\n  hosts: [a, b]\n",
}


def test_values_are_compared_key_by_key_and_charts_by_version(told: Told) -> None:
    edits = {
        "viz/values.yaml": "dashboard:\n  replicas: 2\n  hosts: [a, b]\n  new: true\n",
        "viz/release.yaml": RELEASE["viz/release.yaml"].replace("1.0.0", "1.1.0"),
    }

    assert told(RELEASE, edits)[1:-2] == [
        "  ~ ConfigMap viz/viz-values: values of HelmRelease viz/viz; new name suffix",
        "    + values.yaml dashboard.new: true",
        "      values.yaml dashboard.replicas: 1 -> 2",
        "      followed by HelmRelease viz/viz",
        "  ~ HelmRelease viz/viz: chart linkerd-viz 1.0.0 -> 1.1.0",
        "      spec.chart.spec.version: 1.0.0 -> 1.1.0",
    ]


def test_a_comment_in_values_is_said_as_text(told: Told) -> None:
    edits = {"viz/values.yaml": f"# why\n{RELEASE['viz/values.yaml']}"}

    lines = told(RELEASE, edits)

    assert lines[1] == "  ~ ConfigMap viz/viz-values: values of HelmRelease viz/viz; new name suffix"
    assert lines[2] == "      data['values.yaml']: only comments or layout"


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


CRD = """
    apiVersion: apiextensions.k8s.io/v1
    kind: CustomResourceDefinition
    metadata: {name: gadgets.example.com}
    spec:
      group: example.com
      names: {kind: Gadget, plural: gadgets}
      scope: Namespaced
      versions:
        - name: v1
          served: true
          storage: true
          schema:
            openAPIV3Schema:
              type: object
              properties:
                spec:
                  type: object
                  description: What is wanted.
                  properties:
                    size: {type: integer}
                    old: {type: string}
                    parts: {type: array, items: {type: object, properties: {name: {type: string}}}}
"""


def test_a_definition_is_summarised(told: Told) -> None:
    files = {**SHOP, "apps/shop/service.yaml": CRD}
    newer = (
        CRD.replace("size: {type: integer}", "size: {type: string}")
        .replace("old: {type: string}", "fresh: {type: string}")
        .replace("{name: {type: string}}", "{name: {type: string}, colour: {type: string}}")
        .replace("What is wanted", "What you want")
    )
    newer += "        - {name: v2, served: true, storage: false, schema: {openAPIV3Schema: {type: object}}}\n"

    assert told(files, {"apps/shop/service.yaml": newer.replace("scope: Namespaced", "scope: Cluster")})[
        1:-2
    ] == [
        "  ~ CustomResourceDefinition gadgets.example.com",
        "      spec.scope: Namespaced -> Cluster",
        "      version v1: 2 fields added (spec.fresh, spec.parts[].colour), 1 field removed (spec.old), "
        "1 field changed (spec.size), 1 description changed",
        "      version v2: added",
    ]


def test_an_object_that_another_root_takes_over_has_moved(told: Told) -> None:
    edits = {
        "clusters/home/edge.yaml": flux_kustomization("edge", "./apps/edge"),
        "apps/edge/kustomization.yaml": "resources: [service.yaml]\n",
        "apps/edge/service.yaml": SERVICE.replace("port: 80", "port: 81"),
        "apps/shop/service.yaml": None,
        "apps/shop/kustomization.yaml": "resources: [web.yaml]\n",
    }

    lines = told(SHOP, edits)

    assert lines[:4] == [
        "Kustomization flux-system/edge (apps/edge, clusters/home): added",
        "  > Service shop/web: moved here from Kustomization flux-system/shop",
        '    - spec.ports[80]: {"port": 80}',
        '    + spec.ports[81]: {"port": 81}',
    ]
    assert lines[-1] == "1 object added, 1 moved in 2 roots"


def test_what_cannot_be_built_is_said_and_the_rest_compared(told: Told) -> None:
    files = {
        **SHOP,
        "clusters/home/other.yaml": flux_kustomization("other", "./apps/other"),
        "apps/other/kustomization.yaml": "resources: [map.yaml]\n",
        "apps/other/map.yaml": config_map("other", a="b"),
    }
    edits = {
        "apps/other/kustomization.yaml": "resources: [map.yaml, gone.yaml]\n",
        "apps/shop/web.yaml": WEB.replace("web:1", "web:2"),
    }

    lines = told(files, edits)

    assert "      spec.template.spec.containers[web].image: web:1 -> web:2" in lines
    assert lines[4:6] == [
        "not compared:",
        "  Kustomization flux-system/other (new): it cannot be built: "
        "apps/other/kustomization.yaml:1:23: 'apps/other/gone.yaml' does not exist",
    ]


def test_a_base_on_the_network_is_the_reason(told: Told) -> None:
    remote = "resources: [web.yaml, 'https://github.com/example/base?ref=v1']\n"
    files = {**SHOP, "apps/shop/kustomization.yaml": remote}

    lines = told(files, {"apps/shop/kustomization.yaml": remote.replace("v1", "v2")})

    assert lines[1] == (
        "  Kustomization flux-system/shop (new): it cannot be built: apps/shop/kustomization.yaml:1:23: "
        "it needs 'https://github.com/example/base?ref=v2' from the network, but the check runs offline"
    )


def test_charts_of_a_folder_that_nothing_reaches(told: Told) -> None:
    chart = "helmCharts: [{name: viz, version: 1.0.0, repo: 'https://charts.example.org'}]\n"

    lines = told(
        {"viz/kustomization.yaml": chart}, {"viz/kustomization.yaml": chart.replace("1.0.0", "1.1.0")}
    )

    assert lines[:3] == [
        "folder viz",
        "  ~ Chart viz: chart viz 1.0.0 -> 1.1.0",
        "      version: 1.0.0 -> 1.1.0",
    ]
    assert "its helmCharts need Helm and the chart" in lines[5]


@pytest.mark.parametrize(
    ("edits", "reason"),
    [
        ({path: None for path in SHOP if path.startswith("apps/")}, "which does not exist"),
        ({"clusters/home/shop.yaml": "kind: [\n"}, "clusters/home/shop.yaml:1:7"),
    ],
    ids=["its folder is gone", "its file is no YAML"],
)
def test_a_root_that_cannot_be_read_is_not_called_removed(
    told: Told, edits: dict[str, str | None], reason: str
) -> None:
    lines = told(SHOP, edits)

    assert not [line for line in lines if "Deployment" in line or "Service" in line]
    assert any("Kustomization flux-system/shop (new)" in line and reason in line for line in lines)


def test_what_an_entry_applies_is_not_called_added_when_the_entry_breaks(told: Told) -> None:
    assert told(SHOP, {"clusters/home/flux-system/sync.yaml": "kind: [\n"}) == [
        "not compared:",
        "  Kustomization flux-system/flux-system (new): clusters/home/flux-system/sync.yaml:1:7: "
        "this bracket is never closed; add the closing bracket",
        "",
        "no differences in what could be compared; not compared: 1",
    ]


ARGO = {
    "argocd/root.yaml": application("root", "path: argocd"),
    "argocd/web.yaml": application("web", "path: apps/web"),
    "apps/web/kustomization.yaml": """
        namespace: web
        helmCharts: [{name: tiny, version: 1.2.3, releaseName: tiny, namespace: web, valuesFile: values.yaml}]
        patches: [{path: patch.yaml, target: {kind: Deployment}}]
    """,
    "apps/web/patch.yaml": "- {op: replace, path: /spec/paused, value: true}",
    "apps/web/values.yaml": "replicas: 1\n",
}


def test_a_chart_of_argo_cd_that_is_not_at_hand(told: Told) -> None:
    edits = {
        "apps/web/values.yaml": "replicas: 2\n",
        "apps/web/kustomization.yaml": ARGO["apps/web/kustomization.yaml"].replace("1.2.3", "1.3.0"),
        "apps/web/patch.yaml": "- {op: replace, path: /spec/paused, value: false}",
    }

    assert told(ARGO, edits)[:6] == [
        "Application argocd/web (apps/web)",
        "  ~ Chart web/tiny: chart tiny 1.2.3 -> 1.3.0",
        "      patches[0].patch:",
        "        - - {op: replace, path: /spec/paused, value: true}",
        "        + - {op: replace, path: /spec/paused, value: false}",
        "      values.replicas: 1 -> 2",
    ]


def test_a_chart_that_is_at_hand_in_one_version(tmp_path: Path) -> None:
    files = {
        **ARGO,
        "apps/web/kustomization.yaml": ARGO["apps/web/kustomization.yaml"].split("patches")[0] + "\n",
    }
    write_archive(tmp_path / "charts", tmp_path / "scratch")
    old = write(tmp_path / "old", files)
    same = write(tmp_path / "same", {**files, "apps/web/values.yaml": "replicas: 2\n"})
    newer = {
        **files,
        "apps/web/kustomization.yaml": files["apps/web/kustomization.yaml"].replace("1.2.3", "1.3.0"),
    }
    new = write(tmp_path / "new", newer)

    lines = text.render(compare(old, same, charts=tmp_path / "charts")).splitlines()
    bumped = text.render(compare(old, new, charts=tmp_path / "charts")).splitlines()

    assert "  ~ Deployment web/tiny" in lines
    assert "      spec.replicas: 1 -> 2" in lines
    assert bumped[1] == "  ~ Chart web/tiny: chart tiny 1.2.3 -> 1.3.0"
    assert not [line for line in bumped if "Deployment" in line]
    assert (
        "  Application argocd/web (new): "
        "chart tiny is available in one version only; its rendered objects are not compared" in bumped
    )


def test_an_application_with_a_chart_of_its_own(told: Told) -> None:
    chart = application("viz", "chart: viz, targetRevision: 1.0.0, helm: {valuesObject: {a: 1}}")
    edits = {"argocd/viz.yaml": chart.replace("1.0.0", "1.1.0").replace("a: 1", "a: 2")}

    lines = told({**ARGO, "argocd/viz.yaml": chart}, edits)

    assert "  ~ Application argocd/viz: chart viz 1.0.0 -> 1.1.0" in lines
    assert "  ~ Chart viz/viz: chart viz 1.0.0 -> 1.1.0" in lines
    assert "      values.a: 1 -> 2" in lines


def test_two_clusters_keep_their_own(told: Told) -> None:
    files = {
        "clusters/a/flux-system/sync.yaml": GITOPS_SYNC.replace("clusters/home", "clusters/a"),
        "clusters/b/flux-system/sync.yaml": GITOPS_SYNC.replace("clusters/home", "clusters/b"),
        **{f"clusters/{name}/shop.yaml": SHOP["clusters/home/shop.yaml"] for name in "ab"},
        **{path: content for path, content in SHOP.items() if path.startswith("apps/")},
    }

    assert told(files, {"clusters/b/shop.yaml": None})[0] == (
        "Kustomization flux-system/shop (apps/shop, clusters/b): removed"
    )


def test_from_nothing_everything_is_added(tmp_path: Path) -> None:
    old, new = write(tmp_path / "old", {"README.md": "x"}), write(tmp_path / "new", SHOP)

    assert text.render(compare(old, new)).splitlines()[-1] == "4 objects added in 2 roots"
    with pytest.raises(MeshwrightError, match="not a GitOps repository"):
        compare(old, write(tmp_path / "none", {"README.md": "y"}))


COMPONENT = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n"
EDITS: dict[str, tuple[Mapping[str, str], Mapping[str, str | None]]] = {
    "image": (SHOP, {"apps/shop/web.yaml": WEB.replace("web:1", "web:2")}),
    "settings": (
        VARIABLES,
        {"clusters/home/settings.yaml": VARIABLES["clusters/home/settings.yaml"].replace("info", "debug")},
    ),
    "inline variables": (
        VARIABLES,
        {
            "clusters/home/shop.yaml": flux_kustomization(
                "shop", "./apps/shop", "postBuild: {substitute: {LEVEL: x}}"
            )
        },
    ),
    "labels": (
        SHOP,
        {
            "clusters/home/shop.yaml": flux_kustomization(
                "shop", "./apps/shop", "commonMetadata: {labels: {a: b}}"
            )
        },
    ),
    "path": (
        {**SHOP, "apps/two/kustomization.yaml": "resources: [../shop]\nnamePrefix: two-\n"},
        {"clusters/home/shop.yaml": flux_kustomization("shop", "./apps/two")},
    ),
    "component": (
        {
            **SHOP,
            "parts/kustomization.yaml": f"{COMPONENT}labels: []\n",
            "apps/shop/kustomization.yaml": SHOP["apps/shop/kustomization.yaml"]
            + "components: [../../parts]\n",
        },
        {
            "parts/kustomization.yaml": f"{COMPONENT}labels: [{{pairs: {{a: b}}}}]\n",
        },
    ),
    "values": (RELEASE, {"viz/values.yaml": "dashboard: {}\n"}),
    "unreached": (SHOP, {"clusters/home/shop.yaml": None}),
    "argo cd": (ARGO, {"argocd/web.yaml": application("web", "path: apps/web, kustomize: {namePrefix: x-}")}),
}


@pytest.mark.parametrize("name", EDITS)
def test_builds_that_are_left_out_change_nothing(
    name: str, changes: Changes, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = changes(*EDITS[name])
    monkeypatch.setattr(SharedBuilds, "digest", lambda *_: None)

    assert shared == changes(*EDITS[name])
    assert not shared.is_empty
