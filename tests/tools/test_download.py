"""A download is believed only by its checksum, and leaves nothing half done."""

from __future__ import annotations

import hashlib
import io
import re
import socket
import string
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from meshwright.errors import MeshwrightError
from meshwright.tools import download
from meshwright.tools.catalog import TOOLS, Platform, wanted_version
from meshwright.tools.model import InstallationFault

if TYPE_CHECKING:
    from tools.conftest import Release

_PLATFORMS = ("linux-amd64", "linux-arm64", "darwin-amd64", "darwin-arm64")

pytestmark = pytest.mark.usefixtures("sandbox")


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _fetch(release: Release, content: bytes, folder: Path, member: str = "tool", **answer: object) -> Path:
    """Serve ``content`` as an archive and download it."""
    headers = {"Content-Length": str(answer.get("length", len(content)))}
    release.answers["/a.tar.gz"] = (200, headers, content)
    sha256 = str(answer.get("sha256", _sha256(content)))
    return _take(f"{release.base}/a.tar.gz", sha256, member, folder)


def _take(url: str, sha256: str, member: str, folder: Path) -> Path:
    """Download an archive and take an executable out of it."""
    return download.unpack(download.fetch_archive(url, sha256, folder), sha256, member, folder, url)


def test_good_archive_gives_the_one_member(
    release: Release, make_archive: Callable[..., bytes], tmp_path: Path
) -> None:
    content = make_archive(("README.md", b"read"), ("linux-amd64/tool", b"run"), ("../evil", b"evil"))
    folder = tmp_path / "in"
    folder.mkdir()
    made = _fetch(release, content, folder, "linux-amd64/tool")
    assert made.read_bytes() == b"run"
    assert {path.name for path in folder.iterdir()} == {"tool", "archive.tar.gz"}
    assert not (tmp_path / "evil").exists()


def test_wrong_hash_is_not_unpacked(
    release: Release, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tarfile, "open", lambda *_, **__: pytest.fail("the archive was opened"))
    content, expected = b"not what was published", "0" * 64
    with pytest.raises(InstallationFault) as caught:
        _fetch(release, content, tmp_path, sha256=expected)
    assert str(caught.value) == (
        f"{release.base}/a.tar.gz has SHA-256 {_sha256(content)} instead of {expected} and was not unpacked"
    )
    assert not (tmp_path / "tool").exists()


def test_truncated_body_is_named(release: Release, tmp_path: Path) -> None:
    with pytest.raises(InstallationFault, match=r"the download stopped after 4 (of 9 )?bytes"):
        _fetch(release, b"half", tmp_path, length=9)


def test_missing_asset_is_named(release: Release, tmp_path: Path) -> None:
    with pytest.raises(InstallationFault, match=r"/none\.tar\.gz returned 404 Not Found"):
        _take(f"{release.base}/none.tar.gz", "0" * 64, "tool", tmp_path)


def test_no_network_is_named(tmp_path: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{closed.getsockname()[1]}"
        with pytest.raises(InstallationFault, match=f"^{re.escape(host)} cannot be reached: .*refused"):
            _take(f"http://{host}/a.tar.gz", "0" * 64, "tool", tmp_path)


def test_server_that_falls_silent_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "_SOCKET_SECONDS", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/a.tar.gz"
        with pytest.raises(InstallationFault, match="timed out"):
            _take(url, "0" * 64, "tool", tmp_path)


def test_redirect_is_followed(release: Release, make_archive: Callable[..., bytes], tmp_path: Path) -> None:
    content = make_archive(("tool", b"run"))
    release.answers["/old"] = (302, {"Location": "/a.tar.gz"}, b"")
    release.answers["/a.tar.gz"] = (200, {}, content)
    made = _take(f"{release.base}/old", _sha256(content), "tool", tmp_path)
    assert made.read_bytes() == b"run"


def test_archive_without_the_member_is_named(
    release: Release, make_archive: Callable[..., bytes], tmp_path: Path
) -> None:
    with pytest.raises(InstallationFault, match=r"does not contain tool$"):
        _fetch(release, make_archive(("other", b"run")), tmp_path)


@pytest.mark.parametrize("name", ["../tool", "/tool", "a/../tool", "a/tool"])
def test_member_that_leaves_its_folder_is_not_the_tool(
    release: Release, make_archive: Callable[..., bytes], tmp_path: Path, name: str
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    with pytest.raises(InstallationFault, match=r"does not contain tool$"):
        _fetch(release, make_archive((name, b"evil")), folder)
    assert not (tmp_path / "tool").exists()
    assert not (folder / "tool").exists()


def test_link_of_the_members_name_is_refused(release: Release, tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        link = tarfile.TarInfo("tool")
        link.type, link.linkname = tarfile.SYMTYPE, "/bin/sh"
        tar.addfile(link)
    with pytest.raises(InstallationFault, match="tool in the archive is not a regular file"):
        _fetch(release, buffer.getvalue(), tmp_path)
    assert not (tmp_path / "tool").is_symlink()


def test_what_is_no_archive_is_named(release: Release, tmp_path: Path) -> None:
    with pytest.raises(InstallationFault, match=r"is not a readable tar\.gz archive"):
        _fetch(release, b"<html>sign in</html>", tmp_path)


def test_endless_body_is_cut(release: Release, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "_ARCHIVE_BYTES", 10)
    with pytest.raises(InstallationFault, match="is larger than"):
        _fetch(release, b"x" * 11, tmp_path)


def test_oversized_member_is_refused(
    release: Release, make_archive: Callable[..., bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "_EXECUTABLE_BYTES", 10)
    with pytest.raises(InstallationFault, match="tool is larger than"):
        _fetch(release, make_archive(("tool", b"x" * 11)), tmp_path)


@pytest.mark.parametrize(
    ("name", "url"),
    [
        (
            "kustomize",
            "https://github.com/kubernetes-sigs/kustomize/releases/download/"
            "kustomize%2Fv1.2.3/kustomize_v1.2.3_linux_arm64.tar.gz",
        ),
        (
            "kubeconform",
            "https://github.com/yannh/kubeconform/releases/download/v1.2.3/kubeconform-linux-arm64.tar.gz",
        ),
        ("helm", "https://get.helm.sh/helm-v1.2.3-linux-arm64.tar.gz"),
    ],
)
def test_address_of_each_tool(name: str, url: str) -> None:
    platform = Platform("linux", "arm64")
    assert download.archive_url(TOOLS[name], "v1.2.3", platform, None) == url
    mirrored = download.archive_url(TOOLS[name], "v1.2.3", platform, "https://mirror.example/x/")
    assert mirrored == "https://mirror.example/x/" + url.split("/", 3)[3]


def test_base_that_is_no_web_address_is_refused() -> None:
    with pytest.raises(MeshwrightError, match="MESHWRIGHT_DOWNLOAD_BASE is 'file:///etc'"):
        download.archive_url(TOOLS["helm"], "v1.2.3", Platform("linux", "arm64"), "file:///etc")


@pytest.mark.parametrize("platform", _PLATFORMS)
@pytest.mark.parametrize("name", TOOLS)
def test_each_pin_has_a_checksum(name: str, platform: str) -> None:
    system, architecture = platform.split("-")
    found = download.known_checksum(
        download.load_checksums(), TOOLS[name], wanted_version(name), Platform(system, architecture)
    )
    assert found is not None, f"checksums.json has no {name} {wanted_version(name)} {platform}"
    assert len(found) == 64
    assert set(found) <= set(string.hexdigits.lower())


def test_each_checksum_names_two_public_sources_and_stands_once() -> None:
    entries = [entry for versions in download.load_checksums().values() for entry in versions.values()]
    for entry in entries:
        assert len(entry["sources"]) >= 2
        for source in entry["sources"]:
            assert re.fullmatch(r"[\w.-]+/[\w.-]+@[0-9a-f]{40} [\w./{}-]+", source)
    sums = [value for entry in entries for value in entry["sha256"].values()]
    assert len(sums) == len(set(sums))


def test_unknown_platform_has_no_download() -> None:
    table = download.load_checksums()
    assert download.known_checksum(table, TOOLS["helm"], "v4.2.4", Platform("linux", "mips")) is None
    assert download.known_checksum(table, TOOLS["helm"], "v0.0.1", Platform("linux", "amd64")) is None
