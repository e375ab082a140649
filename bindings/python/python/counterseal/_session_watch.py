"""Which sessions have ended, read anew as time passes."""

import asyncio
import time
from collections.abc import Callable
from typing import Protocol, TypeVar

from counterseal._counterseal import EndedSessions, SessionFeed
from counterseal.errors import ArgumentError, CountersealError, RefreshError
from counterseal.stores import Memory, Sqlite, Waiting

__all__ = ["Drive", "SessionWatch", "driven"]

Outcome = TypeVar("Outcome")

_RETRY = 1_000
"""For so long, in milliseconds, a store that did not answer is not asked again."""


class Drive(Protocol):
    """Runs a decision on a database of the application's own."""

    async def __call__(self, waiting: Waiting[Outcome], /) -> Outcome: ...


class SessionWatch:
    """Which sessions have ended, for whoever verifies access tokens of the profiles `access` and `app`.

    ::

        watch = SessionWatch(SessionFeed(trusted_for_seconds=30), store=store)
        token = verifier.verify(bearer(headers))
        await watch.check(token.session)

    When what is known is a third of its time old, one request reads it and the others go on with it. While the store
    does not answer, what is known is good until its time is over; then `check` raises `refresh_feed_stale`, from what
    the store did. `drive` runs decisions on a database of your own; `on_event` gets the event of each reading that
    failed.

    What it does not protect: tokens of a subject whose version was raised or who was disabled (ask `Standing`), and
    tokens that live longer than half an hour, such as those of the profile `job`.
    """

    def __init__(
        self,
        feed: SessionFeed,
        *,
        drive: Drive | None = None,
        store: Memory | Sqlite | None = None,
        clock: Callable[[], int] | None = None,
        on_event: Callable[[str], None] | None = None,
    ) -> None:
        if drive is None and store is None:
            raise ArgumentError("binding_store_missing")
        self._feed = feed
        self._drive = drive
        self._store = store
        self._clock = clock or (lambda: time.time_ns() // 1_000_000)
        self._on_event = on_event
        self._ended: EndedSessions | None = None
        # Readings are numbered as they begin: what is known is of one of them, and must be of `_least` or a later one.
        self._known = 0
        self._begun = 0
        self._least = 1
        self._reading: asyncio.Task[None] | None = None
        self._fault: Exception | None = None
        self._retry_at = 0

    async def check(self, session: str | None) -> None:
        """Looks at the session that a genuine access token names; None where it names none."""
        if self._must_read():
            await self._read()
        if self._ended is None:
            assert self._fault is not None  # noqa: S101 - a reading has failed, or something would be known
            raise self._fault.with_traceback(None)
        try:
            self._ended.check(session, now=self._clock())
        except RefreshError as refused:
            raise refused from (self._fault if refused.code == "refresh_feed_stale" else None)

    def forget(self) -> None:
        """Sessions were ended by this process: the next check reads anew, if the store answers."""
        self._least = self._begun + 1

    def _must_read(self) -> bool:
        now, ended = self._clock(), self._ended
        if 0 < self._retry_at - now <= _RETRY:
            return False
        if ended is None or self._known < self._least:
            return True
        age, trusted = now - ended.read_at, self._feed.trusted_for_seconds * 1_000
        if not 0 <= age <= trusted:
            return True
        return age > trusted / 3 and (self._reading is None or self._reading.done())

    async def _read(self) -> None:
        """Waits for a reading that is late enough; who gives up waiting does not end it."""
        loop, reading = asyncio.get_running_loop(), self._reading
        is_shared = reading is not None and not reading.done() and reading.get_loop() is loop
        if reading is None or not is_shared or self._begun < self._least:
            self._begun += 1
            reading = self._reading = loop.create_task(self._load(self._begun))
        await asyncio.shield(reading)

    async def _load(self, number: int) -> None:
        try:
            ended = await driven(self._feed.read(now=self._clock()), self._drive, self._store)
        except Exception as fault:
            self._fault, self._retry_at = fault, self._clock() + _RETRY
            if self._on_event is not None and isinstance(fault, CountersealError) and fault.event is not None:
                self._on_event(fault.event)
            return
        self._fault, self._retry_at = None, 0
        if number > self._known:
            self._ended, self._known = ended, number


async def driven(waiting: Waiting[Outcome], drive: Drive | None, store: Memory | Sqlite | None) -> Outcome:
    """What a decision ends in, on a database of the application's own or in a store of ours."""
    if drive is not None:
        return await drive(waiting)
    if isinstance(store, Memory):
        return waiting.run(store)
    assert store is not None  # noqa: S101 - one of them is there, as whoever holds them has checked
    return await asyncio.to_thread(waiting.run, store)
