"""What every database must do for every decision, whoever its driver is."""

from __future__ import annotations

import asyncio
import base64
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

import pytest

from counterseal.errors import CountersealError
from counterseal.limit import Limit
from counterseal.request import KeyVault, Policy, Verifier, revoke_key
from counterseal.stores import Waiting
from counterseal.webhook import Receiver, Sender
from cut import Cut
from support import AUTHORITY, NOW, SECRET, Sent, key

SERVER = Verifier(Policy([AUTHORITY]), [key()])
VAULT = KeyVault(b"v" * 32)

Verdict = TypeVar("Verdict")


class Database(Protocol):
    """A database that decisions are run on."""

    async def drive(self, waiting: Waiting[Verdict]) -> Verdict: ...


async def outcome(made: Database, sent: Sent, server: Verifier = SERVER) -> str:
    """What becomes of a request."""
    try:
        return (await made.drive(sent.begin(server))).key_id
    except CountersealError as refused:
        return refused.code


async def are_opened_by_no_cut(near: Database, far: Database, line: Cut) -> None:
    """An answer that is lost in mid-claim serves nobody, and honest traffic goes on by itself."""
    assert await outcome(far, Sent().signed()) == "worker-7"
    for _ in range(5):
        sent = Sent().signed()
        line.after(1)
        assert await outcome(far, sent) == "request_store_unavailable"
        assert await outcome(near, sent) == "request_replayed"
        assert await outcome(far, sent) == "request_replayed"
        assert await outcome(far, Sent().signed()) == "worker-7"
    assert line.cuts == 5


async def are_resumed(made: Database, sent: list[Sent]) -> None:
    """After a fail-over what was used stays refused, and what is signed later is served: by itself."""
    deadline = time.monotonic() + 30
    while await outcome(made, sent[0]) == "request_store_unavailable":
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)
    assert {await outcome(made, old) for old in sent} == {"request_store_warming"}
    later = NOW + 180_000
    new = Sent().signed(now=later)
    assert (await made.drive(new.begin(SERVER, now=later))).key_id == "worker-7"
    with pytest.raises(CountersealError) as refused:
        await made.drive(new.begin(SERVER, now=later))
    assert refused.value.code == "request_replayed"


async def are_delivered_once(made: Database, lose: Callable[[], Awaitable[object]]) -> None:
    """With nothing said about windows, a delivery whose sender's clock is ahead is taken once, whatever is lost."""
    secret = "whsec_" + base64.b64encode(SECRET).decode()
    fields = Sender([secret]).sign("msg_1", b"{}", now=NOW + 200_000)
    receiver = Receiver("billing", [secret])

    async def delivered(at: int) -> str:
        try:
            return (await made.drive(receiver.begin(fields, b"{}", now=NOW + at))).id
        except CountersealError as refused:
            return refused.code

    assert [await delivered(0), await delivered(0)] == ["msg_1", "webhook_replayed"]
    await lose()
    assert {await delivered(at) for at in (1_000, 70_000, 400_000)} == {"webhook_store_warming"}


async def are_refused_before_they_are_asked(made: Database) -> None:
    """A policy by which clocks may be further ahead than the database was made ready for is no policy of its."""
    wide = Verifier(Policy([AUTHORITY], future_seconds=120, retain_seconds=300), [key()])
    assert await outcome(made, Sent().signed(), wide) == "binding_store_window"


async def are_run(made: Database) -> None:
    """Nonces are claimed, and keys saved, rotated, loaded and revoked."""
    await are_refused_before_they_are_asked(made)
    sent = Sent().signed()
    assert await outcome(made, sent) == "worker-7"
    assert await outcome(made, sent) == "request_replayed"
    await made.drive(VAULT.save("a", SECRET, since=NOW, scope="jobs"))
    await made.drive(VAULT.rotate("a", "b", b"b" * 32, old_until=NOW + 5, since=NOW))
    loaded = await made.drive(VAULT.load("a"))
    assert (loaded.scope, loaded.until) == ("jobs", NOW + 5)
    await made.drive(revoke_key("b", now=NOW))
    assert (await made.drive(VAULT.load("b"))).revoked
    with pytest.raises(CountersealError) as refused:
        await made.drive(VAULT.load("c"))
    assert refused.value.code == "request_key_missing"


async def are_won_by_one(made: Database) -> None:
    """Of 64 callers with one request one is accepted, each time."""
    for number in range(10):
        sent = Sent().signed(seed=bytes([number]) * 16)
        outcomes = await asyncio.gather(*(outcome(made, sent) for _ in range(64)))
        assert Counter(outcomes) == {"worker-7": 1, "request_replayed": 63}


async def are_limited(made: Database) -> None:
    """Of 64 callers as many pass as a burst has, and one more after each interval."""
    limit = Limit("race", burst=5, every_ms=1_000)

    async def passes(now: int) -> bool:
        try:
            await made.drive(limit.by_address("2001:db8::7", now=now))
        except CountersealError as refused:
            assert refused.code == "limit_exceeded"
            return False
        return True

    assert Counter(await asyncio.gather(*(passes(NOW) for _ in range(64)))) == {True: 5, False: 59}
    assert [await passes(NOW + 1_000) for _ in range(2)] == [True, False]
