"""A line to a database that is cut after the question has arrived and before its answer has."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path


class Cut:
    """Hands on what it hears, until it is told to cut."""

    def __init__(self) -> None:
        self.cuts = 0
        self._until = 0

    def after(self, count: int) -> None:
        """Drops the answer that is the `count`-th from now, and the connection with it; counting from 1."""
        self._until = count

    def is_due(self) -> bool:
        """Whether this answer is the one to drop."""
        self._until -= 1
        self.cuts += self._until == 0
        return self._until == 0


@asynccontextmanager
async def cut(to: Path, at: Path) -> AsyncIterator[Cut]:
    """A line from the socket `at`, which is made, to the one of a server."""
    made = Cut()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answers, questions = await asyncio.open_unix_connection(str(to))
        await asyncio.gather(_pump(reader, questions, lambda: False), _pump(answers, writer, made.is_due))

    server = await asyncio.start_unix_server(serve, str(at))
    try:
        yield made
    finally:
        server.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, is_due: Callable[[], bool]) -> None:
    with suppress(ConnectionError):
        while (data := await reader.read(65_536)) and not is_due():
            writer.write(data)
            await writer.drain()
    writer.close()
