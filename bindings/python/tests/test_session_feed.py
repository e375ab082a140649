"""Access tokens of sessions that have ended."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest

from counterseal.errors import ArgumentError, CountersealError, RefreshError
from counterseal.refresh import EndedSessions, Refresher, SessionFeed, SessionWatch
from counterseal.stores import Memory, Sqlite, Waiting
from session_service import MINUTE, cookies, signed_in
from session_service import Service as Web
from session_service import run as told
from support import NOW, SECRET

if TYPE_CHECKING:
    from pathlib import Path

    from counterseal._session_watch import Outcome

FEED = SessionFeed(trusted_for_seconds=30)
REFRESHER = Refresher(confirmation="wired", within_seconds=86_400, window_seconds=20, signing=(1, SECRET))


class Service:
    """A store with its clock, which may be away, and how often it was asked."""

    def __init__(self) -> None:
        self.now = NOW
        self.asked = 0
        self.is_away = False
        self.store = Memory(now=NOW)
        self.events: list[str] = []
        self.watch = SessionWatch(FEED, drive=self.drive, clock=lambda: self.now, on_event=self.tell)

    def tell(self, event: str) -> None:
        self.events.append(json.loads(event)["event"])

    async def drive(self, waiting: Waiting[Outcome]) -> Outcome:
        self.asked += 1
        if not self.is_away:
            return waiting.run(self.store)
        waiting.answer(None)
        return waiting.verdict()

    def begin(self) -> str:
        begun = REFRESHER.begin_session("login", "ada", client="web", user_ver=0, now=self.now)
        return begun.run(self.store).session.id

    def end(self, session: str) -> None:
        REFRESHER.revoke(session, now=self.now).run(self.store)

    def wait(self, seconds: int) -> None:
        self.now += seconds * 1_000

    def check(self, session: str | None) -> str | None:
        """The code of a refusal. Each look has a loop of its own."""
        try:
            asyncio.run(self.watch.check(session))
        except CountersealError as refused:
            return refused.code
        return None


def test_what_is_read_says_which_sessions_have_ended() -> None:
    service = Service()
    lives, gone = service.begin(), service.begin()
    service.end(gone)
    ended = FEED.read(now=NOW).run(service.store)
    assert isinstance(ended, EndedSessions)
    assert (len(ended), ended.read_at, FEED.trusted_for_seconds, repr(ended)) == (1, NOW, 30, "<EndedSessions 1>")
    ended.check(lives, now=NOW)
    with pytest.raises(RefreshError, match="refresh_access_ended") as refused:
        ended.check(gone, now=NOW)
    assert (refused.value.http, refused.value.clears_cookies) == (401, False)
    assert refused.value.headers == {"www-authenticate": "Bearer"}
    assert json.loads(refused.value.event or "")["key"] == gone
    for nobody in (None, "", "x"):
        with pytest.raises(RefreshError, match="refresh_access_unnamed"):
            ended.check(nobody, now=NOW)
    with pytest.raises(RefreshError, match="refresh_feed_stale") as refused:
        ended.check(lives, now=NOW + 30_001)
    assert refused.value.http == 503


@pytest.mark.parametrize("seconds", [0, 601])
def test_a_feed_is_trusted_for_a_second_to_ten_minutes(seconds: int) -> None:
    with pytest.raises(RefreshError, match="refresh_policy"):
        SessionFeed(trusted_for_seconds=seconds)


def test_a_watch_reads_anew_as_time_passes_and_not_for_each_request() -> None:
    service = Service()
    lives, gone = service.begin(), service.begin()
    assert [service.check(gone) for _ in range(5)] == [None] * 5
    assert service.asked == 1
    service.end(gone)
    service.wait(10)
    assert service.check(gone) is None
    service.wait(1)
    assert service.check(gone) == "refresh_access_ended"
    assert (service.check(lives), service.asked) == (None, 2)
    # One that was ended here is over at once.
    service.end(lives)
    service.watch.forget()
    assert (service.check(lives), service.asked) == ("refresh_access_ended", 3)


def test_a_watch_goes_on_while_the_store_is_away_until_its_time_is_over() -> None:
    service = Service()
    lives = service.begin()
    service.is_away = True
    assert service.check(lives) == "store_unavailable"
    service.is_away = False
    service.wait(1)
    assert service.check(lives) is None
    service.is_away = True
    service.wait(20)
    assert service.check(lives) is None
    asked = service.asked
    assert (service.check(lives), service.asked) == (None, asked), "it is not asked by each request"
    service.wait(10)
    assert service.check(lives) is None
    service.wait(1)
    assert service.check(lives) == "refresh_feed_stale"
    service.is_away = False
    service.wait(1)
    assert service.check(lives) is None
    assert service.events == ["store_unavailable"] * 4


def test_while_one_request_reads_the_others_go_on_with_what_is_known() -> None:
    service = Service()
    lives = service.begin()
    assert service.check(lives) is None
    service.wait(11)

    async def story() -> None:
        begun, goes_on = asyncio.Event(), asyncio.Event()

        async def slow(waiting: Waiting[Outcome]) -> Outcome:
            begun.set()
            await goes_on.wait()
            return await service.drive(waiting)

        service.watch._drive = slow
        reader = asyncio.create_task(service.watch.check(lives))
        await begun.wait()
        await service.watch.check(lives)
        assert (reader.done(), service.asked) == (False, 1)
        goes_on.set()
        await reader

    asyncio.run(story())
    assert service.asked == 2


def test_a_late_answer_does_not_bring_back_what_is_known_to_have_ended() -> None:
    service = Service()
    gone = service.begin()

    async def story() -> None:
        slow, quick, begun = asyncio.Event(), asyncio.Event(), asyncio.Event()

        async def drive(waiting: Waiting[Outcome]) -> Outcome:
            service.asked += 1
            begun.set()
            answer = waiting.run(service.store)
            await (slow if service.asked == 1 else quick).wait()
            return answer

        service.watch._drive = drive
        early = asyncio.create_task(service.watch.check(gone))
        await begun.wait()
        # It ends here, and whoever asks after that waits for a reading of its own.
        service.end(gone)
        service.watch.forget()
        late = asyncio.create_task(service.watch.check(gone))
        quick.set()
        with pytest.raises(RefreshError, match="refresh_access_ended"):
            await late
        slow.set()
        for check in (early, service.watch.check(gone)):
            with pytest.raises(RefreshError, match="refresh_access_ended"):
                await check

    asyncio.run(story())
    assert service.asked == 2


def test_a_store_that_is_away_is_asked_once_in_a_second_by_all_together() -> None:
    service = Service()
    lives = service.begin()

    async def all_of_them() -> list[Any]:
        return await asyncio.gather(*[service.watch.check(lives) for _ in range(50)], return_exceptions=True)

    service.is_away = True
    assert {refused.code for refused in asyncio.run(all_of_them())} == {"store_unavailable"}
    assert service.asked == 1
    asyncio.run(all_of_them())
    assert service.asked == 1
    service.is_away = False
    service.wait(1)
    assert service.check(lives) is None
    # What is too old says why.
    service.is_away = True
    service.wait(31)
    with pytest.raises(RefreshError, match="refresh_feed_stale") as stale:
        asyncio.run(service.watch.check(lives))
    assert isinstance(stale.value.__cause__, CountersealError)
    # A clock that goes back does not keep anybody out.
    service.is_away = False
    service.wait(-3_600)
    assert service.check(lives) is None


def test_who_gives_up_waiting_does_not_end_a_reading() -> None:
    service = Service()
    gone = service.begin()
    assert service.check(gone) is None

    async def story() -> None:
        begun, goes_on = asyncio.Event(), asyncio.Event()

        async def slow(waiting: Waiting[Outcome]) -> Outcome:
            begun.set()
            await goes_on.wait()
            return await service.drive(waiting)

        service.watch._drive = slow
        service.end(gone)
        service.watch.forget()
        impatient = asyncio.create_task(service.watch.check(gone))
        await begun.wait()
        impatient.cancel()
        goes_on.set()
        with pytest.raises(RefreshError, match="refresh_access_ended"):
            await service.watch.check(gone)

    asyncio.run(story())


def test_a_driver_that_raises_is_a_store_that_does_not_answer() -> None:
    service = Service()
    lives = service.begin()
    assert service.check(lives) is None

    async def fails(_: Waiting[Outcome]) -> Outcome:
        raise TimeoutError

    service.watch._drive = fails
    service.wait(20)
    assert service.check(lives) is None
    service.wait(11)
    with pytest.raises(RefreshError, match="refresh_feed_stale") as stale:
        asyncio.run(service.watch.check(lives))
    assert isinstance(stale.value.__cause__, TimeoutError)


def test_who_logs_out_with_a_token_that_was_outrun_ends_the_session() -> None:
    async def story(service: Web) -> None:
        owner = await signed_in(service)
        thief = service.browser()
        thief.cookies.update(owner.cookies)
        for _ in range(2):
            service.now += MINUTE
            assert (await thief.post("/session/refresh")).status_code == 204
        answer = await owner.post("/session/end")
        assert (answer.status_code, set(cookies(answer))) == (401, {"__Host-cs_rt", "__Host-cs_at"})
        service.now += MINUTE
        assert (await thief.post("/session/refresh")).status_code == 401
        assert service.events[-2:] == ["refresh_replayed", "refresh_ended"]

    told(story)


def test_a_watch_reads_a_file_of_sqlite(tmp_path: Path) -> None:
    store = Sqlite(str(tmp_path / "sessions.db"), now=NOW)
    session = REFRESHER.begin_session("login", "ada", client="web", user_ver=0, now=NOW).run(store).session.id
    REFRESHER.log_out(session, now=NOW).run(store)
    watch = SessionWatch(FEED, store=store, clock=lambda: NOW)
    with pytest.raises(RefreshError, match="refresh_access_ended"):
        asyncio.run(watch.check(session))


def test_a_watch_needs_a_store() -> None:
    with pytest.raises(ArgumentError, match="binding_store_missing"):
        SessionWatch(FEED)


def test_sessions_with_a_feed_refuse_access_tokens_of_sessions_that_have_ended() -> None:
    async def story(service: Web) -> None:
        one, two, three = [await signed_in(service) for _ in range(3)]
        assert [(await each.get("/me")).status_code for each in (one, two, three)] == [200] * 3
        # Each way to end one here is seen at once, also by who has kept a copy of the cookie.
        copy = service.browser()
        copy.cookies.update(one.cookies)
        assert (await one.post("/session/end")).status_code == 204
        await refused(copy)
        of_three = next(found for found in (await three.get("/sessions")).json() if found["is_this"])
        assert (await two.delete("/sessions/" + of_three["id"])).status_code == 204
        await refused(three)
        four = await signed_in(service)
        assert (await two.delete("/sessions")).status_code == 204
        await refused(four)
        assert (await two.get("/me")).status_code == 200
        # So is a theft.
        thief = service.browser()
        thief.cookies.update(two.cookies)
        service.now += MINUTE
        assert (await two.post("/session/refresh")).status_code == 204
        assert (await two.get("/me")).status_code == 200
        service.now += MINUTE
        answer = await thief.post("/session/refresh")
        assert (answer.json()["code"], set(cookies(answer))) == ("invalid_grant", {"__Host-cs_rt", "__Host-cs_at"})
        await refused(two)
        assert service.events.count("refresh_replayed") == 1
        assert service.events.count("refresh_access_ended") == 4

    told(story, feed=FEED)


def test_sessions_without_a_feed_let_access_tokens_end_by_themselves() -> None:
    async def story(service: Web) -> None:
        browser = await signed_in(service)
        copy = service.browser()
        copy.cookies.update(browser.cookies)
        await browser.post("/session/end")
        assert (await copy.get("/me")).status_code == 200

    told(story)


async def refused(browser: Any) -> None:
    answer = await browser.get("/me")
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")
