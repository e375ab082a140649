"""Decisions on Redis by redis-py, on a server of the tests' own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import redis.asyncio
from redis.exceptions import ResponseError

import decisions
import histories
import session_stories
from counterseal.stores.redis import Redis
from cut import cut
from decisions import outcome
from redis_server import RedisServer
from servers import free_port
from support import NOW, Sent


@pytest.fixture
def server() -> Iterator[RedisServer]:
    running = RedisServer()
    yield running
    running.remove()


@asynccontextmanager
async def store(server: RedisServer, *, texts: bool = False) -> AsyncIterator[tuple[Redis, redis.asyncio.Redis]]:
    """A store that is ready, and its client."""
    client = redis.asyncio.Redis(unix_socket_path=str(server.socket), decode_responses=texts)
    try:
        made = Redis(client, future_seconds=60, clock=lambda: NOW + 1)
        await made.migrate(now=NOW)
        yield made, client
    finally:
        await client.aclose()


@pytest.mark.parametrize("texts", [False, True])
def test_redis_py_runs_every_decision(server: RedisServer, texts: bool) -> None:
    async def session() -> None:
        async with store(server, texts=texts) as (made, _):
            await decisions.are_run(made)

    asyncio.run(session())


def test_h21_h25_every_history_comes_out_as_told(server: RedisServer) -> None:
    async def session() -> None:
        async with store(server) as (made, _):
            await histories.are_as_told(lambda: made.drive)

    asyncio.run(session())


def test_h26_an_answer_that_is_lost_in_mid_claim_opens_nothing(server: RedisServer, tmp_path: Path) -> None:
    async def session() -> None:
        place = tmp_path / "socket"
        async with store(server) as (near, _), cut(server.socket, place) as line:
            client = redis.asyncio.Redis(unix_socket_path=str(place), max_connections=1)
            try:
                await decisions.are_opened_by_no_cut(near, Redis(client, clock=lambda: NOW + 1), line)
            finally:
                await client.aclose()

    asyncio.run(session())


def test_r01_r02_sessions_go_on_and_end(server: RedisServer) -> None:
    async def session() -> None:
        async with store(server) as (made, _):
            await session_stories.are_gone_on_with(made)
            await session_stories.are_rotated_once(made)

    asyncio.run(session())


def test_h18_of_64_callers_with_the_same_request_exactly_one_wins(server: RedisServer) -> None:
    async def session() -> None:
        async with store(server) as (made, _):
            await decisions.are_won_by_one(made)

    asyncio.run(session())


def test_p07_of_64_callers_as_many_pass_as_the_burst_has(server: RedisServer) -> None:
    async def session() -> None:
        async with store(server) as (made, _):
            await decisions.are_limited(made)

    asyncio.run(session())


def test_h25_a_flush_and_a_restart_reopen_nothing_and_end_by_themselves(server: RedisServer) -> None:
    async def session() -> None:
        async with store(server) as (made, client):
            sent = Sent().signed()
            assert await outcome(made, sent) == "worker-7"
            await client.flushall()
            assert [await outcome(made, sent) for _ in range(3)] == ["request_store_warming"] * 3
            assert await client.hget("cs:{request}:epoch", "floor") == str(NOW + 1 + 65_000).encode()
            server.kill()
            assert await outcome(made, sent) == "request_store_unavailable"
            server.start()
            assert [await outcome(made, sent) for _ in range(3)] == ["request_store_warming"] * 3
            assert await client.hget("cs:{request}:epoch", "floor") == str(NOW + 1 + 65_000).encode()

    asyncio.run(session())


def test_h25_a_promoted_replica_reopens_nothing_and_honest_traffic_goes_on_by_itself(
    server: RedisServer, tmp_path: Path
) -> None:
    async def session(replica: RedisServer) -> None:
        # The address stays, and what listens there is another, as behind a proxy.
        place = tmp_path / "socket"
        place.symlink_to(server.socket)
        port = free_port()
        server.command("CONFIG", "SET", "port", str(port))
        replica.follow(port)
        client = redis.asyncio.Redis(unix_socket_path=str(place))
        try:
            made = Redis(client, future_seconds=60, clock=lambda: NOW + 1)
            await made.migrate(now=NOW, future_seconds=60)
            sent = [Sent().signed() for _ in range(20)]
            assert [await outcome(made, request) for request in sent] == ["worker-7"] * 20
            server.kill()
            replica.command("REPLICAOF", "NO", "ONE")
            place.unlink()
            place.symlink_to(replica.socket)
            await decisions.are_resumed(made, sent)
        finally:
            await client.aclose()

    replica = RedisServer()
    try:
        asyncio.run(session(replica))
    finally:
        replica.remove()


def test_h25_a_delivery_from_ahead_is_not_taken_again_after_a_loss(server: RedisServer) -> None:
    async def session() -> None:
        async with store(server) as (_, client):
            await client.flushall()
            made = Redis(client, clock=lambda: NOW + 1_000)
            await made.migrate(now=NOW - 900_000)
            await decisions.are_delivered_once(made, client.flushall)

    asyncio.run(session())


def test_a_server_that_may_evict_is_refused(server: RedisServer) -> None:
    async def session() -> None:
        async with store(server) as (made, client):
            await client.flushall()
            await client.config_set("maxmemory-policy", "allkeys-lru")
            with pytest.raises(ResponseError, match="noeviction"):
                await made.migrate(now=NOW)
            assert await outcome(made, Sent().signed()) == "request_store_warming"

    asyncio.run(session())


def test_an_answer_that_is_too_late_or_lost_is_none(server: RedisServer) -> None:
    async def session() -> None:
        async with store(server) as (made, client):
            sent = Sent().signed()
            await client.client_pause(300, all=True)
            assert await outcome(Redis(client, timeout=0.05), sent) == "request_store_unavailable"
            await asyncio.sleep(0.4)
            # The script may have run all the same: the request is served once at most.
            outcomes = [await outcome(made, sent) for _ in range(2)]
            assert outcomes[1] == "request_replayed"
            assert outcomes[0] in {"worker-7", "request_replayed"}

    asyncio.run(session())
