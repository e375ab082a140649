"""Which sessions have ended, read anew as time passes."""

import asyncio
import time
from collections.abc import Callable
from typing import Protocol, TypeVar

from counterseal._counterseal import EndedSessions, SessionFeed
from counterseal.errors import ArgumentError, CountersealError
from counterseal.stores import Memory, Sqlite, Waiting

__all__ = ["Drive", "SessionWatch", "driven"]

Outcome = TypeVar("Outcome")

_RETRY = 1_000
"""For so long, in milliseconds, a store that did not answer is not asked again while what is known is good."""


class Drive(Protocol):
    """Runs a decision on a database of the application's own."""

    async def __call__(self, waiting: Waiting[Outcome], /) -> Outcome: ...


class SessionWatch:
    """Which sessions have ended, for whoever verifies access tokens.

    ::

        watch = SessionWatch(SessionFeed(trusted_for_seconds=30), store=store)
        token = verifier.verify(bearer(headers))
        await watch.check(token.session)

    When what is known is a third of its time old, one request reads it and the others go on with it. While the store
    does not answer, what is known is good until its time is over; then `check` raises `refresh_feed_stale`. `drive`
    runs decisions on a database of your own.
    """

    def __init__(
        self,
        feed: SessionFeed,
        *,
        drive: Drive | None = None,
        store: Memory | Sqlite | None = None,
        clock: Callable[[], int] | None = None,
    ) -> None:
        if drive is None and store is None:
            raise ArgumentError("binding_store_missing")
        self._feed = feed
        self._drive = drive
        self._store = store
        self._clock = clock
        self._ended: EndedSessions | None = None
        self._is_due = True
        self._is_reading = False
        self._retry_at = 0

    async def check(self, session: str | None) -> None:
        """Looks at the session that a genuine access token names; None where it names none."""
        now = self._clock() if self._clock else time.time_ns() // 1_000_000
        ended = self._ended
        if ended is None or self._must_read(ended, now):
            ended = await self._read(now)
        ended.check(session, now=now)

    def forget(self) -> None:
        """A session was ended by this process: the next check reads anew."""
        self._is_due = True

    def _must_read(self, ended: EndedSessions, now: int) -> bool:
        age, trusted = now - ended.read_at, self._feed.trusted_for_seconds * 1_000
        if not 0 <= age <= trusted:
            return True
        return not self._is_reading and now >= self._retry_at and (self._is_due or age > trusted / 3)

    async def _read(self, now: int) -> EndedSessions:
        self._is_reading, self._is_due = True, False
        try:
            ended = await driven(self._feed.read(now=now), self._drive, self._store)
        except CountersealError:
            self._is_due, self._retry_at = True, now + _RETRY
            if self._ended is None:
                raise
            # What was read before may be good for a while; its check says.
            return self._ended
        finally:
            self._is_reading = False
        self._ended = ended
        return ended


async def driven(waiting: Waiting[Outcome], drive: Drive | None, store: Memory | Sqlite | None) -> Outcome:
    """What a decision ends in, on a database of the application's own or in a store of ours."""
    if drive is not None:
        return await drive(waiting)
    if isinstance(store, Memory):
        return waiting.run(store)
    assert store is not None  # noqa: S101 - one of them is there, as whoever holds them has checked
    return await asyncio.to_thread(waiting.run, store)
