"""Which files Flux leaves out, and which sources are the repository itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from meshwright.flux.ignore import SourceIgnore
from meshwright.flux.kustomization import normalise
from meshwright.manifests.files import RepositoryFiles
from support.repositories import GITOPS_SYNC, check, config_map, flux_kustomization, write


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("./apps", "apps"),
        ("apps", "apps"),
        ("apps/", "apps"),
        ("/apps", "apps"),
        ("./apps/../infra", "infra"),
        ("../../apps", "apps"),
        ("./", "."),
        ("", "."),
    ],
)
def test_paths(path: str, expected: str) -> None:
    assert normalise(path) == expected


def test_default_exclusions(tmp_path: Path) -> None:
    ignored = SourceIgnore(RepositoryFiles(tmp_path))

    left_out = [".sops.yaml", "apps/.sops.yaml", ".github/x.yaml", "a/logo.png", "cloudbuild.yaml"]
    assert [path for path in [*left_out, "apps/app.yaml", "sops.yaml"] if ignored(path)] == left_out


def test_sourceignore_files(tmp_path: Path) -> None:
    files = write(
        tmp_path, {".sourceignore": "/docs\n!/docs/kept.yaml\n", "apps/.sourceignore": "values.yaml\n"}
    )
    ignored = SourceIgnore(RepositoryFiles(files))

    assert ignored("docs/a.yaml")
    assert not ignored("docs/kept.yaml")
    assert ignored("apps/deep/values.yaml")
    assert not ignored("other/values.yaml")


def gitrepository(name: str, url: str) -> str:
    return (
        "---\napiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\n"
        f"metadata: {{name: {name}, namespace: flux-system}}\n"
        f"spec: {{interval: 1m, url: '{url}', ref: {{branch: main}}}}\n"
    )


def on_source(text: str, name: str) -> str:
    return text.replace("name: flux-system}, ", f"name: {name}}}, ").replace(
        "GitRepository, name: flux-system", f"GitRepository, name: {name}"
    )


def test_source_with_the_url_of_the_checkout_is_own(tmp_path: Path) -> None:
    files = {
        ".git/config": '[remote "origin"]\n  url = git@example.org:home/cluster.git\n',
        "flux/apps.yaml": on_source(flux_kustomization("apps", "./gone"), "home")
        + gitrepository("home", "ssh://git@example.org/home/cluster"),
    }

    assert [finding.id for finding in check(tmp_path, files).findings] == ["build/missing-path"]


def test_source_of_another_repository_is_not_seen(tmp_path: Path) -> None:
    files = {
        "clusters/home/sync.yaml": GITOPS_SYNC,
        "clusters/home/apps.yaml": on_source(flux_kustomization("apps", "./gone"), "other")
        + gitrepository("other", "https://example.org/else/where"),
    }

    report = check(tmp_path, files)

    assert report.findings == ()
    assert [item.subject for item in report.not_seen] == ["Kustomization flux-system/apps"]
    assert "https://example.org/else/where" in report.not_seen[0].reason


def test_undefined_source_with_the_path_is_own(tmp_path: Path) -> None:
    bad = config_map("x") + "datta: {}\n"
    files = {"flux/apps.yaml": on_source(flux_kustomization("apps", "./apps"), "main"), "apps/map.yaml": bad}

    report = check(tmp_path, files)

    assert [str(finding.position) for finding in report.findings] == ["apps/map.yaml:5:1"]


def test_a_misspelled_entry_point_hides_nothing(tmp_path: Path) -> None:
    files = {
        "clusters/home/sync.yaml": flux_kustomization("flux-system", "./clusters/hom")
        + gitrepository("flux-system", "https://example.org/home/cluster"),
        "clusters/home/apps.yaml": "---\n".join(flux_kustomization(name, f"./apps/{name}") for name in "ab"),
        "apps/a/map.yaml": config_map("x"),
        "apps/b/map.yaml": config_map("y") + "datta: {}\n",
    }

    report = check(tmp_path, files)

    assert report.not_seen == ()
    assert {str(finding.position) for finding in report.findings} == {
        "clusters/home/sync.yaml:4:29",
        "apps/b/map.yaml:5:1",
    }


def test_one_folder_of_the_same_name_does_not_make_a_source_own(tmp_path: Path) -> None:
    files = {
        "clusters/home/sync.yaml": GITOPS_SYNC,
        "clusters/home/podinfo.yaml": on_source(flux_kustomization("podinfo", "./kustomize"), "podinfo")
        + gitrepository("podinfo", "https://example.org/podinfo"),
        "kustomize/map.yaml": config_map("x") + "datta: {}\n",
    }

    # Nothing of this repository applies the folder, so its manifest is not seen either.
    assert [item.subject for item in check(tmp_path, files).not_seen] == [
        "Kustomization flux-system/podinfo",
        "'kustomize/map.yaml'",
    ]
