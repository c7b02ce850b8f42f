# ruff: noqa: E501 - manifests as they are written
"""How the cost of a check grows with a repository: seconds of this process for n, 2n and 4n things of each kind.

    PYTHONPATH=generator:. python scripts/growth.py [--kinds files,patches] [--steps 3] [--scale 1.0]

An exponent of 1 is linear. What kustomize and kubeconform take is shown apart: it is theirs.
"""

from __future__ import annotations

import argparse
import math
import os
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

Files = dict[str, str]

SYNC = """\
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: flux-system, namespace: flux-system}
spec: {interval: 1m, url: "https://example.org/acme/fleet", ref: {branch: main}}
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: flux-system, namespace: flux-system}
spec: {interval: 10m, prune: true, path: ./clusters/home, sourceRef: {kind: GitRepository, name: flux-system}}
"""


def _map(name: str, more: str = "") -> str:
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, namespace: shop}}\ndata: {{k: v}}\n{more}"


def _all(texts: Iterator[str]) -> Files:
    return {"all/kustomization.yaml": "resources: [all.yaml]\n", "all/all.yaml": "---\n".join(texts)}


def _flux(name: str, path: str, more: str = "") -> str:
    return (
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n"
        f"metadata: {{name: {name}, namespace: flux-system}}\n"
        f"spec: {{interval: 10m, prune: true, path: {path}, "
        f"sourceRef: {{kind: GitRepository, name: flux-system}}{more}}}\n"
    )


def files(n: int) -> Files:
    """Manifests that one kustomization lists."""
    names = ", ".join(f"m{i}.yaml" for i in range(n))
    return {"all/kustomization.yaml": f"resources: [{names}]\n"} | {
        f"all/m{i}.yaml": _map(f"m{i}") for i in range(n)
    }


def objects(n: int) -> Files:
    """Objects in one file."""
    return _all(_map(f"m{i}") for i in range(n))


def documents(n: int) -> Files:
    """Documents in one file of a folder that Flux applies as it is."""
    found = _all(_map(f"m{i}") for i in range(n))
    del found["all/kustomization.yaml"]
    return {**found, "clusters/home/sync.yaml": SYNC, "clusters/home/all.yaml": _flux("all", "./all")}


def faults(n: int) -> Files:
    """Objects that do not fit their schema, half of them with a comment that says so."""
    return _all(
        _map(f"m{i}", f"datta: {{}}{' # meshwright: ignore kubeconform/unknown-field why' * (i % 2)}\n")
        for i in range(n)
    )


def ignored(n: int) -> Files:
    """Faults, and entries of .meshwright.yaml that take each out."""
    entries = "".join(
        f"- {{rule: kubeconform/unknown-field, path: all/all.yaml, subject: ConfigMap shop/m{i}, reason: why}}\n"
        for i in range(n)
    )
    return {**_all(_map(f"m{i}", "datta: {}\n") for i in range(n)), ".meshwright.yaml": f"ignore:\n{entries}"}


def patches(n: int) -> Files:
    """Patches of one kustomization, each for its own object."""
    listed = "".join(
        f"- target: {{kind: ConfigMap, name: m{i}}}\n  patch: '[{{op: add, path: /data/x, value: y}}]'\n"
        for i in range(n)
    )
    found = _all(_map(f"m{i}") for i in range(n))
    return {**found, "all/kustomization.yaml": f"resources: [all.yaml]\npatches:\n{listed}"}


def strategic(n: int) -> Files:
    """Patches of one kustomization, each a file."""
    listed = "".join(f"- path: p{i}.yaml\n" for i in range(n))
    found = _all(_map(f"m{i}") for i in range(n)) | {f"all/p{i}.yaml": _map(f"m{i}") for i in range(n)}
    return {**found, "all/kustomization.yaml": f"resources: [all.yaml]\npatches:\n{listed}"}


def generators(n: int) -> Files:
    """ConfigMaps that a kustomization generates, each mounted by a Deployment."""
    listed = "".join(f"- {{name: g{i}, literals: [a={i}]}}\n" for i in range(n))
    found = _all(_deployment(i, f"volumes: [{{name: c, configMap: {{name: g{i}}}}}]") for i in range(n))
    return {**found, "all/kustomization.yaml": f"resources: [all.yaml]\nconfigMapGenerator:\n{listed}"}


def _deployment(i: int, more: str = "", namespace: str = "shop") -> str:
    return (
        f"apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: w{i}, namespace: {namespace}}}\n"
        f"spec:\n  selector: {{matchLabels: {{app: w{i}}}}}\n  template:\n"
        f"    metadata: {{labels: {{app: w{i}}}, annotations: {{linkerd.io/inject: enabled}}}}\n"
        f"    spec: {{containers: [{{name: w, image: w, ports: [{{name: http, containerPort: 8080}}]}}]"
        f"{', ' + more if more else ''}}}\n"
    )


def ports(n: int) -> Files:
    """Ports of one Deployment and one Service."""
    own = ", ".join(f"{{name: p{i}, containerPort: {i + 1}}}" for i in range(n))
    served = ", ".join(f"{{name: p{i}, port: {i + 1}, targetPort: p{i}}}" for i in range(n))
    text = (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: w, namespace: shop}\nspec:\n"
        "  selector: {matchLabels: {app: w}}\n  template:\n"
        "    metadata: {labels: {app: w}, annotations: {linkerd.io/inject: enabled}}\n"
        f"    spec: {{containers: [{{name: w, image: w, ports: [{own}]}}]}}\n"
    )
    service = (
        "apiVersion: v1\nkind: Service\nmetadata: {name: w, namespace: shop}\n"
        f"spec: {{selector: {{app: w}}, ports: [{served}]}}\n"
    )
    return _all(iter([text, service]))


def routes(n: int) -> Files:
    """HTTPRoutes, each of its own Service and Deployment."""
    return _all(
        _deployment(i)
        + f"---\napiVersion: v1\nkind: Service\nmetadata: {{name: w{i}, namespace: shop}}\n"
        + f"spec: {{selector: {{app: w{i}}}, ports: [{{port: 80, targetPort: http}}]}}\n"
        + f"---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {{name: w{i}, namespace: shop}}\n"
        + f"spec: {{parentRefs: [{{kind: Service, group: core, name: w{i}, port: 80}}], "
        + f"rules: [{{backendRefs: [{{name: w{i}, port: 80}}]}}]}}\n"
        for i in range(n)
    )


def rules(n: int) -> Files:
    """Rules of one HTTPRoute."""
    listed = ", ".join("{backendRefs: [{name: w0, port: 80}]}" for _ in range(n))
    found = routes(1)
    found["all/all.yaml"] = found["all/all.yaml"].replace("{backendRefs: [{name: w0, port: 80}]}", listed)
    return found


def policies(n: int) -> Files:
    """Servers, their authorizations and who is meant by them."""
    return _all(
        _deployment(i)
        + f"---\napiVersion: policy.linkerd.io/v1beta3\nkind: Server\nmetadata: {{name: w{i}, namespace: shop}}\n"
        + f"spec: {{podSelector: {{matchLabels: {{app: w{i}}}}}, port: http}}\n"
        + "---\napiVersion: policy.linkerd.io/v1alpha1\nkind: AuthorizationPolicy\n"
        + f"metadata: {{name: w{i}, namespace: shop}}\n"
        + f"spec: {{targetRef: {{group: policy.linkerd.io, kind: Server, name: w{i}}}, "
        + f"requiredAuthenticationRefs: [{{kind: MeshTLSAuthentication, group: policy.linkerd.io, name: w{i}}}]}}\n"
        + "---\napiVersion: policy.linkerd.io/v1alpha1\nkind: MeshTLSAuthentication\n"
        + f"metadata: {{name: w{i}, namespace: shop}}\n"
        + f"spec: {{identities: [w{i}.shop.serviceaccount.identity.linkerd.cluster.local]}}\n"
        for i in range(n)
    )


def selectors(n: int) -> Files:
    """Servers and Services without labels to look up, over as many Deployments of one namespace."""
    return _all(
        _deployment(i)
        + f"---\napiVersion: policy.linkerd.io/v1beta3\nkind: Server\nmetadata: {{name: w{i}, namespace: shop}}\n"
        + f"spec: {{podSelector: {{matchExpressions: [{{key: app, operator: In, values: [w{i}]}}]}}, port: http}}\n"
        for i in range(n)
    )


def namespaces(n: int) -> Files:
    """Namespaces with one Deployment each."""
    return _all(
        f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: n{i}, annotations: {{linkerd.io/inject: enabled}}}}\n---\n"
        + _deployment(i, namespace=f"n{i}")
        for i in range(n)
    )


def certificates(n: int) -> Files:
    """Certificates, their issuers and Bundles that read them."""
    return _all(
        f"apiVersion: cert-manager.io/v1\nkind: Certificate\nmetadata: {{name: c{i}, namespace: cert-manager}}\n"
        + f"spec: {{secretName: c{i}, isCA: true, issuerRef: {{kind: ClusterIssuer, name: i{i}}}, commonName: c{i}}}\n"
        + f"---\napiVersion: cert-manager.io/v1\nkind: ClusterIssuer\nmetadata: {{name: i{i}}}\n"
        + f"spec: {{ca: {{secretName: c{i}}}}}\n"
        + f"---\napiVersion: trust.cert-manager.io/v1alpha1\nkind: Bundle\nmetadata: {{name: b{i}}}\n"
        + f"spec: {{sources: [{{secret: {{name: c{i}, key: tls.crt}}}}], target: {{configMap: {{key: ca.crt}}}}}}\n"
        for i in range(n)
    )


def kustomizations(n: int) -> Files:
    """Kustomizations in a chain of dependsOn, each with a variable from its own ConfigMap."""
    found = {"clusters/home/sync.yaml": SYNC}
    for i in range(n):
        after = f", dependsOn: [{{name: k{i - 1}}}]" if i else ""
        more = f"{after}, postBuild: {{substituteFrom: [{{kind: ConfigMap, name: v{i}}}]}}"
        variables = _map(f"v{i}").replace("namespace: shop", "namespace: flux-system")
        found[f"clusters/home/k{i}.yaml"] = f"{_flux(f'k{i}', f'./apps/k{i}', more)}---\n{variables}"
        found[f"apps/k{i}/kustomization.yaml"] = "resources: [map.yaml]\n"
        found[f"apps/k{i}/map.yaml"] = _map(f"m{i}")
    return found


def applications(n: int) -> Files:
    """Applications with a folder each."""
    found = {}
    for i in range(n):
        found[f"clusters/home/a{i}.yaml"] = (
            f"apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: a{i}, namespace: argocd, "
            f"annotations: {{argocd.argoproj.io/sync-wave: '{i}'}}}}\nspec:\n  project: default\n"
            f"  source: {{repoURL: 'https://example.org/acme/fleet', path: apps/a{i}}}\n"
            f"  destination: {{server: 'https://kubernetes.default.svc', namespace: shop}}\n"
        )
        found[f"apps/a{i}/kustomization.yaml"] = "resources: [map.yaml]\n"
        found[f"apps/a{i}/map.yaml"] = _map(f"m{i}")
    return found


def applicationsets(n: int) -> Files:
    """ApplicationSets that look at every folder, over as many folders."""
    found = {}
    for i in range(n):
        found[f"clusters/home/a{i}.yaml"] = (
            f"apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {{name: a{i}, namespace: argocd}}\n"
            "spec:\n  generators: [{git: {repoURL: 'https://example.org/acme/fleet', directories: "
            f"[{{path: 'apps/a{i}*'}}]}}}}]\n  template:\n    metadata: {{name: 's{i}-{{{{path.basename}}}}'}}\n    spec:\n"
            "      project: default\n      source: {repoURL: 'https://example.org/acme/fleet', path: '{{path}}'}\n"
            "      destination: {server: 'https://kubernetes.default.svc', namespace: shop}\n"
        )
        found[f"apps/a{i:05}x/kustomization.yaml"] = "resources: [map.yaml]\n"
        found[f"apps/a{i:05}x/map.yaml"] = _map(f"m{i}")
    return found


def projects(n: int) -> Files:
    """Applications with an AppProject each."""
    found = applications(n)
    for i in range(n):
        path = f"clusters/home/a{i}.yaml"
        found[path] = found[path].replace("project: default", f"project: p{i}") + (
            f"---\napiVersion: argoproj.io/v1alpha1\nkind: AppProject\nmetadata: {{name: p{i}, namespace: argocd}}\n"
            "spec: {sourceRepos: ['*'], destinations: [{server: '*', namespace: '*'}]}\n"
        )
    return found


def releases(n: int) -> Files:
    """HelmReleases with a HelmRepository each, in one Kustomization."""
    found = {"clusters/home/sync.yaml": SYNC, "clusters/home/all.yaml": _flux("all", "./all")}
    return found | _all(
        f"apiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmRepository\nmetadata: {{name: r{i}, namespace: shop}}\n"
        f"spec: {{interval: 1h, url: 'https://example.org/{i}'}}\n---\n"
        f"apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{name: r{i}, namespace: shop}}\n"
        f"spec: {{interval: 1h, chart: {{spec: {{chart: podinfo, version: 6.0.0, "
        f"sourceRef: {{kind: HelmRepository, name: r{i}}}}}}}, values: {{a: {i}}}}}\n"
        for i in range(n)
    )


def charts(n: int) -> Files:
    """Folders with helmCharts each."""
    return {
        f"apps/c{i}/kustomization.yaml": (
            f"resources: [map.yaml]\nhelmCharts: [{{name: podinfo, repo: 'https://example.org', version: 6.0.{i}}}]\n"
        )
        for i in range(n)
    } | {f"apps/c{i}/map.yaml": _map(f"m{i}") for i in range(n)}


def folders(n: int) -> Files:
    """Kustomizations that nothing reaches."""
    return {f"apps/f{i}/kustomization.yaml": "resources: [map.yaml]\n" for i in range(n)} | {
        f"apps/f{i}/map.yaml": _map(f"m{i}") for i in range(n)
    }


def missing(n: int) -> Files:
    """Entries of one kustomization that are not there."""
    names = ", ".join(f"gone{i}.yaml" for i in range(n))
    return {"all/kustomization.yaml": f"resources: [m.yaml, {names}]\n", "all/m.yaml": _map("m")}


def lines(n: int) -> Files:
    """Lines of one text in a ConfigMap."""
    text = "".join(f"  line {i}: some words ${{not_a_variable}} and more\n" for i in range(n * 20))
    return _all(iter([_map("m").replace("{k: v}", f"\n  text: |\n{text}").rstrip("\n") + "\n"]))


@dataclass(frozen=True)
class Kind:
    """What grows; ``start`` is how many of it the first step has."""

    make: Callable[[int], Files]
    start: int


KINDS = {
    kind.make.__name__: kind
    for kind in (
        Kind(files, 500),
        Kind(objects, 500),
        Kind(documents, 500),
        Kind(faults, 250),
        Kind(ignored, 250),
        Kind(patches, 200),
        Kind(strategic, 200),
        Kind(generators, 200),
        Kind(ports, 500),
        Kind(routes, 200),
        Kind(rules, 500),
        Kind(policies, 200),
        Kind(selectors, 200),
        Kind(namespaces, 250),
        Kind(certificates, 200),
        Kind(kustomizations, 200),
        Kind(applications, 200),
        Kind(applicationsets, 100),
        Kind(projects, 200),
        Kind(releases, 250),
        Kind(charts, 200),
        Kind(folders, 300),
        Kind(missing, 500),
        Kind(lines, 500),
    )
}


def write(root: Path, files: Files) -> None:
    """Write files by path."""
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")


def measure(root: Path) -> tuple[float, float, int]:
    """Seconds of processor time of a check, its own and its tools', and findings; in a process of its own."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        try:
            from meshwright.check import check_repository
            from meshwright.limits import set_limits

            set_limits(["objects=1000000", "folders=1000000", "build=600"])
            started = time.process_time()
            report = check_repository(root)
            own = time.process_time() - started
            tools = resource.getrusage(resource.RUSAGE_CHILDREN)
            said = f"{own} {tools.ru_utime + tools.ru_stime} {len(report.findings)}"
            os.write(writer, said.encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as said_by:
        answer = said_by.read().split()
    os.waitpid(child, 0)
    return float(answer[0]), float(answer[1]), int(answer[2])


def exponent(sizes: list[int], seconds: list[float], base: float) -> float:
    """Of the growth between the last two steps; ``base`` is what an empty repository takes."""
    first, last = (max(value - base, 1e-3) for value in seconds[-2:])
    return math.log(last / first) / math.log(sizes[-1] / sizes[-2])


def curve(kind: Kind, steps: int, scale: float) -> tuple[list[int], list[float], list[float], int]:
    """Sizes, own seconds, the tools' seconds, and the last number of findings."""
    sizes, own, tools, found = [], [], [], 0
    for step in range(steps):
        size = max(1, round(kind.start * scale)) * 2**step
        with tempfile.TemporaryDirectory() as name:
            write(Path(name), kind.make(size))
            mine, theirs, found = measure(Path(name))
        sizes.append(size)
        own.append(mine)
        tools.append(theirs)
    return sizes, own, tools, found


def main() -> None:
    """Print a row for each kind."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kinds", default=",".join(KINDS))
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--scale", type=float, default=1.0)
    given = parser.parse_args()
    import meshwright.check.pipeline  # noqa: F401 - before the first fork, so that no import is measured

    with tempfile.TemporaryDirectory() as name:
        write(Path(name), objects(1))
        measure(Path(name))
        base = measure(Path(name))[0]
    print(f"{'kind':16} {'n':>22} {'own seconds':>24} {'exponent':>9} {'tools':>7} {'findings':>9}")
    for name in given.kinds.split(","):
        sizes, own, tools, found = curve(KINDS[name], given.steps, given.scale)
        row = f"{'/'.join(map(str, sizes)):>22} {' / '.join(f'{value:.2f}' for value in own):>24}"
        print(f"{name:16} {row} {exponent(sizes, own, base):9.2f} {tools[-1]:7.2f} {found:9}", flush=True)


if __name__ == "__main__":
    main()
