"""Decisions on Postgres by asyncpg, on a server of the tests' own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg  # type: ignore[import-untyped]
import pytest

import decisions
import histories
import postgres
import session_stories
from counterseal.stores.asyncpg import Postgres
from cut import cut
from decisions import outcome
from support import NOW, Sent


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """Where the server listens."""
    with postgres.server() as place:
        yield place


@asynccontextmanager
async def store(place: Path) -> AsyncIterator[tuple[Postgres, Any]]:
    """A new database, ready, and its pool."""
    admin = await asyncpg.connect(host=str(place), user="test", database="postgres")
    await admin.execute("DROP DATABASE IF EXISTS counterseal WITH (FORCE)")
    await admin.execute("CREATE DATABASE counterseal")
    await admin.close()
    async with asyncpg.create_pool(host=str(place), user="test", database="counterseal", max_size=16) as pool:
        made = Postgres(pool, future_seconds=60)
        await made.migrate(now=NOW)
        yield made, pool


def far(place: Path) -> dict[str, Any]:
    """How a pool of one connection comes to the database."""
    return {"host": str(place), "user": "test", "database": "counterseal", "min_size": 1, "max_size": 1}


def test_asyncpg_runs_every_decision(place: Path) -> None:
    async def session() -> None:
        async with store(place) as (made, _):
            await decisions.are_run(made)

    asyncio.run(session())


def test_h21_h25_every_history_comes_out_as_told(place: Path) -> None:
    async def session() -> None:
        async with store(place) as (made, _):
            await histories.are_as_told(lambda: made.drive)

    asyncio.run(session())


def test_h26_an_answer_that_is_lost_in_mid_claim_opens_nothing(place: Path, tmp_path: Path) -> None:
    async def session() -> None:
        async with (
            store(place) as (near, _),
            cut(place / postgres.SOCKET, tmp_path / postgres.SOCKET) as line,
            asyncpg.create_pool(**far(tmp_path)) as pool,
        ):
            await decisions.are_opened_by_no_cut(near, Postgres(pool), line)

    asyncio.run(session())


def test_r01_r02_sessions_go_on_and_end(place: Path) -> None:
    async def session() -> None:
        async with store(place) as (made, _):
            await session_stories.are_gone_on_with(made)
            await session_stories.are_rotated_once(made)

    asyncio.run(session())


def test_h18_of_64_callers_with_the_same_request_exactly_one_wins(place: Path) -> None:
    async def session() -> None:
        async with store(place) as (made, _):
            await decisions.are_won_by_one(made)

    asyncio.run(session())


def test_p07_of_64_callers_as_many_pass_as_the_burst_has(place: Path) -> None:
    async def session() -> None:
        async with store(place) as (made, _):
            await decisions.are_limited(made)

    asyncio.run(session())


def test_sweeping_counts_what_it_deletes_and_lets_nothing_old_in(place: Path) -> None:
    async def session() -> None:
        async with store(place) as (made, _):
            sent = [Sent().signed(seed=bytes([number]) * 16) for number in range(5)]
            assert [await outcome(made, request) for request in sent] == ["worker-7"] * 5
            assert await made.sweep(now=NOW + 60_000) == 0
            assert await made.sweep(now=NOW + 600_000, limit=3) == 3
            assert await made.sweep(now=NOW + 600_000) == 2
            assert await outcome(made, sent[0]) == "request_store_warming"

    asyncio.run(session())


def test_a_database_that_is_not_ready_or_too_slow_has_not_answered(place: Path) -> None:
    async def session() -> None:
        async with store(place) as (made, pool):
            async with pool.acquire() as connection, connection.transaction():
                await connection.execute("LOCK TABLE counterseal_claim IN ACCESS EXCLUSIVE MODE")
                assert await outcome(Postgres(pool, timeout=0.2), Sent().signed()) == "request_store_unavailable"
            await pool.execute("DROP TABLE counterseal_claim")
            with pytest.raises(asyncpg.RaiseError, match="run migrate"):
                await made.check()
            assert await outcome(made, Sent().signed()) == "request_store_unavailable"
            await made.migrate(now=NOW)
            await made.check()
            assert await outcome(made, Sent().signed()) == "worker-7"

    asyncio.run(session())


def test_waiting_for_a_connection_takes_its_time_too(place: Path) -> None:
    async def session() -> None:
        async with store(place), asyncpg.create_pool(**far(place)) as pool, pool.acquire():
            made = Postgres(pool, timeout=0.2)
            assert await outcome(made, Sent().signed()) == "request_store_unavailable"
            with pytest.raises(asyncio.TimeoutError):
                await made.migrate(now=NOW)

    asyncio.run(session())


def test_a_migration_of_what_is_ready_blocks_no_claim(place: Path) -> None:
    async def session() -> None:
        async with store(place) as (made, pool), pool.acquire() as other:
            writing = other.transaction()
            await writing.start()
            await other.execute("DELETE FROM counterseal_claim")
            await made.migrate(now=NOW)
            assert await outcome(made, Sent().signed()) == "worker-7"
            await writing.rollback()

    asyncio.run(session())


def test_h25_a_delivery_from_ahead_is_not_taken_again_after_a_loss(place: Path) -> None:
    async def session() -> None:
        lose = "TRUNCATE counterseal_claim, counterseal_epoch"
        async with store(place) as (_, pool):
            await pool.execute(lose)
            made = Postgres(pool, clock=lambda: NOW + 1_000)
            await made.migrate(now=NOW - 900_000)
            await decisions.are_delivered_once(made, lambda: pool.execute(lose))

    asyncio.run(session())


def test_h25_a_crash_that_empties_the_tables_reopens_nothing_and_ends_by_itself(place: Path) -> None:
    async def session() -> None:
        async with store(place) as (_, pool):
            made = Postgres(pool, future_seconds=60, clock=lambda: NOW + 1)
            sent = Sent().signed()
            assert await outcome(made, sent) == "worker-7"
            await pool.execute("TRUNCATE counterseal_claim, counterseal_epoch")
            for _ in range(3):
                assert await outcome(made, sent) == "request_store_warming"
            floor = await pool.fetchval("SELECT floor FROM counterseal_epoch WHERE space = 'request'")
            assert floor == NOW + 1 + 65_000

    asyncio.run(session())


def test_h25_a_promoted_standby_reopens_nothing_and_honest_traffic_goes_on_by_itself(tmp_path: Path) -> None:
    async def session(primary: Path) -> None:
        # The address stays, and what listens there is another, as behind a proxy.
        (tmp_path / postgres.SOCKET).symlink_to(primary / postgres.SOCKET)
        async with asyncpg.create_pool(host=str(tmp_path), user="test", database="postgres", min_size=1) as pool:
            made = Postgres(pool, future_seconds=60, clock=lambda: NOW + 1)
            await made.migrate(now=NOW, future_seconds=60)
            sent = [Sent().signed() for _ in range(20)]
            assert [await outcome(made, request) for request in sent] == ["worker-7"] * 20
            with postgres.standby(primary) as standby:
                postgres.kill(primary)
                await promoted(standby)
                (tmp_path / postgres.SOCKET).unlink()
                (tmp_path / postgres.SOCKET).symlink_to(standby / postgres.SOCKET)
                await decisions.are_resumed(made, sent)

    async def promoted(standby: Path) -> None:
        admin = await asyncpg.connect(host=str(standby), user="test", database="postgres")
        assert await admin.fetchval("SELECT pg_promote(true, 30)")
        await admin.close()

    with postgres.server() as primary:
        asyncio.run(session(primary))


@pytest.mark.parametrize(
    "setting", [("synchronous_commit", "off"), ("default_transaction_isolation", "repeatable read")]
)
def test_a_role_that_cannot_serve_is_told_why(place: Path, setting: tuple[str, str]) -> None:
    async def session() -> None:
        async with (
            store(place),
            asyncpg.create_pool(
                host=str(place), user="test", database="counterseal", min_size=1, server_settings=dict([setting])
            ) as pool,
        ):
            for refused in (Postgres(pool).migrate(now=NOW), Postgres(pool).check()):
                with pytest.raises(asyncpg.RaiseError, match=f"counterseal: set {setting[0]}"):
                    await refused

    asyncio.run(session())


def test_migrations_may_be_run_again_by_several_workers_at_once(place: Path) -> None:
    async def session() -> None:
        async with store(place) as (made, _):
            sent = Sent().signed()
            assert await outcome(made, sent) == "worker-7"
            await asyncio.gather(*(made.migrate(now=NOW + 1) for _ in range(8)))
            assert await outcome(made, sent) == "request_replayed"

    asyncio.run(session())
