"""Replacing the anchor in four commits: each is accepted by check, and none can be skipped."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from meshwright.check import check_repository
from meshwright.commands import trust
from meshwright.errors import MeshwrightError
from support.smallrepos import check_out, load_small_repositories
from support.trees import read_tree

pytestmark = pytest.mark.long

TRUST = "platform/pi-cluster/linkerd-trust"
PLANES = tuple(f"platform/pi-cluster/{name}/values.yaml" for name in ("linkerd-control-plane", "linkerd-viz"))


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=Test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false")
    run = subprocess.run(
        ["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, text=True
    )
    return run.stdout


def commit(folder: Path) -> None:
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message=state")


def copy(root: Path, example: str, folder: Path) -> Path:
    shutil.copytree(root / "examples" / example, folder)
    git(folder, "init", "--quiet", "--initial-branch=main")
    commit(folder)
    return folder


@pytest.fixture(scope="session")
def stages(root: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A repository with an anchor of its own, committed: as it is generated, and after each stage."""
    place = tmp_path_factory.mktemp("stages")
    found = [copy(root, "pi-cluster", place / "0")]
    for number in (1, 2, 3, 4):
        found.append(place / str(number))
        shutil.copytree(found[-2], found[-1])
        rotate(found[-1], number)
        commit(found[-1])
    return found


@pytest.fixture
def at(stages: list[Path], tmp_path: Path) -> Callable[[int], Path]:
    """A copy of the repository after a stage."""

    def copied(stage: int) -> Path:
        shutil.copytree(stages[stage], tmp_path / "cluster")
        return tmp_path / "cluster"

    return copied


def rotate(folder: Path, stage: int, *, preview: bool = False) -> None:
    trust.rotate(stage, folder, preview=preview)


def refused(folder: Path, stage: int) -> str:
    before = git(folder, "status", "--porcelain") if (folder / ".git").exists() else ""
    with pytest.raises(MeshwrightError) as caught:
        rotate(folder, stage)
    if (folder / ".git").exists():
        assert git(folder, "status", "--porcelain") == before
    assert "\n" not in str(caught.value)
    return str(caught.value)


def edit(folder: Path, path: str, old: str, new: str) -> None:
    file = folder / path
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")
    commit(folder)


def go_on(folder: Path, *stages: int) -> None:
    for stage in stages:
        rotate(folder, stage)
        commit(folder)


def changed(folder: Path) -> list[str]:
    return [line[3:] for line in git(folder, "status", "--porcelain", "--untracked-files=all").splitlines()]


@pytest.mark.parametrize(
    ("example", "pruning"),
    [("pi-cluster", "flux reconcile"), ("pi-cluster-argocd", "argocd app confirm-deletion linkerd-trust")],
)
def test_check_accepts_each_stage_and_each_can_be_run_twice(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], example: str, pruning: str
) -> None:
    folder = copy(root, example, tmp_path / "cluster")
    before = [finding.message for finding in check_repository(folder).findings]

    for stage in (1, 2, 3, 4):
        rotate(folder, stage)
        assert changed(folder)
        assert [finding.message for finding in check_repository(folder).findings] == before
        commit(folder)
        said = capsys.readouterr().out
        rotate(folder, stage)
        assert changed(folder) == []

    assert pruning in said
    assert ("flux " in said) is (example == "pi-cluster")


def test_each_stage_writes_only_what_it_is_about(stages: list[Path]) -> None:
    written = [
        sorted(git(stages[4], "diff", "--name-only", f"HEAD~{back}", f"HEAD~{back - 1}").split())
        for back in (4, 3, 2, 1)
    ]

    assert written == [
        [f"{TRUST}/anchor-2.yaml", f"{TRUST}/kustomization.yaml"],
        sorted(PLANES),
        sorted([*PLANES, f"{TRUST}/identity-issuer.yaml"]),
        sorted(
            [
                *PLANES,
                f"{TRUST}/anchor-2.yaml",
                f"{TRUST}/anchor-own.yaml",
                f"{TRUST}/bundle.yaml",
                f"{TRUST}/kustomization.yaml",
            ]
        ),
    ]


def test_a_finished_rotation_leaves_six_words(at: Callable[[int], Path]) -> None:
    repository = at(4)

    words = git(repository, "diff", "--word-diff=porcelain", "--unified=0", "HEAD~4")
    added = [line for line in words.splitlines() if line.startswith("+") and not line.startswith("+++")]
    gone = [line for line in words.splitlines() if line.startswith("-") and not line.startswith("---")]

    assert added == ["+linkerd-trust-anchor-2"] * 5 + ['+"linkerd-trust-anchor-2"']
    assert gone == ["-linkerd-trust-anchor"] * 5 + ['-"linkerd-trust-anchor"']


def test_the_next_rotation_takes_a_name_that_was_never_used(at: Callable[[int], Path]) -> None:
    repository = at(4)
    rotate(repository, 1)

    assert f"{TRUST}/anchor-3.yaml" in changed(repository)
    assert "secretName: linkerd-trust-anchor-3" in (repository / TRUST / "anchor-3.yaml").read_text()


def test_edits_of_a_person_stay(at: Callable[[int], Path]) -> None:
    repository = at(0)
    edit(
        repository,
        f"{TRUST}/anchor-own.yaml",
        "  duration: 87600h\n",
        "  # twenty, we said\n  duration: 175200h\n",
    )
    edit(repository, f"{TRUST}/kustomization.yaml", "resources:\n", "resources:\n  # ours first\n")
    edit(repository, PLANES[0], "podMonitor:\n", "podAnnotations:\n  team: mesh # ours\npodMonitor:\n")
    before = read_tree(repository / TRUST)

    go_on(repository, 1, 2)
    assert "  # twenty, we said\n  duration: 175200h\n" in (repository / TRUST / "anchor-2.yaml").read_text()
    values = (repository / PLANES[0]).read_text()
    assert (
        "  team: mesh # ours\n  linkerd.meshwright.dev/trust-anchors: linkerd-trust-anchor linkerd" in values
    )

    go_on(repository, 3, 4)
    after = read_tree(repository / TRUST)
    assert {
        path: text.replace("linkerd-trust-anchor-2", "linkerd-trust-anchor") for path, text in after.items()
    } == before
    assert "podAnnotations:\n  team: mesh # ours\npodMonitor:\n" in (repository / PLANES[0]).read_text()


def test_an_edit_of_the_new_anchor_is_what_stays(at: Callable[[int], Path]) -> None:
    repository = at(1)
    edit(repository, f"{TRUST}/anchor-2.yaml", "renewBefore: 8760h", "renewBefore: 17520h # two years")
    go_on(repository, 2, 3, 4)

    anchor = (repository / TRUST / "anchor-own.yaml").read_text()
    assert "renewBefore: 17520h # two years\n" in anchor
    assert "trust-anchor: additional" not in anchor
    assert anchor.startswith("# Meshwright scaffold:")


@pytest.mark.parametrize(
    ("done", "wanted", "words"),
    [
        (0, 2, ["only distributes Certificate cert-manager/linkerd-trust-anchor", "begin with --stage 1"]),
        (0, 3, ["bundle.yaml:", "linkerd-identity-issuer", "begin with --stage 1"]),
        (
            1,
            3,
            ["was not restarted for Certificate cert-manager/linkerd-trust-anchor-2", "run --stage 2 first"],
        ),
        (
            1,
            4,
            ["identity-issuer.yaml:30:5", "still signed by ClusterIssuer linkerd-trust-anchor", "--stage 2"],
        ),
        (2, 1, ["at stage 2", "continue with --stage 3"]),
        (2, 4, ["still signed by ClusterIssuer linkerd-trust-anchor", "continue with --stage 3"]),
        (3, 1, ["at stage 3", "continue with --stage 4"]),
        (3, 2, ["at stage 3", "continue with --stage 4"]),
    ],
)
def test_a_stage_out_of_turn_is_refused(
    at: Callable[[int], Path], done: int, wanted: int, words: list[str]
) -> None:
    repository = at(done)
    said = refused(repository, wanted)

    assert [word for word in words if word not in said] == []


def test_stage_4_without_a_rotation_has_nothing_to_do(
    at: Callable[[int], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    repository = at(0)
    rotate(repository, 4)

    assert "nothing to do" in capsys.readouterr().out
    assert changed(repository) == []


def test_the_cas_of_others_are_refused(root: Path, tmp_path: Path) -> None:
    folder = copy(root, "datacenter", tmp_path / "cluster")

    said = refused(folder, 1)

    assert "the CA of ClusterIssuer ca-issuer, which this repository does not define" in said
    assert "platform/datacenter/linkerd-trust/anchor-existing.yaml:" in said


def test_the_stage_before_has_to_be_committed(at: Callable[[int], Path]) -> None:
    repository = at(0)
    rotate(repository, 1)

    said = refused(repository, 2)

    assert f"{TRUST}/anchor-2.yaml: not committed" in said


def test_an_edit_in_a_file_of_the_stage_has_to_be_committed(at: Callable[[int], Path]) -> None:
    repository = at(0)
    file = repository / TRUST / "kustomization.yaml"
    file.write_text(file.read_text() + "# mine\n")

    assert "kustomization.yaml: not committed" in refused(repository, 1)


def test_outside_of_git_nothing_is_written(root: Path, tmp_path: Path) -> None:
    folder = tmp_path / "plain"
    shutil.copytree(root / "examples/pi-cluster", folder)

    assert "not in a Git repository" in refused(folder, 1)


def test_a_preview_writes_nothing(at: Callable[[int], Path], capsys: pytest.CaptureFixture[str]) -> None:
    repository = at(0)
    rotate(repository, 1, preview=True)

    said = capsys.readouterr().out
    assert "+  - anchor-2.yaml\n" in said
    assert "nothing is written: --preview" in said
    assert changed(repository) == []


def test_a_certificate_that_the_old_anchor_still_signs_keeps_it(at: Callable[[int], Path]) -> None:
    repository = at(3)
    other = (
        "apiVersion: cert-manager.io/v1\nkind: Certificate\nmetadata: {name: other, namespace: linkerd}\n"
        "spec: {secretName: other, dnsNames: [a.b],\n"
        "  issuerRef: {kind: ClusterIssuer, name: linkerd-trust-anchor}}\n"
    )
    (repository / TRUST / "other.yaml").write_text(other)
    edit(repository, f"{TRUST}/kustomization.yaml", "resources:\n", "resources:\n  - other.yaml\n")

    said = refused(repository, 4)

    assert "other.yaml:5:" in said
    assert "stage 4 removes ClusterIssuer linkerd-trust-anchor, which still signs it" in said


def test_an_issuer_that_a_patch_sets_is_not_edited_in_vain(at: Callable[[int], Path]) -> None:
    repository = at(2)
    patch = (
        "patches:\n  - target: {kind: Certificate, name: linkerd-identity-issuer}\n"
        "    patch: |\n      - {op: replace, path: /spec/issuerRef/name, value: linkerd-trust-anchor}\n"
    )
    file = repository / TRUST / "kustomization.yaml"
    file.write_text(file.read_text() + patch)
    commit(repository)

    assert "a second copy overrides the edits of" in refused(repository, 3)


def test_what_does_not_build_is_not_judged(at: Callable[[int], Path]) -> None:
    repository = at(0)
    edit(repository, f"{TRUST}/kustomization.yaml", "resources:\n", "resources:\n  - gone.yaml\n")

    assert "platform/pi-cluster/linkerd-trust cannot be built" in refused(repository, 1)


def test_anchors_written_into_the_values_are_refused(at: Callable[[int], Path]) -> None:
    repository = at(0)
    edit(repository, PLANES[0], "  externalCA: true\n", "  externalCA: false\n")
    edit(repository, PLANES[0], "podMonitor:\n", "identityTrustAnchorsPEM: abc\npodMonitor:\n")

    assert "has its anchors in identityTrustAnchorsPEM" in refused(repository, 1)


def test_a_bundle_that_names_its_sources_gets_the_new_one_by_name(at: Callable[[int], Path]) -> None:
    repository = at(0)
    file = repository / TRUST / "bundle.yaml"
    text = file.read_text()
    start, end = text.index("    # A second anchor while"), text.index("  target:")
    file.write_text(text[:start] + text[end:])
    commit(repository)
    before = file.read_text()

    go_on(repository, 1)
    assert "    - secret:\n        name: linkerd-trust-anchor-2\n        key: tls.crt\n" in file.read_text()
    assert "additional" not in (repository / TRUST / "anchor-2.yaml").read_text()
    go_on(repository, 2, 3, 4)
    assert file.read_text() == before.replace("linkerd-trust-anchor", "linkerd-trust-anchor-2")


@pytest.mark.parametrize("name", ["flux-platform", "argocd-platform"])
def test_a_repository_of_another_make_is_rotated_too(tmp_path: Path, name: str) -> None:
    (shape,) = [it for it in load_small_repositories("right") if it.name == name]
    folder = check_out(shape, tmp_path)
    git(folder, "init", "--quiet", "--initial-branch=main")
    commit(folder)

    go_on(folder, 1, 2, 3, 4)

    assert check_repository(folder).findings == ()
    added = [line for line in git(folder, "diff", "HEAD~4").splitlines() if line.startswith("+  ")]
    assert len(added) == 6
    assert all("linkerd-trust-anchor-2" in line for line in added)


def test_what_has_to_be_restarted_is_named(
    at: Callable[[int], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    repository = at(1)
    rotate(repository, 2)

    said = [line.strip() for line in capsys.readouterr().out.splitlines() if "rollout restart" in line]
    start, rest = "kubectl -n", "rollout restart --field-manager=trust-rotation"
    assert said == [
        f"{start} demo {rest} deployment/menu deployment/orders deployment/web statefulset/store",
        f"{start} kube-system {rest} deployment/traefik",
        f"{start} monitoring {rest} deployment,statefulset,daemonset",
    ]


def test_the_manual_shows_what_is_printed(
    root: Path, at: Callable[[int], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    page = (root / "docs/trust.md").read_text(encoding="utf-8")
    repository = at(0)
    capsys.readouterr()

    rotate(repository, 1)
    first = capsys.readouterr().out
    commit(repository)
    hasty = refused(repository, 3)
    rotate(repository, 2)
    second = capsys.readouterr().out

    assert f"$ meshwright trust rotate --stage 1\n{first}" in page
    assert f"$ meshwright trust rotate --stage 3\nmeshwright: {hasty}\n" in page
    assert f"$ meshwright trust rotate --stage 2\n{second}" in page
