"""What each finding means that no rule gives: its id, its meaning and how to fix it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple


class Meaning(NamedTuple):
    """What ``meshwright explain`` says about an id."""

    meaning: str
    fix: str


_SCHEMAS = {
    "required": Meaning("{what} lacks something that it must have", "add what the message names"),
    "type": Meaning("{what} has a value of the wrong type", "write the type that the message names"),
    "unknown": Meaning("{what} has a name that nothing reads", "correct its spelling, or remove it"),
    "value": Meaning("{what} has a value that is not allowed", "write a value that the message allows"),
}


def _by_schema(step: str, what: str) -> Iterator[tuple[str, Meaning]]:
    for code, meaning in _SCHEMAS.items():
        yield f"{step}/{code}", Meaning(meaning.meaning.format(what=what), meaning.fix)


_YAML = "correct the YAML at this place; tabs, indentation and duplicate keys are the usual causes"
_TARGETS = "compare kind and name with the manifests, or remove the entry"

FINDINGS: dict[str, Meaning] = {
    **dict(_by_schema("schema", "an answer in .copier-answers.yml, or a setting in .meshwright.yaml,")),
    "schema/clusters": Meaning(
        "the answers files of a repository's clusters do not fit together",
        "name each file after its cluster, with the engine and the repository of .copier-answers.yml",
    ),
    "schema/template": Meaning(
        "the answers file records a template or a version that an update cannot find",
        "restore _src_path and _commit from Git",
    ),
    "schema/yaml": Meaning("the answers file or .meshwright.yaml is not YAML", _YAML),
    **dict(_by_schema("mesh", "a mesh.yaml")),
    "mesh/allow-from": Meaning(
        "policy.allowFrom names a client that does not exist or has no identity",
        "name a meshed application, or list the client's network under networks",
    ),
    "mesh/cluster": Meaning(
        "clusters or overrides name something that is not a cluster, or have no effect",
        "use the names of the repository's clusters (meshwright cluster list)",
    ),
    "mesh/chart": Meaning(
        "a workload of a chart is described in a way that the chart's release cannot follow",
        "list it under workloads with its chart, or set the annotation in the chart's values",
    ),
    "mesh/component": Meaning("a Component in mesh/components cannot be used", _TARGETS),
    "mesh/cycle": Meaning(
        "applications depend on each other in a cycle", "remove one dependsOn of the cycle"
    ),
    "mesh/decryption": Meaning(
        "decryption is set where nothing decrypts: Argo CD does not decrypt SOPS files",
        "remove decryption, and use External Secrets or Sealed Secrets",
    ),
    "mesh/depends-on": Meaning(
        "dependsOn names the application itself, or one that does not exist", "correct or remove the name"
    ),
    "mesh/engine": Meaning(
        "something that the engine does not have, such as a HelmRelease on Argo CD",
        "use what the message names, or remove it",
    ),
    "mesh/export": Meaning(
        "export or federated names a Service that links cannot mirror, or the cluster has no such link",
        "name a Service with a cluster IP, or answer links",
    ),
    "mesh/ingress": Meaning(
        "a route cannot be generated for Traefik", "correct the Service and port, or split the Ingress"
    ),
    "mesh/inject": Meaning(
        "inject asks for something that the workloads cannot do", "change inject, or name the workloads"
    ),
    "mesh/injectable": Meaning(
        "a workload cannot get a proxy, for example because it uses the host's network",
        "remove it from workloads",
    ),
    "mesh/jobs": Meaning("jobs does not fit the application's Jobs", "change or remove jobs"),
    "mesh/name": Meaning("the folder's name cannot be an application's name", "rename the folder"),
    "mesh/namespace": Meaning(
        "the namespace is created twice or not at all, or must not be meshed",
        "let exactly one place create it, or choose another namespace",
    ),
    "mesh/nothing-meshed": Meaning(
        "inject asks for proxies, but no workload of the application can get one",
        "set inject to disabled, change the workload, or list it in kustomization.yaml",
    ),
    "mesh/patch": Meaning("a patch under patches matches nothing, or not what it says", _TARGETS),
    "mesh/path": Meaning(
        "the folder of the application's manifests does not exist or cannot be used",
        "name a folder of this repository with a kustomization.yaml",
    ),
    "mesh/pod-security": Meaning(
        "the Pod Security level of the namespace rejects meshed pods: linkerd-init needs NET_ADMIN",
        "lower the level, or use the Linkerd CNI plugin",
    ),
    "mesh/policy": Meaning(
        "the policy cannot be generated, or would admit nobody", "correct policy as the message says"
    ),
    "mesh/port": Meaning("a port appears twice, or no workload declares it", "correct or remove the port"),
    "mesh/proxy": Meaning(
        "the proxy would request more than its limit", "raise the limit, or lower the request"
    ),
    "mesh/scope": Meaning("scope, inject and workloads contradict each other", "keep one of them"),
    "mesh/timeout": Meaning("the timeout is zero", "write a duration such as 10m"),
    "mesh/version": Meaning(
        "a newer Meshwright wrote this file", "install the version that wrote it, or a newer one"
    ),
    "mesh/wiring": Meaning(
        "wiring sets a field that Meshwright generates, or one that its kind does not have",
        "use the field of mesh.yaml that the message names, or correct the name",
    ),
    "mesh/workload": Meaning("an entry of workloads matches no workload, or appears twice", _TARGETS),
    "mesh/yaml": Meaning("a mesh.yaml is empty, not YAML, or not a mapping", _YAML),
    "generate/edited": Meaning(
        "a generated file was edited by hand, and generating it again would lose the edit",
        "move the edit into mesh.yaml (patches), or discard it with generate --force",
    ),
    "generate/foreign": Meaning(
        "a file among the generated ones was not generated; nothing uses it", "move it elsewhere"
    ),
    "generate/left-over": Meaning(
        "generated files belong to an application that no longer exists",
        "run meshwright generate, which removes them, or restore the application",
    ),
    "generate/misnamed": Meaning(
        "a mesh.yaml has another name, so its application would be removed from the cluster",
        "rename the file to mesh.yaml",
    ),
    "generate/missing": Meaning(
        "an application's files are not generated", "run meshwright generate and commit the result"
    ),
    "generate/no-platform": Meaning(
        "the folder of the cluster has no platform, so its engine would delete the running one",
        "restore it from Git, or rename the cluster: meshwright update --answers cluster_name=NAME",
    ),
    "generate/renamed": Meaning(
        "an application's folder was renamed: the engine would delete its objects, volumes included",
        "keep the folder's name, or pass --force when the data is backed up",
    ),
    "generate/stale": Meaning(
        "a generated file differs from what its mesh.yaml generates, is missing, or is no longer needed",
        "run meshwright generate and commit the result",
    ),
    "generate/in-the-way": Meaning(
        "something that is neither a file nor a folder is where output goes", "remove it or move it elsewhere"
    ),
    "build/component": Meaning(
        "a Component is listed under resources, or a Kustomization under components",
        "move the entry to the other list",
    ),
    "build/conflict": Meaning(
        "a file has markers of an unresolved merge conflict",
        "keep one of the two sides, and remove the lines with the markers",
    ),
    "build/cycle": Meaning("kustomizations include each other in a cycle", "remove one of the references"),
    "build/helm": Meaning("helm cannot render a chart", "correct its values; the message is helm's own"),
    "build/helm-charts": Meaning(
        "helmCharts is used where Flux builds, which runs kustomize without Helm",
        "install the chart with a HelmRelease",
    ),
    "build/kustomization": Meaning(
        "a folder has two kustomizations, or a kustomization has a field twice", "keep one"
    ),
    "build/kustomize": Meaning(
        "kustomize fails for another reason", "follow the message, which is kustomize's own"
    ),
    "build/parameter": Meaning(
        "the template of an ApplicationSet reads a parameter that no generator gives",
        "correct its name, or add it to every element of the generator",
    ),
    "build/missing-path": Meaning(
        "a Flux Kustomization or an Application reads a folder that is missing, empty, or a file",
        "correct the path, or commit the folder",
    ),
    "build/missing-project": Meaning(
        "an Application names an AppProject that no file defines", "correct the name, or add the AppProject"
    ),
    "build/missing-resource": Meaning(
        "a kustomization lists a file or folder that does not exist or cannot be built",
        "correct the path, or add the file",
    ),
    "build/no-helm": Meaning(
        "a chart is available locally, but helm is not", "run meshwright tools --install helm"
    ),
    "build/not-a-manifest": Meaning(
        "a file that is applied contains something other than Kubernetes objects",
        "give the object apiVersion, kind and metadata.name, or leave the file out",
    ),
    "build/outside-repository": Meaning(
        "a kustomization reads a URL or a path outside the repository, which the engine does not have",
        "copy the files into the repository",
    ),
    "build/patch-target": Meaning(
        "a patch targets an object that the kustomization does not build", _TARGETS
    ),
    "build/pattern": Meaning(
        "kustomize cannot read the pattern of a target",
        "write an RE2 pattern: no look-ahead, no back reference",
    ),
    "build/plugin": Meaning(
        "a kustomization runs a separate program, which neither engine does", "commit its output instead"
    ),
    "build/project-destination": Meaning(
        "the AppProject does not allow the place into which its Application deploys",
        "add the place to the project's destinations",
    ),
    "build/project-source": Meaning(
        "the AppProject does not allow the repository that its Application reads",
        "add the repository to the project's sourceRepos",
    ),
    "build/resource-set": Meaning(
        "a ResourceSet reads an input that it does not have", "add the input, or correct its name"
    ),
    "build/same-identity": Meaning("one build has the same object twice", "remove one, or rename it"),
    "build/substitution": Meaning(
        "Flux cannot substitute the variables of an object",
        "write $$ for a dollar sign, or switch substitution off for the object",
    ),
    "build/symbolic-link": Meaning(
        "a kustomization reads a symbolic link, which Flux leaves out", "name the file or folder itself"
    ),
    "build/too-many-patterns": Meaning(
        "the .sourceignore files have more patterns than are read", "list folders instead of files"
    ),
    "build/undefined-variable": Meaning(
        "an object uses a variable that its Flux Kustomization does not define",
        "define it under postBuild.substitute, or escape it as $${NAME}",
    ),
    "build/unknown-field": Meaning(
        "a kustomization has a field that kustomize does not know", "correct its spelling, or remove it"
    ),
    "build/variable-name": Meaning(
        "a variable's name has characters that Flux refuses", "use letters, digits and _ only"
    ),
    "build/wrong-type": Meaning(
        "a field of a kustomization has a value of the wrong type", "write the type that the message names"
    ),
    "build/yaml": Meaning("a file that is built is not YAML, or is too large to be read", _YAML),
    "layout/answers": Meaning(
        "an answer in .copier-answers.yml does not fit the files of the cluster",
        "undo the edit, and change answers with meshwright update --answers",
    ),
    "layout/backup": Meaning(
        "a file is the backup that an editor or a merge made of another one",
        "remove it, and let Git ignore it",
    ),
    "layout/cluster": Meaning(
        "no entry point applies the folder of a cluster", "restore the entry point, or remove the folder"
    ),
    "layout/entry-point": Meaning(
        "the entry point of a cluster applies the folder of another one", "correct its path"
    ),
    "layout/no-answers": Meaning(
        "the folders of a repository or cluster have no answers file, so no update changes them",
        "restore .copier-answers.yml or .copier-answers.<cluster>.yml from Git, or remove the folders",
    ),
    "layout/rejected": Meaning(
        "a .rej file holds the part of an update or patch that could not be merged",
        "make the change by hand, then remove the file",
    ),
    "layout/second-cluster": Meaning(
        "the answers of a cluster are in a file that no command reads",
        "rename it to .copier-answers.<cluster>.yml, or remove it",
    ),
    "layout/settings-name": Meaning(
        "the settings of the checks are in a file with another name, so nothing reads them",
        "rename it to .meshwright.yaml",
    ),
    "layout/spec-name": Meaning(
        "a file that should be a mesh.yaml has another name or is in another folder, so nothing reads it",
        "rename or move it to apps/<app>/mesh.yaml",
    ),
    "layout/unapplied": Meaning(
        "nothing applies manifests below apps/, because there is no mesh.yaml",
        "run meshwright app add, or remove them",
    ),
    "layout/unlisted": Meaning(
        "a manifest of an application is not listed in its kustomization.yaml", "list it, or remove it"
    ),
    "limit/build": Meaning(
        "a build needs more time, folders or objects than allowed",
        "raise the limit with --limit, or split it",
    ),
    "limit/depth": Meaning("kustomizations include each other too many levels deep", "include them directly"),
    "limit/timeout": Meaning(
        "the time of --timeout ended before the check did; the rest is not checked",
        "allow more time with --timeout",
    ),
    "kubeconform/unknown-field": Meaning(
        "an object has a field that its kind does not have", "correct its spelling, or remove it"
    ),
    "kubeconform/unknown-kind": Meaning(
        "no API serves this kind in this version", "correct apiVersion and kind, or use the version it names"
    ),
    **{
        f"kubeconform/{id.partition('/')[2]}": meaning
        for id, meaning in _by_schema("", "an object")
        if id != "/unknown"
    },
    "kubeconform/invalid": Meaning(
        "kubeconform refuses an object", "follow the message, which is kubeconform's own"
    ),
    "kubeconform/no-answer": Meaning(
        "kubeconform failed or took too long, so that objects are not validated",
        "run the check again; --limit allows more memory",
    ),
    **dict(_by_schema("values", "a value of a Helm chart")),
    "values/removed": Meaning(
        "the chart no longer has this value, so it has no effect", "use what the message names instead"
    ),
    "values/missing-configmap": Meaning(
        "valuesFrom names a ConfigMap that the repository does not have", "correct the name, or add it"
    ),
    "values/missing-file": Meaning(
        "valueFiles names a file that does not exist", "correct the path, or set ignoreMissingValueFiles"
    ),
    "values/missing-key": Meaning("valuesFrom names a key that its ConfigMap lacks", "correct valuesKey"),
    "values/missing-ref": Meaning(
        "valueFiles starts with a $ref that no source of the Application has",
        "correct the ref, or add the source",
    ),
    "values/yaml": Meaning("values of a chart are not YAML or not a mapping", _YAML),
    "suppression/no-reason": Meaning(
        "a suppression without a reason has no effect", "write # meshwright: ignore RULE because ..."
    ),
    "suppression/no-rule": Meaning(
        "a suppression names no rule", "write # meshwright: ignore RULE because ..."
    ),
    "suppression/unknown-rule": Meaning(
        "a suppression names something that is neither a rule nor the id of a finding", "correct its spelling"
    ),
    "suppression/unused": Meaning("a suppression suppresses no finding any more", "remove it"),
    "baseline/gone": Meaning(
        "findings of the baseline no longer occur", "run meshwright check --write-baseline"
    ),
    "internal/error": Meaning(
        "a bug in Meshwright stopped one rule, root, document or step; the rest is checked",
        "report it with the output of MESHWRIGHT_DEBUG=1",
    ),
}


def known_names(rules: Iterable[str]) -> frozenset[str]:
    """All that a suppression may name: ``rules``, ids and names, and the ids above."""
    return frozenset((*rules, *FINDINGS))
