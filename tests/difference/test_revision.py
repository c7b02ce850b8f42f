"""The command on Git checkouts: revisions, and what stands against them."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from meshwright.commands.diff import diff
from meshwright.errors import ExitCode, MeshwrightError
from support.repositories import config_map, write

FILES = {"app/kustomization.yaml": "resources: [map.yaml]\n", "app/map.yaml": config_map("x", a="one")}


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false"]
    command = ["git", *identity, *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


def commit(folder: Path, files: dict[str, str]) -> str:
    write(folder, files)
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "--no-verify", "-m", "x")
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Three commits in which app/map.yaml says one, two and three; the work tree says four."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    for value in ("one", "two", "three"):
        commit(folder, {**FILES, "app/map.yaml": config_map("x", a=value)})
    return write(folder, {"app/map.yaml": config_map("x", a="four")})


def state(folder: Path) -> tuple[str, str, list[Path]]:
    return git(folder, "status", "--porcelain"), git(folder, "stash", "list"), sorted(folder.rglob("*"))


@pytest.mark.parametrize(
    ("old", "new", "change"),
    [
        ("HEAD", "", "three -> four"),
        ("HEAD~2", "", "one -> four"),
        ("main~1", "main", "two -> three"),
        ("HEAD", "HEAD~1", "three -> two"),
    ],
)
def test_revisions(
    checkout: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, change: str
) -> None:
    before = state(checkout)

    assert diff(old, new, repository=checkout) is ExitCode.CLEAN
    assert capsys.readouterr().out == (
        f"folder app\n  ~ ConfigMap shop/x\n      data.a: {change}\n\n1 object changed in 1 root\n"
    )
    assert state(checkout) == before, "neither the index nor the work tree is touched"


def test_exit_code(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert diff(exit_code=True, repository=checkout) is ExitCode.FINDINGS
    assert diff("HEAD", "HEAD", exit_code=True, repository=checkout) is ExitCode.CLEAN
    assert capsys.readouterr().out.endswith("no differences in rendered objects\n")
    write(checkout, {"app/kustomization.yaml": "resources: [gone.yaml]\n"})
    assert diff(exit_code=True, repository=checkout) is ExitCode.FINDINGS
    assert capsys.readouterr().out.endswith("no differences in what could be compared; not compared: 1\n")


def test_a_revision_that_names_a_missing_file(
    checkout: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    commit(checkout, {"app/kustomization.yaml": "resources: [mapp.yaml]\n"})
    commit(checkout, {"b/kustomization.yaml": "resources: [m.yaml]\n", "b/m.yaml": config_map("y", a="one")})
    write(checkout, {"app/kustomization.yaml": "resources: [mapp.yaml, map.yaml]\n"})
    write(checkout, {"b/m.yaml": config_map("y", a="two")})
    # Prints where a contained fault of our own was.
    monkeypatch.setenv("MESHWRIGHT_DEBUG", "1")

    assert diff(repository=checkout) is ExitCode.CLEAN

    printed = capsys.readouterr()
    assert printed.err == ""
    assert "data.a: one -> two" in printed.out
    assert "'app/mapp.yaml' does not exist" in printed.out


def test_a_folder_of_a_checkout(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    git(tmp_path, "init", "-q")
    commit(tmp_path, {".gitignore": "built/\n", **{f"sub/{path}": text for path, text in FILES.items()}})
    write(tmp_path, {"sub/app/map.yaml": config_map("x", a="two")})
    # What Git ignores is not part of the repository.
    write(tmp_path, {"sub/built/kustomization.yaml": "resources: [map.yaml]\n"})
    write(tmp_path, {"sub/built/map.yaml": config_map("y")})

    diff(repository=tmp_path / "sub")

    assert capsys.readouterr().out.splitlines()[1:3] == ["  ~ ConfigMap shop/x", "      data.a: one -> two"]


def test_no_attribute_leaves_a_file_out(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # As an archive of Git's would: no engine reads archives of Git's.
    commit(checkout, {".gitattributes": "app/** export-ignore\n"})

    diff(repository=checkout)

    assert capsys.readouterr().out == "no differences in rendered objects\n"


def test_a_new_file_and_a_link(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (checkout / "link").symlink_to("app")
    commit(checkout, {"other/ünï cödé.yaml": "a: b\n"})
    write(checkout, {"new/kustomization.yaml": "resources: [map.yaml]\n", "new/map.yaml": config_map("y")})

    diff(repository=checkout)

    assert capsys.readouterr().out == "folder new: added\n  + ConfigMap shop/y\n\n1 object added in 1 root\n"


def test_hooks_of_git_do_not_lead_elsewhere(
    checkout: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "index"))

    diff(repository=checkout)

    assert "three -> four" in capsys.readouterr().out


def refusal(path: Path, old: str = "HEAD") -> str:
    with pytest.raises(MeshwrightError) as raised:
        diff(old, repository=path)
    said = str(raised.value)
    assert "\n" not in said
    return said.replace(f"{path}: ", "")


def test_no_such_revision(checkout: Path) -> None:
    assert refusal(checkout, "gone") == (
        "no revision 'gone'; try `git fetch`, or list the existing ones with `git log --all`"
    )
    assert refusal(checkout, "--output=x") == "'--output=x': not a revision"
    assert "no revision 'HEAD:app'" in refusal(checkout, "HEAD:app")


def test_no_checkout(tmp_path: Path) -> None:
    assert refusal(write(tmp_path / "plain", FILES)) == (
        "not in a Git checkout, so it has no revisions; run git init there"
    )
    assert refusal(tmp_path / "gone") == "does not exist; pass the folder of a GitOps repository"


def test_nothing_committed(tmp_path: Path) -> None:
    git(write(tmp_path, FILES), "init", "-q")

    assert refusal(tmp_path) == "no revision 'HEAD': nothing is committed yet; commit first"


def test_a_shallow_clone(checkout: Path, tmp_path: Path) -> None:
    first = git(checkout, "rev-parse", "HEAD~2")
    git(tmp_path, "clone", "-q", "--depth=1", checkout.as_uri(), "shallow")

    assert refusal(tmp_path / "shallow", first) == (
        f"no revision '{first}' in this shallow clone; run `git fetch --depth=1 origin {first}`, "
        "or `git fetch --unshallow`"
    )
    assert refusal(tmp_path / "shallow", "HEAD~2") == (
        "no revision 'HEAD~2' in this shallow clone; run `git fetch --deepen=100`, or `git fetch --unshallow`"
    )


def test_no_git(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")

    assert refusal(checkout) == "install git: it is not on PATH, and is needed to read commits"


def test_json_fits_its_schema(root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = Path(shutil.copytree(root / "examples/pi-cluster", tmp_path / "pi"))
    git(folder, "init", "-q")
    commit(folder, {})
    values = folder / "platform/pi-cluster/linkerd-viz/values.yaml"
    values.write_text(values.read_text(encoding="utf-8") + "extra: [1]\n", encoding="utf-8")
    shutil.rmtree(folder / "apps/longhorn")
    (folder / "apps/demo/kustomization.yaml").write_text("resources: []\n", encoding="utf-8")

    diff(output="json", repository=folder)

    data = json.loads(capsys.readouterr().out)
    schema = json.loads((root / "schema/diff-report.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    assert list(Draft202012Validator(schema).iter_errors(data)) == []
    assert data["old"] == "HEAD"
    assert data["new"] == ""
    assert data["summary"]["removed"] > 5
