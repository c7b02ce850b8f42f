"""The names of clusters that folders show."""

from __future__ import annotations

import pytest

from meshwright.argocd.unknownclusters import shown_by, unknown

_NAME, _SERVER = unknown("name"), unknown("server")
_FOLDERS = ["apps", "apps/web", "fleet", "fleet/east", "fleet/east/apps", "fleet/west-1", "fleet/west-1/apps"]


@pytest.mark.parametrize(
    ("path", "names"),
    [
        (f"fleet/{_NAME}/apps", ["east", "west-1"]),
        (f"fleet/{_NAME}-1/*", ["west"]),
        (f"{_NAME}/{_NAME}", []),
        (f"fleet/{_NAME}/{_NAME}", []),
        (f"apps/{_NAME}", ["web"]),
        (f"none/{_NAME}", []),
        (_NAME, []),
        (f"{_NAME}/**/**/apps", []),
    ],
)
def test_names(path: str, names: list[str]) -> None:
    assert [values["name"] for values in shown_by(path, _FOLDERS)] == names


def test_a_path_with_many_wildcards_ends_at_once() -> None:
    assert shown_by("fleet/" + f"{_NAME}{_SERVER}*" * 30, ["fleet/" + "a" * 250]) == []
