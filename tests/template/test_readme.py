"""What the generated README tells people to do on the cluster."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from meshwright.pins import load_pins
from meshwright.scaffold import render
from meshwright.yaml import parse

VIZ = {"viz_host": "linkerd.home.arpa"}


def readme(folder: Path, **answers: object) -> str:
    """README.md of the cluster, which is where its bootstrap is described."""
    render(answers, folder)
    return (folder / "clusters/home/README.md").read_text(encoding="utf-8")


def section(text: str, title: str) -> str:
    _, found, rest = text.partition(f" {title}\n")
    assert found, f"no section {title}"
    return re.split(r"^#+ ", rest, maxsplit=1, flags=re.MULTILINE)[0]


@pytest.mark.parametrize("engine", ["flux", "argocd"])
def test_it_verifies_with_the_cli_of_exactly_the_pinned_release(engine: str, tmp_path: Path) -> None:
    year, month, day = load_pins().charts["linkerd"].split(".")

    text = readme(tmp_path / "repository", engine=engine, **VIZ)

    verify = section(text, "Verify")
    assert f"LINKERD2_VERSION=edge-{year[2:]}.{month}.{day} sh\n" in verify
    commands = re.findall(r"^    (linkerd [^#\n]+?) *(?:#.*)?$", verify, re.MULTILINE)
    assert commands == ["linkerd check", "linkerd viz check", "linkerd check --proxy"]
    upgrade = section((tmp_path / "repository/README.md").read_text(encoding="utf-8"), "Upgrade")
    assert '"Verify" in the README of the cluster' in upgrade
    assert ("flux get" in verify) == (engine == "flux")


def test_what_is_not_installed_is_not_verified(tmp_path: Path) -> None:
    verify = section(readme(tmp_path / "x", ingress="none", metrics="none"), "Verify")

    assert not re.search("viz|traefik|Prometheus|linkerd-cni", verify)


def test_an_argo_cd_that_is_there_restarts_what_reads_its_settings_once(tmp_path: Path) -> None:
    """source: argo-cd v3.5.4, manifests/base: variables of the environment from these keys."""
    text = section(readme(tmp_path / "x", engine="argocd"), "An Argo CD that is already there")
    configs = parse((tmp_path / "x/clusters/home/argocd/values.yaml").read_text(encoding="utf-8"))["configs"]

    assert set(configs) == {"params", "cm"}
    for part, file in (("params", "argocd-cmd-params-cm"), ("cm", "argocd-cm")):
        assert f"`configs.{part}`" in text
        assert f"`{file}`" in text
    # reposerver.parallelism.limit and timeout.reconciliation*.
    assert "rollout restart deployment argocd-repo-server" in text
    assert "rollout restart statefulset argocd-application-controller" in text


ARROW = re.compile(r"  (\S+) --> (\S+)")
PICTURES: list[dict[str, object]] = [
    {},
    {"redirect": "cni", "nodes": 3, "metrics": "existing", **VIZ},
    {"ingress": "own", "gateway_api": "repo", "metrics": "none", "cert_manager": "existing"},
]


@pytest.mark.parametrize("answers", PICTURES, ids=["home lab", "cni", "minimal"])
def test_its_picture_of_the_layers_is_what_flux_waits_for(answers: dict[str, object], tmp_path: Path) -> None:
    text = section(readme(tmp_path, engine="flux", **answers), "Layers")
    picture = re.split("```(?:mermaid\n)?", text)[1]
    waits = {
        path.stem: {
            entry["name"] for entry in parse(path.read_text(encoding="utf-8"))["spec"].get("dependsOn", ())
        }
        for path in (tmp_path / "clusters/home/platform").glob("*.yaml")
        if path.stem != "kustomization"
    }

    def behind(layer: str) -> set[str]:
        return waits[layer].union(*map(behind, waits[layer]))

    arrows = set(ARROW.findall(picture))
    wanted = {
        (need, layer)
        for layer, needs in waits.items()
        for need in needs
        if not any(need in behind(other) for other in needs)
    }
    assert len(wanted) >= len(waits) - 2
    assert arrows == wanted
    assert {name for line in picture.splitlines()[1:] for name in line.replace("-->", " ").split()} == set(
        waits
    )


# "Title" of a section: after the name of its file, in a link, "below", or "in the README of the cluster".
_NAMED = re.compile(r'(?P<file>[\w./<>-]*README\.md), "(?P<title>[^"]+)"')
_LINKED = re.compile(r'"(?P<title>[^"]+)" in \[[^]]+\]\((?P<file>[^)]+)\)')
_BELOW = re.compile(r'"(?P<title>[A-Z][^"]+)" below')
_OF_CLUSTER = re.compile(r'"(?P<title>[^"]+)" in the README of the cluster')
REFERRING: list[dict[str, object]] = [
    {**VIZ, "secrets": "sops", "links": [{"name": "east", "gateway": "gateway.east.example.org"}]},
    {**VIZ, "engine": "argocd", "metrics": "existing"},
]


@pytest.mark.parametrize("answers", REFERRING, ids=["flux", "argocd"])
def test_a_section_that_is_named_exists(answers: dict[str, object], tmp_path: Path) -> None:
    render(answers, tmp_path)
    found = 0

    for file in sorted(path for path in tmp_path.rglob("*") if path.is_file()):
        text = file.read_text(encoding="utf-8").replace("<cluster>", "home")
        # A path starts at the repository, unless it begins with a dot.
        named = [
            ((file.parent if match["file"].startswith(".") else tmp_path) / match["file"], match["title"])
            for match in _NAMED.finditer(text)
        ]
        named += [(file.parent / match["file"], match["title"]) for match in _LINKED.finditer(text)]
        named += [(file, match["title"]) for match in _BELOW.finditer(text)]
        named += [
            (tmp_path / "clusters/home/README.md", match["title"]) for match in _OF_CLUSTER.finditer(text)
        ]
        for place, title in named:
            assert section(place.read_text(encoding="utf-8"), title), f"{file}: {title}"
        found += len(named)

    assert found >= 2


TITLED: list[dict[str, object]] = [
    *REFERRING,
    {**VIZ, "ingress": "none", "gateway_api": "none", "metrics": "existing"},
    {
        "redirect": "cni",
        "ingress": "own",
        "metrics": "none",
        "cert_manager": "existing",
        "trust_anchor": "ca-issuer",
    },
]


@pytest.mark.parametrize("answers", TITLED, ids=["flux", "argocd", "existing", "minimal"])
def test_blank_lines_surround_headings_and_tables(answers: dict[str, object], tmp_path: Path) -> None:
    render(answers, tmp_path)
    crowded = []

    for file in sorted(tmp_path.rglob("*.md")):
        text = re.sub(
            r"^```.*?^```$", "code", file.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE
        )
        # The comment that says who owns the file may stand right above the title.
        lines = ["", *text.splitlines()[text.startswith("<!--") :], ""]
        for before, line, after in zip(lines, lines[1:], lines[2:], strict=False):
            heading = re.match(r"#+ ", line) and (before or after)
            table = line.startswith("|") and (before or "|")[0] + (after or "|")[0] != "||"
            twice = not before and not line and after
            if heading or table or twice:
                crowded.append(f"{file.relative_to(tmp_path)}: {line or after}")

    assert crowded == []
