"""Keys that a service behind FastAPI loads as requests name them."""

import asyncio
import logging
from typing import Any

import httpx
import pytest

from counterseal.fastapi import SignedRequest
from counterseal.request import Key, KeyVault, Policy, Signer, Verifier
from counterseal.stores import Memory
from jobs import codes, many, replayable, scheme, service
from support import AUTHORITY, NOW, SECRET, key, verifier


class KeyRoom:
    """Keys in a store that counts how often it is asked."""

    def __init__(self, *ids: str) -> None:
        self.store = Memory(now=NOW)
        self.vault = KeyVault(b"v" * 32)
        self.asked: list[str] = []
        self.away = False
        for key_id in ids:
            self.vault.save(key_id, SECRET, since=NOW).run(self.store)

    async def load(self, key_id: str) -> Key:
        """The key of this id, after a while."""
        self.asked.append(key_id)
        await asyncio.sleep(0)
        if self.away:
            raise ConnectionError
        return self.vault.load(key_id).run(self.store)


def signed_by(key_id: str, number: int = 0, **options: Any) -> dict[str, Any]:
    """A request by this key."""
    return replayable(signer=Signer(Key(key_id, SECRET)), seed=number.to_bytes(16, "big"), **options)


def test_a_key_that_is_not_known_is_loaded_once_for_all_who_wait_for_it() -> None:
    room = KeyRoom("worker-9")
    app = service(scheme(Verifier(Policy([AUTHORITY]), [], Memory(now=NOW)), load_key=room.load))
    answers = many(app, [signed_by("worker-9", number) for number in range(20)])
    assert codes(answers) == ["accepted"] * 20
    assert room.asked.count("worker-9") <= 2  # once because it was unknown, and once in its turn


def test_a_key_that_does_not_exist_is_asked_for_once_in_a_while() -> None:
    room = KeyRoom()
    app = service(scheme(Verifier(Policy([AUTHORITY]), [], Memory(now=NOW)), load_key=room.load))
    for number in range(5):
        assert codes(many(app, [signed_by("nobody", number)])) == ["request_unauthenticated"]
    assert room.asked == ["nobody"]


def test_a_loader_may_say_none_for_a_key_that_does_not_exist() -> None:
    async def nothing(_: str) -> None:
        return None

    server = verifier()
    app = service(scheme(server, load_key=nothing))
    # The known key is asked for in its turn, and gone.
    assert codes(many(app, [signed_by("worker-7")])) == ["request_unauthenticated"]
    assert server.key_ids == []


def test_a_flood_of_unknown_keys_asks_the_store_a_bounded_number_of_times() -> None:
    room = KeyRoom()
    app = service(scheme(load_key=room.load))
    room.away = True  # so that the known key stays
    answers = many(app, [signed_by(f"stranger-{number}", number) for number in range(500)])
    assert set(codes(answers)) == {"request_unauthenticated"}
    assert len(room.asked) <= 52
    assert codes(many(app, [signed_by("worker-7")])) == ["accepted"]


def test_a_store_of_keys_that_is_away_changes_nothing(caplog: pytest.LogCaptureFixture) -> None:
    room = KeyRoom()
    room.away = True
    app = service(scheme(load_key=room.load))
    with caplog.at_level(logging.ERROR):
        assert codes(many(app, [signed_by("worker-7")])) == ["accepted"]
    assert "a key was not loaded" in caplog.text


def test_a_revocation_arrives_with_the_next_turn() -> None:
    room, now = KeyRoom("worker-7"), [NOW]
    signed = SignedRequest(verifier(), load_key=room.load, clock=lambda: now[0])
    app = service(signed)
    room.asked.clear()
    assert codes(many(app, [signed_by("worker-7", 1)])) == ["accepted"]
    room.vault.rotate("worker-7", "worker-8", SECRET, old_until=NOW + 1).run(room.store)
    assert codes(many(app, [signed_by("worker-7", 2)])) == ["accepted"]
    now[0] += 30_000
    assert codes(many(app, [signed_by("worker-7", 3, now=now[0])])) == ["request_unauthenticated"]
    assert room.asked == ["worker-7", "worker-7"]


def test_a_revocation_arrives_where_nobody_calls() -> None:
    room, server = KeyRoom("a", "b"), Verifier(Policy([AUTHORITY]), [key("a"), key("b"), key("gone")])

    async def follow() -> None:
        again = asyncio.Event()

        async def load(key_id: str) -> Key:
            if key_id in room.asked:
                again.set()
            return await room.load(key_id)

        following = asyncio.create_task(scheme(server, load_key=load).follow_keys(every_seconds=0.01))
        await again.wait()
        following.cancel()

    asyncio.run(asyncio.wait_for(follow(), 10))
    assert room.asked[:3] == ["a", "b", "gone"]
    assert server.key_ids == ["a", "b"]


def test_a_loader_that_returns_something_else_is_the_integrators_fault(caplog: pytest.LogCaptureFixture) -> None:
    async def wrong(_: str) -> Any:
        return "key"

    answer = many(service(scheme(load_key=wrong)), [signed_by("stranger")])[0]
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert "binding_argument_type" in caplog.text


def test_a_client_that_goes_away_does_not_take_the_load_of_a_key_with_it() -> None:
    room, slow = KeyRoom("worker-9"), asyncio.Event()
    server = Verifier(Policy([AUTHORITY]), [], Memory(now=NOW))

    async def load(key_id: str) -> Key:
        await slow.wait()
        return await room.load(key_id)

    app = service(scheme(server, load_key=load))

    async def session() -> None:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url=f"https://{AUTHORITY}") as client:
            first = asyncio.create_task(client.request(**signed_by("worker-9", 1)))
            await asyncio.sleep(0.05)
            first.cancel()
            second = asyncio.create_task(client.request(**signed_by("worker-9", 2)))
            await asyncio.sleep(0.05)
            slow.set()
            assert (await second).status_code == 200

    asyncio.run(session())
