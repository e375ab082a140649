"""Where nonces, keys and limits are kept: in files of this host, or in the database that `SERVICE_STORE` names."""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import asyncpg  # type: ignore[import-untyped]
import redis.asyncio
from counterseal.limit import SharedCells
from counterseal.replay import SharedRing
from counterseal.stores import Waiting
from counterseal.stores.asyncpg import Postgres
from counterseal.stores.redis import Redis
from starlette.concurrency import run_in_threadpool

if TYPE_CHECKING:
    from service.place import Place

Verdict = TypeVar("Verdict")


class Store(Protocol):
    """What the service needs of a place for nonces and keys."""

    @property
    def ring(self) -> SharedRing | None:
        """Where nonces are, if they are not in a database."""

    @property
    def cells(self) -> SharedCells | None:
        """Where limits count, if that is not in a database."""

    async def prepare(self) -> None:
        """Makes it ready, once for each deployment."""

    async def run(self, waiting: Waiting[Verdict]) -> Verdict:
        """Runs a decision to its end."""

    async def nonces(self) -> int:
        """How many nonces are remembered."""

    def opened(self) -> contextlib.AbstractAsyncContextManager[None]:
        """For as long as it is used."""


class Files:
    """Nonces in a file that all workers map, and keys in a database file."""

    def __init__(self, place: Place) -> None:
        self.ring = place.ring()
        self.cells = place.cells()
        self._keys = place.keys()

    async def prepare(self) -> None:
        """The files are made when they are opened."""

    async def run(self, waiting: Waiting[Verdict]) -> Verdict:
        """Runs a decision on the database, which may wait for a disk, so it is asked in a thread."""
        return await run_in_threadpool(waiting.run, self._keys)

    async def nonces(self) -> int:
        """How many nonces the ring remembers."""
        return self.ring.gauge()["live"]

    @contextlib.asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """The files are open."""
        yield


class Database:
    """Nonces and keys in Postgres or Redis."""

    ring = None
    cells = None

    def __init__(self, url: str) -> None:
        self._url = url
        self._store: Postgres | Redis | None = None
        self._count: Callable[[], Awaitable[Any]] | None = None

    async def prepare(self) -> None:
        """Makes tables and epochs."""
        await self._opened().migrate()

    async def run(self, waiting: Waiting[Verdict]) -> Verdict:
        """Runs a decision on the database."""
        return await self._opened().drive(waiting)

    async def nonces(self) -> int:
        """How many nonces, or entries of any kind, the database has."""
        return int(await self._count()) if self._count else 0

    @contextlib.asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """For as long as its connections are."""
        if self._url.startswith("redis"):
            client = redis.asyncio.from_url(self._url)
            self._store, self._count = Redis(client), client.dbsize
            async with client:
                yield
        else:
            async with asyncpg.create_pool(self._url, min_size=1, max_size=4) as pool:
                self._store = Postgres(pool)
                self._count = lambda: pool.fetchval("SELECT count(*) FROM counterseal_claim")
                yield

    def _opened(self) -> Postgres | Redis:
        if self._store is None:
            raise RuntimeError("the database is not opened")
        return self._store


def store(place: Place) -> Store:
    """The store of this deployment."""
    url = os.environ.get("SERVICE_STORE")
    return Database(url) if url else Files(place)
