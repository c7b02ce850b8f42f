"""`meshwright charts pull` fetches what a repository names, and keeps only what has the right digest."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from meshwright.cli import app
from support.chartservers import Charts, chart_archive, from_registry, from_repository, sha256, write
from support.webserver import Answer, serving

RUN = CliRunner()
HERE = ("--allow-host", "127.0.0.1")


def pull(repo: Path, *more: str) -> tuple[int, str, str]:
    """The exit code, and both outputs."""
    done = RUN.invoke(app, ["charts", "pull", str(repo), *HERE, *more])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.stdout, done.stderr


def listed(repo: Path) -> list[dict[str, Any]]:
    done = RUN.invoke(app, ["charts", "list", str(repo), "--format", "json"])
    assert done.exit_code == 0, done.output
    found: list[dict[str, Any]] = json.loads(done.stdout)["charts"]
    return found


def test_a_chart_of_a_repository(charts: Charts, repo: Path) -> None:
    digest = charts.offer(chart_archive())
    write(repo / "apps/web", *from_repository(charts.url))
    assert pull(repo) == (0, f"web 1.0.0 from {charts.url}/web-1.0.0.tgz sha256:{digest}\n", "")
    assert [(item["name"], item["cached"]) for item in listed(repo)] == [("web", True)]


def test_what_was_pulled_needs_no_network(charts: Charts, repo: Path) -> None:
    digest = charts.offer(chart_archive())
    write(repo / "apps/web", *from_repository(charts.url))
    pull(repo)
    charts.server.answers.clear()
    asked = len(charts.server.asked)
    assert pull(repo) == (0, f"web 1.0.0 is in the cache sha256:{digest}\n", "")
    assert len(charts.server.asked) == asked


@pytest.mark.parametrize(
    ("wanted", "version"),
    [("1.x", "1.10.0"), ("~1.2", "1.2.3"), ("", "2.0.0"), (">=1 <2", "1.10.0"), ("^2.1.0-0", "2.1.0-rc.1")],
)
def test_a_range_is_the_newest_version_in_it(charts: Charts, repo: Path, wanted: str, version: str) -> None:
    for one in ("1.2.3", "2.0.0", "1.10.0", "1.9.0", "2.1.0-rc.1"):
        charts.offer(chart_archive(version=one), version=one)
    write(repo / "apps/web", *from_repository(charts.url, wanted))
    code, said, _ = pull(repo)
    assert (code, said.split()[1]) == (0, version)


def test_a_range_stays_where_it_is_until_an_upgrade_is_asked_for(charts: Charts, repo: Path) -> None:
    charts.offer(chart_archive())
    write(repo / "apps/web", *from_repository(charts.url, "1.x"))
    pull(repo)
    charts.offer(chart_archive(version="1.1.0"), version="1.1.0")
    assert pull(repo)[1].startswith("web 1.0.0 is in the cache")
    assert pull(repo, "--upgrade")[1].startswith("web 1.1.0 from ")
    assert pull(repo)[1].startswith("web 1.1.0 is in the cache")


def test_a_missing_version_says_what_there_is(charts: Charts, repo: Path) -> None:
    charts.offer(chart_archive())
    write(repo / "apps/web", *from_repository(charts.url, "3.0.0"))
    said = f"meshwright: web 3.0.0: {charts.url} has no version 3.0.0 of web; it has 1.0.0\n"
    assert pull(repo) == (1, "", said)


def test_a_missing_chart_and_one_that_is_there(charts: Charts, repo: Path) -> None:
    charts.offer(chart_archive())
    write(repo / "apps/web", *from_repository(charts.url))
    write(repo / "apps/db", *from_repository(charts.url, name="db"))
    code, said, complained = pull(repo)
    assert code == 1
    assert said.startswith("web 1.0.0 from ")
    assert complained == f"meshwright: db 1.0.0: {charts.url} has no chart db\n"


def test_an_archive_with_another_digest_than_the_index_says_is_not_kept(charts: Charts, repo: Path) -> None:
    charts.offer(chart_archive(), digest="0" * 64)
    write(repo / "apps/web", *from_repository(charts.url))
    code, said, complained = pull(repo)
    assert (code, said) == (1, "")
    assert f"instead of {'0' * 64}; it was not kept" in complained
    assert listed(repo)[0]["cached"] is False


def test_a_version_that_the_source_replaced_is_refused(charts: Charts, repo: Path) -> None:
    charts.offer(chart_archive())
    write(repo / "apps/web", *from_repository(charts.url, "1.x"))
    pull(repo)
    charts.entries.clear()
    charts.offer(chart_archive(files={"templates/other.yaml": "a: b\n"}))
    code, _, complained = pull(repo, "--upgrade")
    assert code == 1
    assert "the source replaced it; if you know why, add --accept-replaced" in complained
    assert pull(repo)[1].startswith("web 1.0.0 is in the cache")
    assert pull(repo, "--upgrade", "--accept-replaced")[0] == 0


def test_an_archive_of_another_chart_is_refused(charts: Charts, repo: Path) -> None:
    charts.offer(chart_archive(name="other"))
    write(repo / "apps/web", *from_repository(charts.url))
    assert "does not contain the chart web" in pull(repo)[2]


def test_an_archive_of_another_version_is_refused(charts: Charts, repo: Path) -> None:
    charts.offer(chart_archive(version="0.9.0"))
    write(repo / "apps/web", *from_repository(charts.url))
    assert "contains version 0.9.0 of web instead of 1.0.0" in pull(repo)[2]


@pytest.mark.parametrize("path", ["../../evil", "/evil", "web/../../evil"])
def test_an_archive_cannot_write_elsewhere(charts: Charts, repo: Path, tmp_path: Path, path: str) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        info = tarfile.TarInfo(path)
        tar.addfile(info, io.BytesIO(b""))
    charts.offer(buffer.getvalue())
    write(repo / "apps/web", *from_repository(charts.url))
    code, _, complained = pull(repo)
    assert code == 1
    assert "outside the chart's folder" in complained
    assert not list(tmp_path.rglob("evil"))


@pytest.mark.parametrize("name", ["../../../evil", "a/../../evil", "..", "-x"])
def test_a_name_cannot_write_elsewhere(charts: Charts, repo: Path, tmp_path: Path, name: str) -> None:
    write(repo / "apps/web", *from_repository(charts.url, name=name))
    pull(repo)
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.suffix == ".tgz"]
    assert not list(tmp_path.rglob("evil*"))


def test_an_index_that_goes_on_is_refused(
    charts: Charts, repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("meshwright.charts.pulling._LARGEST_INDEX", 1 << 20)
    charts.server.answers["/charts/index.yaml"] = Answer(body=(b"#" * 65536 for _ in range(100)))
    write(repo / "apps/web", *from_repository(charts.url))
    assert "index.yaml is larger than 1 MiB" in pull(repo)[2]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a: &a [x]\nb: &b [*a, *a]\nentries: {web: [*b]}\n", "it has an alias"),
        ("[]", "it has no entries"),
        ("<html>sign in</html>", "it has no entries"),
        ("", "it is empty"),
        ("entries: {web: [{version: 1.0.0", "while parsing a flow mapping"),
        ("entries: {web: [\n" + "- {version: 1}\n" + "]}", "while parsing"),
    ],
)
def test_what_is_no_index(charts: Charts, repo: Path, text: str, reason: str) -> None:
    charts.server.answers["/charts/index.yaml"] = Answer(body=text.encode())
    write(repo / "apps/web", *from_repository(charts.url))
    code, _, complained = pull(repo)
    assert code == 1
    assert f"not the index of a chart repository: {reason}" in complained


def test_an_index_whose_archive_is_at_another_host(charts: Charts, repo: Path) -> None:
    with serving() as other:
        content = chart_archive()
        other.answers["/files/web.tgz"] = Answer(body=content)
        charts.offer(content, urls=[f"{other.base}/files/web.tgz"])
        write(repo / "apps/web", *from_repository(charts.url))
        assert pull(repo)[1] == f"web 1.0.0 from {other.base}/files/web.tgz sha256:{sha256(content)}\n"


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "http://192.168.1.1/web.tgz", "https://10.0.0.1/web.tgz"]
)
def test_an_index_cannot_send_the_request_elsewhere(charts: Charts, repo: Path, url: str) -> None:
    charts.offer(chart_archive(), urls=[url])
    write(repo / "apps/web", *from_repository(charts.url))
    code, said, _ = pull(repo)
    assert (code, said) == (1, "")


def test_loopback_is_not_asked_without_the_option(charts: Charts, repo: Path) -> None:
    charts.offer(chart_archive())
    write(repo / "apps/web", *from_repository(charts.url))
    done = RUN.invoke(app, ["charts", "pull", str(repo)])
    assert done.exit_code == 1
    assert "add --allow-host 127.0.0.1" in done.stderr
    assert charts.server.asked == []


def test_a_chart_of_a_registry(charts: Charts, repo: Path) -> None:
    content = chart_archive()
    charts.push(content)
    write(repo / "apps/web", *from_registry(f"{charts.oci}/web", tag="1.0.0"))
    assert pull(repo) == (0, f"web 1.0.0 from {charts.oci}/web:1.0.0 sha256:{sha256(content)}\n", "")
    assert not any("tags/list" in path for path in charts.server.paths)


@pytest.mark.parametrize(
    ("ref", "version"),
    [
        ({"semver": "1.x"}, "1.1.0"),
        ({"tag": "latest"}, "1.1.0"),
        ({}, "1.1.0"),
        ({"tag": "1.0.0", "semver": "2.x"}, "2.0.0+b"),
    ],
)
def test_what_an_ocirepository_asks_for(
    charts: Charts, repo: Path, ref: dict[str, str], version: str
) -> None:
    for one in ("1.0.0", "1.1.0", "2.0.0+b"):
        charts.push(chart_archive(version=one), tag=one.replace("+", "_"))
    charts.push(chart_archive(version="1.1.0"), tag="latest")
    write(repo / "apps/web", *from_registry(f"{charts.oci}/web", **ref))
    code, said, complained = pull(repo)
    assert (code, said.split()[1:2], complained) == (0, [version], "")


def test_a_digest_decides(charts: Charts, repo: Path) -> None:
    manifest = charts.push(chart_archive())
    charts.push(chart_archive(version="2.0.0"), tag="2.0.0")
    write(repo / "apps/web", *from_registry(f"{charts.oci}/web", tag="2.0.0", digest=f"sha256:{manifest}"))
    assert pull(repo)[1].startswith(f"web 1.0.0 from {charts.oci}/web@sha256:{manifest} ")


def test_a_manifest_of_another_digest_is_refused(charts: Charts, repo: Path) -> None:
    manifest = charts.push(chart_archive())
    other = "a" * 64
    path = "/v2/team/charts/web/manifests/sha256:"
    charts.server.answers[f"{path}{other}"] = charts.server.answers[f"{path}{manifest}"]
    write(repo / "apps/web", *from_registry(f"{charts.oci}/web", digest=f"sha256:{other}"))
    assert f"the manifest does not have the digest sha256:{other}" in pull(repo)[2]


def test_a_layer_of_another_digest_is_refused(charts: Charts, repo: Path) -> None:
    content = chart_archive()
    charts.push(content)
    charts.server.answers[f"/v2/team/charts/web/blobs/sha256:{sha256(content)}"] = Answer(body=b"other")
    write(repo / "apps/web", *from_registry(f"{charts.oci}/web", tag="1.0.0"))
    assert "; it was not kept" in pull(repo)[2]


def test_an_image_is_not_a_chart(charts: Charts, repo: Path) -> None:
    body = json.dumps({"layers": [{"mediaType": "application/x", "digest": "sha256:" + "0" * 64}]}).encode()
    charts.server.answers["/v2/team/charts/web/manifests/1.0.0"] = Answer(body=body)
    write(repo / "apps/web", *from_registry(f"{charts.oci}/web", tag="1.0.0"))
    assert "web:1.0.0 is not a Helm chart" in pull(repo)[2]


def test_a_registry_that_asks_for_a_token(charts: Charts, repo: Path) -> None:
    charts.token = "given"
    charts.server.answers["/token"] = Answer(body=b'{"token": "given"}')
    content = chart_archive()
    charts.push(content)
    with serving() as storage:
        storage.answers["/blob"] = Answer(body=content)
        path = f"/v2/team/charts/web/blobs/sha256:{sha256(content)}"
        charts.server.answers[path] = Answer(307, {"Location": f"{storage.base}/blob"})
        write(repo / "apps/web", *from_registry(f"{charts.oci}/web", semver="1.x"))
        assert pull(repo)[0] == 0
    assert "/token?service=registry&scope=repository%3Ateam%3Apull" in charts.server.paths
    assert charts.server.paths.count("/token?service=registry&scope=repository%3Ateam%3Apull") == 1
    # The token stays with the registry.
    assert "authorization" not in storage.asked[0].headers
    assert {"authorization" in item.headers for item in charts.server.asked if "/token" in item.path} == {
        False
    }


@pytest.mark.parametrize(
    "answer", [Answer(403, {}, b"{}"), Answer(body=b"{}"), Answer(body=b'{"token": "a\\r\\nb: c"}')]
)
def test_a_registry_that_is_not_public(charts: Charts, repo: Path, answer: Answer) -> None:
    charts.token = "given"
    charts.server.answers["/token"] = answer
    charts.push(chart_archive())
    write(repo / "apps/web", *from_registry(f"{charts.oci}/web", tag="1.0.0"))
    code, said, _ = pull(repo)
    assert (code, said) == (1, "")


@pytest.mark.parametrize(
    "realm", ["http://192.168.1.1/token", "file:///etc/passwd", "https://10.0.0.1/token"]
)
def test_a_challenge_cannot_send_the_request_elsewhere(charts: Charts, repo: Path, realm: str) -> None:
    challenge = {"WWW-Authenticate": f'Bearer realm="{realm}",service="x"'}
    charts.server.answers["/v2/team/charts/web/manifests/1.0.0"] = Answer(401, challenge)
    write(repo / "apps/web", *from_registry(f"{charts.oci}/web", tag="1.0.0"))
    assert "names a token service that cannot be used" in pull(repo)[2]


def test_tags_on_several_pages(charts: Charts, repo: Path) -> None:
    charts.push(chart_archive(version="1.5.0"), tag="1.5.0")
    base = "/v2/team/charts/web/tags/list"
    charts.server.answers[f"{base}?n=1000"] = Answer(
        headers={"Link": f'<{base}?n=1000&last=b>; rel="next"'}, body=b'{"tags": ["1.0.0"]}'
    )
    charts.server.answers[f"{base}?n=1000&last=b"] = Answer(body=b'{"tags": ["1.5.0", 3, "a b"]}')
    write(repo / "apps/web", *from_registry(f"{charts.oci}/web", semver="1.x"))
    assert pull(repo)[1].startswith("web 1.5.0 from ")


@pytest.mark.parametrize("target", ["https://example.org/tags", "file:///etc/passwd", "/other"])
def test_a_list_of_tags_does_not_continue_elsewhere(charts: Charts, repo: Path, target: str) -> None:
    charts.server.answers["/v2/team/charts/web/tags/list"] = Answer(
        headers={"Link": f'<{target}>; rel="next"'}, body=b'{"tags": []}'
    )
    write(repo / "apps/web", *from_registry(f"{charts.oci}/web", semver="1.x"))
    assert "which is not followed" in pull(repo)[2]


def test_pages_of_tags_end(charts: Charts, repo: Path) -> None:
    base = "/v2/team/charts/web/tags/list"
    charts.server.answers[base] = Answer(
        headers={"Link": f'<{base}?again>; rel="next"'}, body=b'{"tags": []}'
    )
    write(repo / "apps/web", *from_registry(f"{charts.oci}/web", semver="1.x"))
    assert "more than 50 pages of tags" in pull(repo)[2]


def test_a_helmrepository_that_is_a_registry(charts: Charts, repo: Path) -> None:
    charts.push(chart_archive(version="1.2.0"), tag="1.2.0")
    write(repo / "apps/web", *from_repository(charts.oci, "1.x", type="oci"))
    assert pull(repo)[1].startswith(f"web 1.2.0 from {charts.oci}/web:1.2.0 ")


def test_an_index_that_leads_to_a_registry(charts: Charts, repo: Path) -> None:
    content = chart_archive()
    charts.push(content)
    charts.offer(content, urls=[f"{charts.oci}/web:1.0.0"])
    write(repo / "apps/web", *from_repository(charts.url))
    assert pull(repo)[1].startswith(f"web 1.0.0 from {charts.oci}/web:1.0.0 ")


def test_the_lock_file_pins_for_everybody(
    charts: Charts, repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = charts.offer(chart_archive())
    write(repo / "apps/web", *from_repository(charts.url, "1.x"))
    pull(repo, "--lock")
    lock = json.loads((repo / ".meshwright-charts.json").read_text())
    assert lock["charts"] == [
        {"source": charts.url, "name": "web", "wanted": "1.x", "version": "1.0.0", "digest": digest}
    ]
    charts.offer(chart_archive(version="1.1.0"), version="1.1.0")
    monkeypatch.setenv("MESHWRIGHT_CACHE", str(tmp_path / "of-somebody-else"))
    assert pull(repo)[1].startswith("web 1.0.0 from ")
    assert pull(repo, "--upgrade", "--lock")[1].startswith("web 1.1.0 from ")
    assert "1.1.0" in (repo / ".meshwright-charts.json").read_text()


def test_a_lock_file_of_a_registry_fetches_by_digest(
    charts: Charts, repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = chart_archive()
    charts.push(content, tag="latest")
    write(repo / "apps/web", *from_registry(f"{charts.oci}/web", tag="latest"))
    pull(repo, "--lock")
    charts.push(chart_archive(version="2.0.0"), tag="latest")
    monkeypatch.setenv("MESHWRIGHT_CACHE", str(tmp_path / "of-somebody-else"))
    assert (
        pull(repo)[1]
        == f"web 1.0.0 from {charts.oci}/web@sha256:{sha256(content)} sha256:{sha256(content)}\n"
    )


def test_a_lock_file_is_not_written_when_a_chart_is_missing(charts: Charts, repo: Path) -> None:
    charts.offer(chart_archive())
    write(repo / "apps/web", *from_repository(charts.url))
    write(repo / "apps/db", *from_repository(charts.url, name="db"))
    code, _, complained = pull(repo, "--lock")
    assert code == 1
    assert ".meshwright-charts.json was not written" in complained
    assert not (repo / ".meshwright-charts.json").exists()


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"version": 1, "charts": [{"source": "x"}]}', '{"version": 2, "charts": []}']
)
def test_a_broken_lock_file_is_named(charts: Charts, repo: Path, text: str) -> None:
    write(repo / "apps/web", *from_repository(charts.url))
    (repo / ".meshwright-charts.json").write_text(text)
    done = RUN.invoke(app, ["charts", "pull", str(repo)])
    assert ".meshwright-charts.json: not a lock file of charts" in str(done.exception or done.stderr)


def test_a_damaged_archive_in_the_cache_is_fetched_again(charts: Charts, repo: Path, tmp_path: Path) -> None:
    digest = charts.offer(chart_archive())
    write(repo / "apps/web", *from_repository(charts.url))
    pull(repo)
    (tmp_path / f"cache/charts/archives/{digest}.tgz").write_bytes(b"other")
    assert listed(repo)[0]["cached"] is False
    assert " from " in pull(repo)[1]
    assert listed(repo)[0]["cached"] is True


def test_nothing_is_written_into_the_repository(charts: Charts, repo: Path) -> None:
    charts.offer(chart_archive())
    write(repo / "apps/web", *from_repository(charts.url))
    before = sorted(repo.rglob("*"))
    pull(repo)
    assert sorted(repo.rglob("*")) == before
