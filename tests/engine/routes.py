"""What kube-proxy would do: a Service's address leads to a program, and refuses when there is none."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any

Address = tuple[str, int]


@dataclass
class Router:
    """Listens on cluster addresses while what stands behind them is up."""

    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    listeners: dict[Address, asyncio.Server] = field(default_factory=dict)

    def start(self) -> None:
        """Run in a thread of its own, which takes over this thread's namespaces."""
        threading.Thread(target=self.loop.run_forever, name="router", daemon=True).start()

    def stop(self) -> None:
        """Close everything."""
        for address in list(self.listeners):
            self.close(address)
        self.loop.call_soon_threadsafe(self.loop.stop)

    def open(self, address: Address, target: Address) -> None:
        """Lead connections to the address on to the target."""
        if address not in self.listeners:
            self.listeners[address] = self._run(self._listen(address, target))

    def close(self, address: Address) -> None:
        """Refuse connections from now on: whoever dials is reset at once, as without any endpoint."""
        listener = self.listeners.pop(address, None)
        if listener is not None:
            self.loop.call_soon_threadsafe(listener.close)

    def _run(self, work: Coroutine[Any, Any, asyncio.Server]) -> asyncio.Server:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(10)

    async def _listen(self, address: Address, target: Address) -> asyncio.Server:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                behind_reader, behind_writer = await asyncio.open_connection(*target)
            except OSError:
                writer.transport.abort()
                return
            await asyncio.gather(_copy(reader, behind_writer), _copy(behind_reader, writer))

        return await asyncio.start_server(serve, *address)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    # The other side is gone; a program that was killed looks like one, not like a clean end.
    writer.transport.abort()
