"""Sessions that go on by refresh tokens, on the stores inside the extension."""

from __future__ import annotations

import asyncio
import copy
import json
import pickle
from pathlib import Path
from typing import TypeVar

import pytest

import session_stories
from counterseal.errors import CountersealError, RefreshError
from counterseal.refresh import Refreshed, inspect
from counterseal.stores import Memory, Sqlite, Waiting
from session_stories import LATER, REFRESHER, begin, refresh
from support import NOW

Verdict = TypeVar("Verdict")


class Near:
    """A store inside the extension, as if it had a driver."""

    def __init__(self, store: Memory | Sqlite) -> None:
        self.store = store

    async def drive(self, waiting: Waiting[Verdict]) -> Verdict:
        """Runs it in a thread, as an event loop would."""
        return await asyncio.to_thread(waiting.run, self.store)


def stores(place: Path) -> list[Memory | Sqlite]:
    """One of each."""
    return [Memory(now=NOW), Sqlite(place / "db", now=NOW)]


def test_r01_r02_sessions_go_on_and_end(tmp_path: Path) -> None:
    for store in stores(tmp_path):
        asyncio.run(session_stories.are_gone_on_with(Near(store)))
        asyncio.run(session_stories.are_rotated_once(Near(store)))


def test_what_is_no_token_of_ours_asks_no_store() -> None:
    for text in ("", "csrt1_", "hunter2"):
        with pytest.raises(RefreshError) as refused:
            refresh(text, NOW)
        assert (refused.value.code, refused.value.clears_cookies) == ("refresh_malformed", True)
        assert "hunter2" not in str(refused.value)


def test_an_answer_shows_its_token_to_nobody_who_does_not_ask(tmp_path: Path) -> None:
    begun = begin().run(Memory(now=NOW))
    assert begun.token is not None
    assert begun.token not in repr(begun) + str(begun) + begun.event + repr(begun.session)
    for attempt in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(CountersealError) as refused:
            attempt(begun)
        assert refused.value.code == "binding_secret_copied"


def test_events_say_what_was_given_and_what_was_refused() -> None:
    store = Memory(now=NOW)
    begun = begin().run(store)
    rotated = refresh(begun.token, LATER).run(store)
    events = [json.loads(answer.event) for answer in (begun, rotated)]
    assert [event["event"] for event in events] == ["refresh_begun", "refresh_rotated"]
    assert {event["key"] for event in events} == {begun.session.id}
    REFRESHER.log_out(begun.session.id, now=LATER).run(store)
    with pytest.raises(RefreshError) as refused:
        refresh(rotated.token, LATER).run(store)
    assert refused.value.event is not None
    assert json.loads(refused.value.event)["event"] == "refresh_ended"
    assert refused.value.detail["end"] == "logged_out"


def test_why_a_token_is_refused_is_told_and_nothing_is_written(tmp_path: Path) -> None:
    for store in stores(tmp_path):
        begun: Refreshed = begin().run(store)
        rotated: Refreshed = refresh(begun.token, LATER).run(store)
        assert begun.token is not None
        assert rotated.token is not None
        REFRESHER.confirm(begun.session.id, 1, now=LATER).run(store)
        # It would end the session, as often as it is asked about.
        for _ in range(2):
            told = REFRESHER.explain(begun.token, client="web", now=LATER + 90_000).run(store)
            assert told.startswith("refused: refresh_replayed, and the session would end\n")
        told += REFRESHER.explain(rotated.token, client="web", now=LATER + 90_000).run(store)
        assert "taken: rotated\n" in told
        assert not any(part in told for token in (begun.token, rotated.token) for part in parts(token))
        assert refresh(rotated.token, LATER + 90_000).run(store).how == "rotated"


def test_a_text_that_is_no_token_is_explained_without_a_store() -> None:
    waiting = REFRESHER.explain("hunter2", client="web", now=NOW)
    assert waiting.statement("sqlite") is None
    told = waiting.verdict()
    assert told.startswith("refused: refresh_malformed\n")
    assert "hunter2" not in told


def test_a_token_is_inspected_without_a_secret() -> None:
    begun: Refreshed = begin().run(Memory(now=NOW))
    assert begun.token is not None
    told = inspect(begun.token)
    assert told.startswith("nothing of this is checked")
    assert f"\nsession {begun.session.id}\ngeneration 0\n" in told
    assert not any(part in told for part in parts(begun.token))
    assert inspect(f" {begun.token}").endswith("\nno refresh token: it does not begin with csrt1_")


def parts(token: str) -> list[str]:
    """Whatever of a token would be seen in a text that has too much of it."""
    return [token[at : at + 8] for at in range(len(token) - 7)]


def test_sessions_that_are_over_are_swept() -> None:
    store = Memory(now=NOW)
    begun: Refreshed = begin().run(store)
    gone = begun.session.absolute_end + 86_400_000 * 2
    assert store.sweep(now=NOW) == 0
    assert store.sweep(now=gone) == 1
    with pytest.raises(RefreshError) as refused:
        refresh(begun.token, LATER).run(store)
    assert refused.value.code == "refresh_unknown"
