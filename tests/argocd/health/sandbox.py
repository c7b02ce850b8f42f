"""Runs a health check as Argo CD does: Lua 5.1, the object as global `obj`, next to no libraries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lupa import lua51

HEALTHS = {"Healthy", "Progressing", "Degraded", "Suspended", "Missing", "Unknown"}

# Argo CD 3.5.1 (util/lua/lua.go) opens base, table and package, and an `os` that only require() finds.
# Without the string library a string has no methods. Loading anything is refused here: no check may need it.
_CLOSE = """
getmetatable("").__index = nil
for _, name in ipairs({"string", "math", "io", "os", "debug", "coroutine", "package", "require", "module",
                       "dofile", "loadfile", "python"}) do
  _G[name] = nil
end
"""


class CheckError(AssertionError):
    """The check raised, or answered what Argo CD does not take."""


@dataclass(frozen=True)
class Verdict:
    """What a check says about an object."""

    status: str
    message: str


class Check:
    """One health check, compiled once; `verdict` may be called with any number of objects."""

    def __init__(self, source: str) -> None:
        self._lua = lua51.LuaRuntime(register_eval=False, register_builtins=False, encoding="utf-8")
        self._lua.execute(_CLOSE)
        self._run = self._lua.compile(source)

    def verdict(self, manifest: Mapping[str, Any]) -> Verdict:
        """What the check says; CheckError where Argo CD would report a failed or an invalid check."""
        self._lua.globals()["obj"] = self._table(manifest)
        try:
            answer = self._run()
        except lua51.LuaError as error:
            raise CheckError(f"the check raised: {error}") from error
        if lua51.lua_type(answer) != "table":
            raise CheckError(f"the check answered {answer!r}, no table: Argo CD would wait for good")
        fields = dict(answer.items())
        status, message = fields.pop("status", None), fields.pop("message", "")
        if fields or status not in HEALTHS or not isinstance(message, str):
            raise CheckError(f"the check answered {dict(answer.items())!r}, which Argo CD cannot use")
        return Verdict(status, message)

    def _table(self, value: Any) -> Any:
        """A Python value as Argo CD's decodeValue hands it over: lists from 1, null as nothing."""
        if isinstance(value, Mapping):
            items = {str(key): self._table(inner) for key, inner in value.items() if inner is not None}
            return self._lua.table_from(items)
        if isinstance(value, list):
            return self._lua.table_from([self._table(inner) for inner in value])
        if value is None or isinstance(value, bool | int | float | str):
            return value
        raise TypeError(f"{value!r} is in no Kubernetes object")
