"""A network and a mount namespace of one's own: nothing reaches the machine, or is reached from it."""

from __future__ import annotations

import ctypes
import fcntl
import os
import shutil
import socket
import struct
import subprocess
import sys
from pathlib import Path

CLONE_NEWNS, CLONE_NEWNET = 0x00020000, 0x40000000
MS_REC, MS_PRIVATE, MS_BIND, MNT_DETACH = 0x4000, 0x40000, 0x1000, 2
SIOCSIFADDR, SIOCSIFNETMASK, SIOCSIFFLAGS = 0x8916, 0x891C, 0x8914
IFF_UP = 0x1
# A prefix on the loopback device is local as a whole: every address in it can be bound and dialled.
NETWORKS = {
    "lo": ("127.0.0.1", "255.0.0.0"),
    "lo:1": ("10.96.0.1", "255.255.0.0"),
    "lo:2": ("10.244.0.1", "255.255.0.0"),
}

_libc = ctypes.CDLL(None, use_errno=True)


def obstacle() -> str | None:
    """Why no engine can run on this machine, or None."""
    for program in ("go", "git", "unshare", "setpriv", "mount"):
        if shutil.which(program) is None:
            return f"{program} is not on PATH"
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return "namespaces need root"
    if subprocess.run(["git", "http-backend"], capture_output=True, check=False).returncode == 1:
        return "git has no http-backend"
    probe = ["unshare", "--net", "--mount", "true"]
    if subprocess.run(probe, capture_output=True, check=False).returncode:
        return "the kernel refuses network and mount namespaces here"
    return None


def enter() -> None:
    """Move this thread, and every process it starts from now on, into namespaces of its own.

    Threads that run already stay outside. There is no way back: the process is for engines from here on.
    """
    _check(_libc.unshare(CLONE_NEWNS | CLONE_NEWNET), "unshare")
    _check(_libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None), "make / private")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        for name, (address, mask) in NETWORKS.items():
            fcntl.ioctl(control, SIOCSIFADDR, _request(name, address))
            fcntl.ioctl(control, SIOCSIFNETMASK, _request(name, mask))
        fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", IFF_UP))


def bind(source: Path, target: Path) -> None:
    """Mount a file or folder over another, for this namespace alone."""
    _check(_libc.mount(os.fsencode(source), os.fsencode(target), None, MS_BIND, None), f"bind {target}")


def scratch(folder: Path) -> None:
    """A file system in memory at the folder, gone with the namespace."""
    folder.mkdir(parents=True, exist_ok=True)
    _check(_libc.mount(b"tmpfs", os.fsencode(folder), b"tmpfs", 0, b"size=4g"), f"tmpfs on {folder}")


def unmount(folder: Path) -> None:
    """Take the newest mount off a folder, though a file of it may still be open."""
    _check(_libc.umount2(os.fsencode(folder), MNT_DETACH), f"unmount {folder}")


def _request(name: str, address: str) -> bytes:
    return struct.pack("16sHH4s8x", name.encode(), socket.AF_INET, 0, socket.inet_aton(address))


def _check(code: int, what: str) -> None:
    if code:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


if __name__ == "__main__":
    # For a script that is to say so rather than run scenarios that are all skipped.
    sys.exit(obstacle())
