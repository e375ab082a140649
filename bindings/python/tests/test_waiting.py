"""Decisions on a store of the host's own: scripted rows, sqlite3 and aiosqlite."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar

import aiosqlite
import pytest

from counterseal.errors import CountersealError
from counterseal.replay import Ring
from counterseal.request import Key, KeyVault, Policy, Verified, Verifier, end_key, revoke_key
from counterseal.stores import Memory, Waiting, drive, drive_async, migrations, sweeping
from support import AUTHORITY, NOW, SECRET, Sent, key

Verdict = TypeVar("Verdict")
VAULT = KeyVault(b"v" * 32)


def server() -> Verifier:
    """A verifier without a store."""
    return Verifier(Policy([AUTHORITY]), [key()])


def begun(seed: bytes | None = None) -> Waiting[Verified]:
    """A decision that waits for the answer to its claim."""
    return Sent().signed(seed=seed).begin(server())


def code_of(call: Callable[[], object]) -> str:
    """The code under which a call is refused."""
    with pytest.raises(CountersealError) as refused:
        call()
    return refused.value.code


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([["held"]], "request_replayed"),
        ([["stale"]], "request_store_warming"),
        ([["full"]], "request_store_full"),
        ([["owner_full"]], "request_limited"),
        ([], "request_store_warming"),
        (None, "request_store_unavailable"),
        ([["FRESH"]], "request_store_unavailable"),
        ([["fresh"], ["fresh"]], "request_store_unavailable"),
        ([["fresh", None]], "request_store_unavailable"),
        ([[None]], "request_store_unavailable"),
        ([[1]], "request_store_unavailable"),
        ([[b"held"]], "request_replayed"),
        ([[b"\xff"]], "request_store_unavailable"),
        ([[]], "request_store_unavailable"),
    ],
)
def test_each_answer_of_a_store_has_its_verdict(rows: Any, code: str) -> None:
    waiting = begun()
    waiting.answer(rows)
    assert code_of(waiting.verdict) == code


@pytest.mark.parametrize("row", [["fresh"], ("fresh",), [bytearray(b"fresh").decode()]])
def test_a_fresh_claim_is_accepted_in_lists_and_tuples(row: Any) -> None:
    waiting = begun()
    waiting.answer((row,))
    assert waiting.verdict().key_id == "worker-7"


def test_an_answer_that_makes_no_sense_is_told_from_none_in_the_details() -> None:
    silent, senseless = begun(), begun()
    silent.answer(None)
    senseless.answer([["?"]])
    details = []
    for waiting in (silent, senseless):
        with pytest.raises(CountersealError) as refused:
            waiting.verdict()
        details.append(refused.value.detail.get("store"))
    assert details == [None, "store_answer_malformed"]


@pytest.mark.parametrize(
    "rows",
    [1, "fresh", {"a": 1}, iter([]), [1], ["fresh"], [{"a": 1}], [[object()]], [[1j]], [[{}]], [[["x"]]], [[True]]],
)
def test_cells_are_integers_texts_bytes_or_nothing(rows: Any) -> None:
    waiting = begun()
    assert code_of(lambda: waiting.answer(rows)) == "binding_argument_type"
    # Nothing was answered, so the statement still waits.
    assert waiting.statement("sqlite") is not None


@pytest.mark.parametrize("cell", [1.0, 1.5, 2**63, -(2**63) - 1])
def test_b07_a_number_that_no_column_holds_is_refused(cell: Any) -> None:
    assert code_of(lambda: begun().answer([[cell]])) == "binding_argument_range"


def test_a_decision_serves_once_and_in_its_order() -> None:
    waiting = begun()
    assert code_of(waiting.verdict) == "pending_spent"
    waiting.answer([["fresh"]])
    assert waiting.statement("sqlite") is None
    assert code_of(lambda: waiting.answer([["fresh"]])) == "pending_spent"
    assert isinstance(waiting.verdict(), Verified)
    assert code_of(waiting.verdict) == "pending_spent"
    assert code_of(lambda: waiting.run(Memory(now=NOW))) == "pending_spent"
    assert waiting.statement("postgres") is None


def test_a_statement_is_the_same_however_often_it_is_asked_for_and_holds_hashes_only() -> None:
    waiting = begun(b"n" * 16)
    first = waiting.statement("postgres")
    assert first == waiting.statement("postgres") == begun(b"n" * 16).statement("postgres")
    assert first is not None
    name, text, values = first
    assert name == "counterseal_claim"
    assert "$1" in text
    assert [type(value) for value in values] == [str, bytes, int, int, int]
    sqlite = waiting.statement("sqlite")
    assert sqlite is not None
    assert "?1" in sqlite[1]
    assert sqlite[2] == values


def test_a_type_says_what_a_decision_ends_in() -> None:
    assert str(Waiting[Verified]).startswith("counterseal.stores.Waiting[")


def test_a_verifier_without_a_store_begins_but_does_not_verify() -> None:
    assert code_of(lambda: Sent().signed().verify(server())) == "binding_store_missing"


def test_a_ring_keeps_no_keys() -> None:
    assert code_of(lambda: VAULT.load("a").run(Ring(now=NOW))) == "binding_store_unfit"


def test_a_verifier_wants_a_store_of_its_window() -> None:
    policy = Policy([AUTHORITY], past_seconds=120, retain_seconds=240)
    assert code_of(lambda: Verifier(policy, [], Memory())) == "binding_store_window"
    Verifier(policy, [], Memory(past_seconds=120))


def test_keys_live_through_saving_loading_rotation_ending_and_revocation() -> None:
    store = Memory(now=NOW)
    assert VAULT.save("a", SECRET, since=NOW, until=NOW + 9, scope="jobs").run(store) is None
    assert code_of(lambda: VAULT.save("a", SECRET).run(store)) == "request_key_exists"
    loaded = VAULT.load("a").run(store)
    assert (loaded.id, loaded.since, loaded.until, loaded.scope, loaded.revoked) == ("a", NOW, NOW + 9, "jobs", False)
    VAULT.rotate("a", "b", b"b" * 32, old_until=NOW + 5, since=NOW).run(store)
    assert (VAULT.load("a").run(store).until, VAULT.load("b").run(store).until) == (NOW + 5, None)
    end_key("b", NOW + 7).run(store)
    end_key("b", NOW + 8).run(store)
    assert VAULT.load("b").run(store).until == NOW + 7
    revoke_key("b", now=NOW).run(store)
    assert VAULT.load("b").run(store).revoked
    assert code_of(lambda: VAULT.load("c").run(store)) == "request_key_missing"
    assert code_of(lambda: KeyVault(b"w" * 32).load("a").run(store)) == "request_key_record_broken"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """A database that sqlite3 made ready."""
    connection = sqlite3.connect(tmp_path / "db", isolation_level=None, check_same_thread=False)
    for _, text, values in migrations("sqlite", now=NOW):
        connection.execute(text, values)
    yield connection
    connection.close()


def runner(database: sqlite3.Connection) -> Callable[[Waiting[Verdict]], Verdict]:
    """Runs decisions on this database."""
    return lambda waiting: drive(waiting, "sqlite", lambda text, values: database.execute(text, values).fetchall())


def test_sqlite3_runs_every_decision(database: sqlite3.Connection) -> None:
    sent = Sent().signed()
    assert runner(database)(sent.begin(server())).key_id == "worker-7"
    assert code_of(lambda: runner(database)(sent.begin(server()))) == "request_replayed"
    runner(database)(VAULT.save("a", SECRET, since=NOW))
    runner(database)(VAULT.rotate("a", "b", b"b" * 32, old_until=NOW + 5, since=NOW))
    loaded: Key = runner(database)(VAULT.load("a"))
    assert loaded.until == NOW + 5
    runner(database)(revoke_key("b", now=NOW))
    assert runner(database)(VAULT.load("b")).revoked
    assert code_of(lambda: runner(database)(VAULT.load("c"))) == "request_key_missing"


def test_migrations_may_be_run_again_and_forget_nothing(database: sqlite3.Connection) -> None:
    sent = Sent().signed()
    runner(database)(sent.begin(server()))
    for _, text, values in migrations("sqlite", now=NOW + 1_000):
        database.execute(text, values)
    assert code_of(lambda: runner(database)(sent.begin(server()))) == "request_replayed"


def test_a_key_older_than_the_database_waits_for_the_floor(database: sqlite3.Connection) -> None:
    old = Verifier(Policy([AUTHORITY]), [key(since=0)])
    assert code_of(lambda: runner(database)(Sent().signed().begin(old))) == "request_store_warming"
    later = NOW + 306_000
    sent = Sent().signed(now=later)
    assert runner(database)(sent.begin(old, now=later)).created == later


def test_sweeping_deletes_what_is_over_and_lets_nothing_old_in(database: sqlite3.Connection) -> None:
    sent = [Sent().signed(seed=bytes([number]) * 16) for number in range(5)]
    for request in sent:
        runner(database)(request.begin(server()))

    def swept(**when: Any) -> int:
        _, text, values = sweeping("sqlite", **when)
        return len(database.execute(text, values).fetchall())

    assert swept(now=NOW + 60_000) == 0
    assert swept(now=NOW + 600_000, limit=3) == 3
    assert swept(now=NOW + 600_000) == 2
    assert code_of(lambda: runner(database)(sent[0].begin(server()))) == "request_store_warming"


def test_of_threads_with_connections_of_their_own_one_wins(database: sqlite3.Connection, tmp_path: Path) -> None:
    requests = [Sent().signed(seed=bytes([number]) * 16) for number in range(50)]

    def wins(connection: sqlite3.Connection, sent: Sent) -> bool:
        try:
            return isinstance(runner(connection)(sent.begin(server())), Verified)
        except CountersealError as refused:
            assert refused.code == "request_replayed"
            return False

    def race(_: int) -> list[bool]:
        with closing(sqlite3.connect(tmp_path / "db", isolation_level=None, timeout=30)) as connection:
            return [wins(connection, sent) for sent in requests]

    with ThreadPoolExecutor(4) as threads:
        races = list(threads.map(race, range(4)))
    assert [sum(column) for column in zip(*races, strict=True)] == [1] * 50


def test_a01_what_a_driver_raises_is_no_answer_and_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    def away(_text: str, _values: list[Any]) -> list[Any]:
        raise sqlite3.OperationalError("database is locked: quotes a value")

    with caplog.at_level(logging.INFO):
        assert code_of(lambda: drive(begun(), "sqlite", away)) == "request_store_unavailable"
    assert "the store did not answer: OperationalError" in caplog.text
    assert "quotes a value" not in caplog.text
    with caplog.at_level(logging.DEBUG):
        assert code_of(lambda: drive(begun(), "sqlite", away)) == "request_store_unavailable"
    assert "quotes a value" in caplog.text


def test_a_driver_that_is_interrupted_lets_the_interruption_through() -> None:
    def interrupted(_text: str, _values: list[Any]) -> list[Any]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        drive(begun(), "sqlite", interrupted)


def test_a_driver_with_cells_of_its_own_is_refused_by_our_code() -> None:
    assert code_of(lambda: drive(begun(), "sqlite", lambda _text, _values: [[1.5]])) == "binding_argument_range"  # type: ignore[list-item]


def test_aiosqlite_runs_every_decision(tmp_path: Path) -> None:
    async def session() -> None:
        async with aiosqlite.connect(tmp_path / "db", isolation_level=None) as database:

            async def execute(text: str, values: list[Any]) -> list[Any]:
                return list(await database.execute_fetchall(text, values))

            for _, text, values in migrations("sqlite", now=NOW):
                await execute(text, values)
            sent = Sent().signed()
            proof = await drive_async(sent.begin(server()), "sqlite", execute)
            assert proof.key_id == "worker-7"
            with pytest.raises(CountersealError) as refused:
                await drive_async(sent.begin(server()), "sqlite", execute)
            assert refused.value.code == "request_replayed"
            await drive_async(VAULT.save("a", SECRET, since=NOW), "sqlite", execute)
            assert (await drive_async(VAULT.load("a"), "sqlite", execute)).id == "a"

    asyncio.run(session())


def test_an_asynchronous_driver_that_raises_has_not_answered(caplog: pytest.LogCaptureFixture) -> None:
    async def away(_text: str, _values: list[Any]) -> list[Any]:
        raise TimeoutError

    with caplog.at_level(logging.ERROR), pytest.raises(CountersealError) as refused:
        asyncio.run(drive_async(begun(), "sqlite", away))
    assert refused.value.code == "request_store_unavailable"
    assert "the store did not answer" in caplog.text
