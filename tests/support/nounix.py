"""Runs a command line of Meshwright without all that Windows lacks: python nounix.py ARGUMENTS.

The modules cannot be imported, the functions, flags and signals are gone, and folders cannot be opened. Paths
and the names of the system stay: Python itself chooses its path classes by them.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from importlib.abc import MetaPathFinder
from typing import Any

# Packages that look at sys.platform, and would behave on Windows as it is there.
import platformdirs.unix

MODULES = frozenset(
    {"fcntl", "resource", "pwd", "grp", "termios", "tty", "pty", "syslog", "readline", "_posixshmem"}
)
FUNCTIONS = (
    *("fork", "forkpty", "register_at_fork", "setsid", "setpgid", "getpgid", "killpg", "getuid", "geteuid"),
    *("getgid", "getegid", "fchmod", "fchown", "chown", "mkfifo", "mknod", "statvfs", "uname", "openpty"),
    *("sched_getaffinity", "posix_spawn", "waitid", "wait3", "wait4", "pread", "pwrite", "sync"),
)
FLAGS = ("O_DIRECTORY", "O_NOFOLLOW", "O_CLOEXEC", "O_NONBLOCK", "O_SYNC", "O_NOCTTY", "O_PATH")
SIGNALS = ("SIGALRM", "SIGKILL", "SIGHUP", "SIGPIPE", "SIGUSR1", "SIGUSR2", "SIGCHLD")
WITH_SIGNALS = ("alarm", "setitimer", "pthread_sigmask", "sigwait", "set_wakeup_fd", "siginterrupt")

_open, _kill = os.open, os.kill
_posix_start = subprocess.Popen.__init__


class Missing(MetaPathFinder):
    def find_spec(self, fullname: str, *_: Any) -> None:
        if fullname in MODULES:
            raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)


def windows_open(path: Any, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
    if dir_fd is not None:
        raise NotImplementedError("dir_fd unavailable on this platform")
    if os.path.isdir(path):  # noqa: PTH112
        raise PermissionError(13, "Permission denied", os.fspath(path))
    return _open(path, flags, mode)


def windows_start(self: subprocess.Popen[Any], *arguments: Any, **named: Any) -> None:
    if named.get("pass_fds") or named.get("preexec_fn"):
        raise ValueError("pass_fds and preexec_fn are not supported on Windows platforms")
    _posix_start(self, *arguments, **named)


def take_away() -> None:
    sys.meta_path.insert(0, Missing())
    # shutil and tempfile look at os when they are imported; they may have been.
    for name in (*MODULES, "shutil", "tempfile"):
        sys.modules.pop(name, None)
    for name in (*FUNCTIONS, *FLAGS):
        delattr(os, name)
    for name in (*SIGNALS, *WITH_SIGNALS):
        delattr(signal, name)
    os.supports_dir_fd.clear()
    os.supports_fd.clear()
    os.supports_follow_symlinks.clear()
    os.open = windows_open
    subprocess.Popen.__init__ = windows_start  # type: ignore[method-assign] # the process itself lacks it
    subprocess.Popen.kill = lambda self: _kill(self.pid, 9)  # type: ignore[method-assign] # by no signal's name


if __name__ == "__main__":
    take_away()
    sys.argv[0] = "meshwright"
    from meshwright.cli import main

    assert platformdirs.unix
    main()
