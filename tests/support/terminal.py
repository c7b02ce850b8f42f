"""A person at a terminal: a program on a real pty, and what its screen shows."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import pexpect
import pyte

ENTER, DOWN, UP, TAB, CONTROL_C, CONTROL_D = "\r", "\x1b[B", "\x1b[A", "\t", "\x03", "\x04"
_SECONDS = 90.0


class _Screen(pyte.HistoryScreen):
    reply: Any = None

    def write_process_input(self, data: str) -> None:
        """A program asked where the cursor is, and waits for the answer."""
        self.reply(data)


class Terminal:
    """A program on a terminal of ``columns``; what scrolled out of sight is still on the paper."""

    def __init__(
        self,
        command: Sequence[str | Path],
        *,
        folder: Path,
        environment: Mapping[str, str],
        columns: int = 80,
    ) -> None:
        self.columns = columns
        self._screen = _Screen(columns, 40, history=5000, ratio=0.5)
        self._stream = pyte.ByteStream(self._screen)
        words = [str(word) for word in command]
        self._child: Any = pexpect.spawn(
            words[0],
            words[1:],
            cwd=str(folder),
            env={"TERM": "xterm-256color", **environment},
            dimensions=(40, columns),
            timeout=_SECONDS,
        )
        self._screen.reply = self._child.send

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._child.close(force=True)

    @property
    def paper(self) -> str:
        """Everything that was shown, without what was erased; each line as wide as the terminal at most."""
        above = [self._text(line) for line in self._screen.history.top]
        lines = [*above, *self._screen.display]
        return "\n".join(line.rstrip() for line in lines).rstrip() + "\n"

    def see(self, text: str) -> str:
        """Wait until ``text`` is on the paper; the whole paper then."""
        deadline = time.monotonic() + _SECONDS
        while text not in self.paper:
            alive = self._read()
            if text in self.paper:
                break
            if not alive or time.monotonic() > deadline:
                raise AssertionError(f"no {text!r} in\n{self.paper}")
        return self.paper

    def type(self, *keys: str) -> None:
        """Press keys, one after the other."""
        for key in keys:
            self._child.send(key)

    def answer(self, seen: str, *keys: str) -> str:
        """Wait for a prompt, then type; the paper as it was at the prompt."""
        paper = self.see(seen)
        self._settle()
        self.type(*keys)
        return paper

    def end(self) -> int:
        """Wait for the program's end; its exit status."""
        while self._read():
            pass
        self._child.wait()
        status = self._child.exitstatus
        return int(status) if status is not None else -int(self._child.signalstatus)

    def _settle(self) -> None:
        """Read until nothing more comes: a prompt is drawn in several pieces."""
        while True:
            try:
                self._stream.feed(self._child.read_nonblocking(65536, timeout=0.3))
            except (pexpect.TIMEOUT, pexpect.EOF):
                return

    def _read(self) -> bool:
        try:
            self._stream.feed(self._child.read_nonblocking(65536, timeout=_SECONDS))
        except pexpect.EOF:
            return False
        return True

    def _text(self, line: Any) -> str:
        return "".join(line[column].data for column in range(self.columns))
