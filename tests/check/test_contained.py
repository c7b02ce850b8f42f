"""A fault of ours in one rule, root, document or step is a finding, and everything else is still reported."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from meshwright import faults
from meshwright.apps import pipeline as app_pipeline
from meshwright.apps.generate import generate
from meshwright.apps.overlay.planner import plan
from meshwright.check import check_repository, pipeline
from meshwright.check.order import flux as order_flux
from meshwright.check.report import Report
from meshwright.check.rules import runner
from meshwright.check.rules.registry import load_rules
from meshwright.check.rules.rule import Hit
from meshwright.difference import comparison
from meshwright.difference.comparison import compare
from meshwright.errors import CannotRun, ExitCode, MeshwrightError, Position
from meshwright.finding import Finding
from meshwright.flux.generator import KustomizationUnitMaker
from meshwright.manifests import files as files_module
from meshwright.manifests.kustomize import Kustomize
from meshwright.trust import report as trust_report
from meshwright.trust.plannedcertificates import planned
from meshwright.trust.report import read_trust
from meshwright.yaml import load_documents
from support.argocd import application
from support.many_apps import app_name, make_repository
from support.repositories import GITOPS_SYNC, config_map, flux_kustomization, lines, write
from support.trees import read_tree

FILES = {
    "clusters/home/sync.yaml": GITOPS_SYNC,
    "clusters/home/one.yaml": flux_kustomization("one", "./one"),
    "clusters/home/two.yaml": flux_kustomization("two", "./two", "dependsOn: [{name: one}]"),
    "clusters/home/app.yaml": application("three", "path: three"),
    "one/kustomization.yaml": "resources: [map.yaml]\n",
    "one/map.yaml": config_map("one") + "datta: {}\n",
    "two/kustomization.yaml": "resources: [map.yaml, gone.yaml]\n",
    "two/map.yaml": config_map("two"),
    "three/map.yaml": config_map("three") + "datta: {}\n",
    "loose/kustomization.yaml": "resources: [map.yaml, server.yaml]\n",
    "loose/map.yaml": config_map("loose") + "datta: {}\n",
    # A policy for something that is not there: MW412.
    "loose/server.yaml": """
        apiVersion: policy.linkerd.io/v1alpha1
        kind: AuthorizationPolicy
        metadata: {name: policy, namespace: shop}
        spec: {requiredAuthenticationRefs: [], targetRef: {group: policy.linkerd.io, kind: Server, name: no}}
    """,
}
ERRORS: list[Callable[[], Exception]] = [
    lambda: KeyError("x"),
    lambda: RecursionError("maximum recursion depth exceeded"),
    MemoryError,
    StopIteration,
    lambda: MeshwrightError("two\nlines"),
]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return write(tmp_path / "repository", FILES)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    return lines(check_repository(write(tmp_path_factory.mktemp("whole"), FILES)))


def ours(report: Report) -> list[Finding]:
    return [item for item in report.findings if item.id == faults.ID]


def rest(report: Report) -> list[str]:
    return [line for line in lines(report) if not line.endswith(faults.ID)]


def failing(function: Any, error: Callable[[], Exception], when: Callable[..., bool]) -> Any:
    def wrapped(*arguments: Any, **named: Any) -> Any:
        if when(*arguments, **named):
            raise error()
        return function(*arguments, **named)

    return wrapped


def break_rule(monkeypatch: pytest.MonkeyPatch, id: str, find: Any) -> None:
    rules = [replace(rule, find=find) if rule.id == id else rule for rule in load_rules()]
    monkeypatch.setattr(runner, "load_rules", lambda: rules)


@pytest.mark.parametrize("error", ERRORS)
def test_a_rule(
    error: Callable[[], Exception], repository: Path, whole: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it found before the fault counts, and every other rule is run."""

    def find(_: Any) -> Iterator[Hit]:
        yield Hit(Position("one/map.yaml", 1, 1), "found before")
        raise error()

    break_rule(monkeypatch, "MW001", find)

    report = check_repository(repository)

    [finding] = ours(report)
    assert finding.message.startswith("rule MW001 stopped: ")
    assert "\n" not in finding.message
    assert "MESHWRIGHT_DEBUG=1" in finding.fix
    assert rest(report) == sorted([*whole, "one/map.yaml:1:1 MW001"])
    assert report.exit_code is ExitCode.FINDINGS
    assert not report.is_whole


def test_where_in_our_code(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        order_flux, "_add_ready", failing(order_flux._add_ready, lambda: KeyError("x"), lambda *_: True)
    )

    findings = ours(check_repository(repository))

    assert {"(check/order/flux.py:" in finding.message for finding in findings} == {True}
    assert {str(finding.position) for finding in findings} == {
        f"clusters/home/{name}.yaml:{line}:1" for name, line in (("sync", 1), ("one", 1), ("two", 1))
    }


def test_the_traceback_is_printed_when_asked_for(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(pipeline, "answers_checks", lambda *_: 1 // 0)
    check_repository(repository)
    assert capsys.readouterr().err == ""
    monkeypatch.setenv("MESHWRIGHT_DEBUG", "1")

    check_repository(repository)

    assert "Traceback" in capsys.readouterr().err


STAGES = {
    "reading the answers": "answers_checks",
    "reading the applications": "apps_findings",
    "reading the objects": "object_checks",
    "reading the charts": "values_checks",
}


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage(stage: str, repository: Path, whole: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, STAGES[stage], lambda *_, **__: 1 // 0)

    report = check_repository(repository)

    [finding] = ours(report)
    assert finding.message.startswith(f"{stage} stopped: ZeroDivisionError")
    lost = "kubeconform/" if stage == "reading the objects" else "nothing"
    assert rest(report) == [line for line in whole if lost not in line]


def test_a_document(repository: Path, whole: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    broken = failing(load_documents, lambda: KeyError("x"), lambda _, path: path == "one/map.yaml")
    monkeypatch.setattr(files_module, "load_documents", broken)

    report = check_repository(repository)

    about = [finding for finding in report.findings if finding.position.path == "one/map.yaml"]
    assert any("KeyError" in finding.message for finding in about)
    assert [line for line in lines(report) if "one/map" not in line] == [
        line for line in whole if "one/map" not in line
    ]


@pytest.mark.parametrize("error", ERRORS)
def test_a_root(
    error: Callable[[], Exception], repository: Path, whole: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = failing(KustomizationUnitMaker.unit, error, lambda _, item, __: item.name.endswith("/two"))
    monkeypatch.setattr(KustomizationUnitMaker, "unit", broken)

    report = check_repository(repository)

    assert {finding.subject for finding in ours(report)} == {"Kustomization flux-system/two"}
    assert {finding.position.path for finding in ours(report)} == {"clusters/home/two.yaml"}
    # What is missing may be in what was not seen: rules that say so are silent.
    assert {*whole} - {*rest(report)} == {"loose/server.yaml:4:98 MW412"}


def test_a_build(repository: Path, whole: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def when(_: Any, units: Any, __: Any) -> bool:
        return any(unit.folder == "loose" for unit in units)

    monkeypatch.setattr(Kustomize, "build", failing(Kustomize.build, lambda: KeyError("x"), when))

    report = check_repository(repository)

    [finding] = ours(report)
    assert finding.message.startswith("building 'loose' stopped: KeyError: 'x'")
    assert [line for line in whole if "loose" not in line] == rest(report)


def test_what_ends_everything_still_does(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for error in (CannotRun("no tool"), OSError(28, "No space left on device"), KeyboardInterrupt()):

        def find(_: Any, error: BaseException = error) -> Iterator[Hit]:
            raise error

        break_rule(monkeypatch, "MW001", find)
        with pytest.raises(type(error)):
            check_repository(repository)


def test_no_comment_takes_it_out(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = failing(
        KustomizationUnitMaker.unit, lambda: KeyError("x"), lambda _, item, __: item.name.endswith("/two")
    )
    monkeypatch.setattr(KustomizationUnitMaker, "unit", broken)
    file = repository / "clusters/home/two.yaml"
    file.write_text("# meshwright: ignore internal/error nobody shall know\n" + file.read_text())

    assert ours(check_repository(repository))


# Where a fault may come from: what reads and judges the repository, not what prepares or prints the report.
_PACKAGES = (
    "check/model/",
    "check/order/",
    "check/rules/",
    "check/schema/objects",
    "flux/",
    "argocd/",
    "trust/",
)


class _Injector:
    """Raises in the call number ``at`` of a function of the package; counts them all without one."""

    def __init__(self, at: int = -1) -> None:
        self.calls = 0
        self.name = ""
        self._at = at

    def __call__(self, frame: FrameType, event: str, _: Any) -> None:
        code = frame.f_code
        _, package, inside = code.co_filename.rpartition("/meshwright/")
        if event != "call" or not package or not inside.startswith(_PACKAGES) or code.co_name.startswith("<"):
            return
        self.calls += 1
        if self.calls == self._at:
            self.name = f"{inside}:{code.co_name}"
            raise LookupError(f"injected into {self.name}")


def injected(repository: Path, at: int) -> tuple[Report, _Injector]:
    injector = _Injector(at)
    before = sys.gettrace()
    sys.settrace(injector)
    try:
        return check_repository(repository), injector
    finally:
        sys.settrace(before)


def test_a_fault_anywhere(repository: Path) -> None:
    """Seeded: in the n-th call of any function that reads or judges. The report is there, and says so."""
    check_repository(repository)
    _, counter = injected(repository, -1)
    assert counter.calls > 1000
    alone = 0
    for at in sorted(random.Random("contained").sample(range(1, counter.calls), 40)):
        report, injector = injected(repository, at)

        assert injector.name
        said = [item for item in report.findings if "injected" in item.message]
        assert said, f"call {at}, {injector.name}"
        alone += len(said) == len(report.findings)
    # Some readers are made before there is anything to report.
    assert alone <= 2


def test_diff_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A root that cannot be compared is told; the others are compared."""
    old, new = tmp_path / "old", tmp_path / "new"
    write(old, {path: text for path, text in FILES.items() if "gone.yaml" not in text})
    write(new, {**{path: text for path, text in FILES.items() if "gone.yaml" not in text}, **CHANGED})
    broken = failing(
        comparison._SnapshotComparison._in_root,
        lambda: KeyError("x"),
        lambda _, pair, __: pair.shown.path == "one",
    )
    monkeypatch.setattr(comparison._SnapshotComparison, "_in_root", broken)

    found = compare(old, new)

    assert [root.path for root in found.roots] == ["loose"]
    [told] = [item for item in found.not_compared if "KeyError" in item.reason]
    assert told.subject == "Kustomization flux-system/one"


CHANGED = {f"{name}/map.yaml": config_map(name, key="new") for name in ("one", "loose")}


def test_generate_tells_of_the_other_applications(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = make_repository(tmp_path / "repository", 3)
    (root / "apps" / app_name(2) / "mesh.yaml").write_text("injct: enabled\n")
    monkeypatch.setattr(
        app_pipeline, "plan", failing(plan, MemoryError, lambda app, _: app.name == app_name(0))
    )
    before = read_tree(root)

    outcome = generate(root, check=False, force=False, remember=False)

    assert {item.id for item in outcome.findings} >= {faults.ID, "mesh/unknown"}
    assert read_tree(root) == before


def test_trust_goes_on(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    example = root / "examples" / "pi-cluster"
    whole = read_trust(example, [])
    monkeypatch.setattr(trust_report, "planned", failing(planned, MemoryError, lambda *_: True))

    report = read_trust(example, [])

    assert [item.id for item in report.findings] == [faults.ID]
    assert report.exit_code is ExitCode.FINDINGS
    assert len(report.rotations) == len(whole.rotations) == 1
    assert whole.planned
    assert not report.planned


def test_nothing_is_a_traceback(tmp_path: Path) -> None:
    """What nobody expects, outside of every step: one line and exit code 2."""
    code = (
        "import sys; from meshwright import cli; from meshwright.commands import check\n"
        "def report(*_, **__): raise {}\n"
        "check._report = report; sys.argv = ['meshwright', 'check', '.']; cli.main()\n"
    )
    for error, line in (
        ("KeyError('x')", "KeyError: 'x' (commands/check.py:"),
        ("RecursionError('deep')", "RecursionError: deep (commands/check.py:"),
        ("MemoryError()", "out of memory"),
        ("OSError(28, 'No space left on device', '/tmp/x')", "/tmp/x: No space left on device"),
    ):
        command = [sys.executable, "-c", code.format(error)]
        said = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
        assert said.returncode == 2
        assert said.stderr.startswith(f"meshwright: {line}"), said.stderr
        assert len(said.stderr.splitlines()) == 1
        assert ("this is a bug in Meshwright: report it" in said.stderr) == ("check.py" in line)
