"""Differences of small repositories, as people read them."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from meshwright.difference import Difference, compare, text
from meshwright.errors import MeshwrightError
from support.repositories import GITOPS_SYNC, flux_kustomization, write
from support.shop import HEAD, SERVICE, SHOP, WEB, Changes, Told


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
