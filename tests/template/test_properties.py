"""What holds for any valid answers: all pairs of options first, then random ones.

100 configurations, three quarters of them in `make test-long`; 1,000 with --all-configurations. A few
processes share them, none has one each.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from meshwright.check import check_repository
from meshwright.scaffold import render
from meshwright.yaml import parse
from support.configurations import Answers, configurations
from support.trees import read_tree, tree_diff

SHARES = 8
# The kinds of ECK are under a licence that lets no schema of them stand here.
KNOWN_UNSEEN = re.compile(
    r"gateway-api|chart \S+ \S+ is not rendered: it is in no charts folder"
    r"|no embedded schema for \w+ \w+\.k8s\.elastic\.co"
)
# Its ConfigMap is kept from substitution.
SUBSTITUTION_OFF = "apps/fluent-bit/values.yaml"
UNRENDERED = re.compile(r"\[\[ | \]\]|\[%|%\]")
PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----|AGE-SECRET-KEY-1|gh[pousr]_[A-Za-z0-9]{20}")


@pytest.mark.parametrize(
    "share",
    [pytest.param(share, marks=[pytest.mark.long] if share % 4 else []) for share in range(SHARES)],
)
def test_any_valid_answers_give_a_clean_repository(
    share: int, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    count = 1000 if request.config.getoption("--all-configurations") else 100
    faults: list[str] = []
    for number, answers in enumerate(configurations(count)):
        if number % SHARES != share:
            continue
        repository = tmp_path / str(number)
        render(answers, repository)
        faults += [f"{answers}: {fault}" for fault in faults_of(repository, answers)]
        shutil.rmtree(repository)
    assert faults == []


def faults_of(repository: Path, answers: Answers) -> Iterator[str]:
    report = check_repository(repository)
    yield from (str(finding) for finding in report.findings)
    # One source is another repository by design, and charts are in none; anything else would be a hole.
    unseen = [entry for entry in map(str, report.not_seen) if not KNOWN_UNSEEN.search(entry)]
    yield from (f"not seen: {entry}" for entry in unseen)
    tree = read_tree(repository)
    yield from (f"{path} holds a private key" for path, text in tree.items() if PRIVATE_KEY.search(text))
    yield from unquoted_names(tree, answers)
    # Jinja takes a tag inside a string of another tag for text.
    yield from (
        f"{path} holds a tag of the template" for path, text in tree.items() if UNRENDERED.search(text)
    )
    for path, text in tree.items():
        if "${" in text and not path.startswith((".github/", SUBSTITUTION_OFF)) and "dashboards/" not in path:
            yield f"{path} has ${{ that Flux would substitute"


def unquoted_names(tree: dict[str, str], answers: Answers) -> Iterator[str]:
    """Names from answers that came out as something else than the string that was given."""
    platform = f"platform/{answers.get('cluster_name', 'home')}"
    issuer = parse(tree[f"{platform}/linkerd-trust/identity-issuer.yaml"])["spec"]["issuerRef"]["name"]
    if answers["trust_anchor"] not in ("own", issuer):
        yield f"issuer is {issuer!r}, answered {answers['trust_anchor']!r}"
    names = [link["name"] for link in answers.get("links", []) if link.get("import", True)]
    for name in names:
        link = parse(tree[f"{platform}/linkerd-links/link-{name}.yaml"])
        if {link["metadata"]["name"], link["spec"]["targetClusterName"]} != {name}:
            yield f"the Link is {link['metadata']['name']!r}, answered {name!r}"
    stored = parse(tree[".copier-answers.yml"])
    for question, answer in answers.items():
        if question in stored and stored[question] != answer:
            yield f"stored {question} is {stored[question]!r}, answered {answer!r}"
    if "existing_prometheus" in answers:
        monitoring = parse(tree[f"{platform}/linkerd-monitoring/kustomization.yaml"])
        given = {"namespace": monitoring["namespace"], "release": monitoring["labels"][0]["pairs"]["release"]}
        if not given.items() <= answers["existing_prometheus"].items():
            yield f"monitors go to {given}, answered {answers['existing_prometheus']}"


@pytest.mark.parametrize("answers", [{}, {"redirect": "cni", "nodes": 3, "viz_host": "linkerd.home.arpa"}])
@pytest.mark.usefixtures("renders_anew")
def test_same_answers_give_the_same_bytes(answers: Answers, tmp_path: Path) -> None:
    render(answers, tmp_path / "one")
    render(dict(reversed(answers.items())), tmp_path / "two")

    assert not tree_diff(read_tree(tmp_path / "one"), read_tree(tmp_path / "two"))


@pytest.mark.parametrize("engine", ["flux", "argocd"])
@pytest.mark.usefixtures("renders_anew")
def test_swift_copier_renders_the_same(engine: str, tmp_path: Path) -> None:
    answers = {"engine": engine, "viz_host": "linkerd.home.arpa", "nodes": 3, "apps": ["demo", "elastic"]}
    program = (
        "import pathlib, sys; from meshwright.scaffold import render;"
        f"render({answers!r}, pathlib.Path(sys.argv[1]))"
    )
    subprocess.run([sys.executable, "-c", program, tmp_path / "as it is"], check=True)
    # Once to compile, once from what was compiled.
    render({**answers, "nodes": 1}, tmp_path / "other")
    render(answers, tmp_path / "swift")

    assert not tree_diff(read_tree(tmp_path / "as it is"), read_tree(tmp_path / "swift"))


def test_the_property_sees_a_name_that_lost_its_quotes(tmp_path: Path) -> None:
    answers: Answers = {"trust_anchor": "1e3", "metrics": "none", "cluster_name": "home"}
    render(answers, tmp_path / "repository")
    tree = read_tree(tmp_path / "repository")
    path = "platform/home/linkerd-trust/identity-issuer.yaml"
    assert list(unquoted_names(tree, answers)) == []

    tree[path] = tree[path].replace('"1e3"', "1e3")

    assert list(unquoted_names(tree, answers)) == ["issuer is 1000.0, answered '1e3'"]
