"""What every store must do for sessions, whoever its driver is."""

from __future__ import annotations

import asyncio

import pytest

from counterseal.errors import RefreshError
from counterseal.jwt import Standing
from counterseal.refresh import Refreshed, Refresher
from counterseal.stores import Waiting
from decisions import Database
from support import NOW, SECRET

REFRESHER = Refresher(confirmation="wired", within_seconds=86_400, window_seconds=20, retries=64, signing=(1, SECRET))
LATER = NOW + 60_000


def begin(device: str = "laptop", now: int = NOW, subject: str = "ada") -> Waiting[Refreshed]:
    """A session of Ada's, or of somebody else's."""
    return REFRESHER.begin_session("login", subject, client="web", user_ver=0, device=device, now=now)


def refresh(token: str | None, now: int) -> Waiting[Refreshed]:
    """A token is presented."""
    assert token is not None
    return REFRESHER.refresh(token, client="web", now=now)


async def code(made: Database, token: str | None, now: int) -> str:
    """The code that a token is refused with."""
    with pytest.raises(RefreshError) as refused:
        await made.drive(refresh(token, now))
    return refused.value.code


async def are_gone_on_with(made: Database) -> None:
    """Sessions begin, go on, are retried, listed, confirmed, ended and found out."""
    begun = await made.drive(begin())
    first = await made.drive(refresh(begun.token, LATER))
    assert (first.how, first.session.generation) == ("rotated", 1)
    again = await made.drive(refresh(begun.token, LATER + 30_000))
    assert (again.how, again.token) == ("retried_late", first.token)
    phone = await made.drive(begin("phone", LATER))
    listed = await made.drive(REFRESHER.sessions("login", "ada", now=LATER + 30_000))
    assert {session.id for session in listed} == {begun.session.id, phone.session.id}
    await made.drive(REFRESHER.confirm(begun.session.id, 1, now=LATER + 40_000))
    assert await code(made, begun.token, LATER + 80_000) == "refresh_replayed"
    assert await code(made, first.token, LATER + 80_000) == "refresh_ended"
    listed = await made.drive(REFRESHER.sessions("login", "ada", now=LATER + 80_000))
    assert [(session.device, session.ended_by) for session in listed] == [("phone", None)]
    assert await made.drive(REFRESHER.revoke_all("login", "ada", but=phone.session.id, now=LATER)) == 0
    await made.drive(Standing("login").bump("ada", now=LATER + 80_000))
    assert await code(made, phone.token, LATER + 90_000) == "refresh_user_ver"
    assert (await made.drive(REFRESHER.log_out(phone.session.id, now=LATER + 90_000))).ended_by == "logged_out"


async def are_rotated_once(made: Database) -> None:
    """Of 64 callers with one token one rotates, and all get the same successor."""
    for number in range(5):
        begun = await made.drive(begin(f"device {number}", subject="ben"))
        given = await asyncio.gather(*(made.drive(refresh(begun.token, LATER)) for _ in range(64)))
        assert sum(answer.how == "rotated" for answer in given) == 1
        assert sum(answer.how == "retried" for answer in given) == 63
        assert len({answer.token for answer in given}) == 1
