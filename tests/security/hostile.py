"""Hostile repositories: small ones that try one thing each, and the canaries that show whether it worked."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

SECRET = "canary-of-a-file-outside"


@dataclass
class Listener:
    """A server on loopback that notes who comes and answers nothing."""

    port: int = 0
    visits: list[bytes] = field(default_factory=list)


@contextmanager
def listening() -> Iterator[Listener]:
    """A listener for the time of a block."""
    listener = Listener()
    with socket.create_server(("127.0.0.1", 0)) as server:
        listener.port = server.getsockname()[1]
        server.settimeout(0.2)
        stopped = threading.Event()

        def serve() -> None:
            while not stopped.is_set():
                try:
                    visitor, _ = server.accept()
                except TimeoutError:
                    continue
                with visitor:
                    visitor.settimeout(1)
                    listener.visits.append(visitor.recv(200))

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listener
        finally:
            stopped.set()
            thread.join()


@dataclass(frozen=True)
class Canaries:
    """``outside`` is a folder beside the repository with a secret file; ``ran`` appears if code ran."""

    repository: Path
    outside: Path
    ran: Path
    listener: Listener

    @property
    def secret(self) -> Path:
        """A file that nothing may read."""
        return self.outside / "secret.yaml"

    def write(self, files: dict[str, str]) -> None:
        """Write files of the repository; ``@SECRET@``, ``@RAN@`` and ``@PORT@`` stand for the canaries."""
        places = {"@SECRET@": str(self.secret), "@RAN@": str(self.ran), "@PORT@": str(self.listener.port)}
        for name, text in files.items():
            for mark, value in places.items():
                text = text.replace(mark, value)
            file = self.repository / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
            if text.startswith("#!"):
                file.chmod(0o755)

    def assert_silent(self, *said: str) -> None:
        """Nothing ran, nothing outside was told, changed or connected to."""
        assert not self.ran.exists(), "code of the repository ran"
        assert not self.listener.visits, f"a connection was made: {self.listener.visits}"
        for text in said:
            assert SECRET not in text, "a file outside was read"
        assert sorted(path.name for path in self.outside.iterdir()) == ["secret.yaml", "values.yaml"]
        assert SECRET in self.secret.read_text(encoding="utf-8")


@contextmanager
def canaries(folder: Path) -> Iterator[Canaries]:
    """An empty repository in ``folder`` with everything that watches over it."""
    outside = folder / "outside"
    outside.mkdir()
    text = f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {SECRET}}}\ndata: {{key: {SECRET}}}\n"
    (outside / "secret.yaml").write_text(text, encoding="utf-8")
    (outside / "values.yaml").write_text(f"greeting: {SECRET}\n", encoding="utf-8")
    repository = folder / "repository"
    repository.mkdir()
    with listening() as listener:
        yield Canaries(repository, outside, folder / "ran", listener)
