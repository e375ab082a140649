"""Keys that are rotated: in stores, behind FastAPI, and for verifiers of others."""
# Without postponed annotations: FastAPI cannot see names that are local to a function.

import asyncio
import base64
import json
import logging
import sqlite3
import textwrap
from pathlib import Path
from typing import Any

import httpx
import jwt as pyjwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from fastapi import FastAPI

from counterseal.errors import CountersealError, TokenError
from counterseal.fastapi import follow_ring, published_keys
from counterseal.jwt import TokenKeys, TokenMinter, TokenRing, TokenVerifier
from counterseal.stores import Memory, Sqlite, Waiting, drive, migrations
from support import NOW, SECRET, token_policy

ISSUER = "https://login.example"
SECOND, MINUTE = 1_000, 60_000
LEAD = (600 + 450 + 300) * SECOND
KEEP = 33 * MINUTE


def ring(**options: Any) -> TokenRing:
    """A ring that knows nothing yet."""
    return TokenRing(ISSUER, SECRET, **options)


def pem(key: Any) -> bytes:
    """A private key as PKCS#8."""
    return bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def pem_of_halves(one: ec.EllipticCurvePrivateKey, other: ec.EllipticCurvePrivateKey) -> bytes:
    """The private half of a key, and the public half of another."""
    der = one.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    point = other.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    lines = textwrap.wrap(base64.b64encode(der[: -len(point)] + point).decode(), 64)
    return "\n".join(["-----BEGIN PRIVATE KEY-----", *lines, "-----END PRIVATE KEY-----", ""]).encode()


def mint(host: TokenRing, now: int) -> str:
    """A token of this host."""
    return TokenMinter(host, token_policy()).mint("user-7", life_seconds=600, now=now).token


def states(host: TokenRing, now: int) -> list[str]:
    """What its keys are."""
    return [key["state"] for key in host.keys(now=now)]


def refused(act: Any) -> str:
    """The code of a refusal."""
    with pytest.raises(TokenError) as caught:
        act()
    return caught.value.code


def test_o20_a_rotation_refuses_no_token_on_any_host() -> None:
    store, issuer, other = Memory(now=NOW), ring(), ring()
    verifier = TokenVerifier(token_policy(), other)
    assert refused(lambda: verifier.verify("a.b.c", now=NOW)) == "jwt_ring_empty"
    assert refused(lambda: mint(issuer, NOW)) == "jwt_ring_empty"
    issuer.rotate(now=NOW).run(store)
    other.load(now=NOW).run(store)
    first = mint(issuer, NOW)
    assert verifier.verify(first, now=NOW).subject == "user-7"

    issuer.rotate(algorithm="EdDSA", now=NOW).run(store)
    assert states(issuer, NOW) == ["active", "announced"]
    assert refused(lambda: issuer.rotate(now=NOW).run(store)) == "jwt_ring_announced"
    later = NOW + LEAD
    last = mint(issuer, later - 1 - LEAD)
    for host in (issuer, other):
        host.load(now=later).run(store)
    second = mint(issuer, later)
    assert pyjwt.get_unverified_header(second) == {
        "alg": "EdDSA",
        "kid": issuer.keys(now=later)[1]["id"],
        "typ": "at+jwt",
    }
    assert verifier.verify(second, now=later).key_id == issuer.keys(now=later)[1]["id"]
    assert refused(lambda: verifier.verify(last, now=later)) == "jwt_expired"
    assert states(other, later) == ["retiring", "active"]

    gone = later + KEEP
    other.load(now=gone).run(store)
    assert states(other, gone) == ["retired", "active"]
    assert verifier.key_ids == [key["id"] for key in other.keys(now=gone)]
    assert refused(lambda: verifier.verify(first, now=gone)) == "jwt_key_unknown"


def test_a_proof_that_was_kept_goes_with_its_key() -> None:
    store, host = Memory(now=NOW), ring()
    host.rotate(now=NOW).run(store)
    verifier, token = TokenVerifier(token_policy(), host), mint(host, NOW)
    assert verifier.verify(token, now=NOW) is verifier.verify(token, now=NOW)
    kept = verifier.verify(token, now=NOW)
    host.rotate(now=NOW).run(store)
    assert verifier.verify(token, now=NOW) is not kept
    host.revoke(host.keys(now=NOW)[0]["id"], now=NOW).run(store)
    assert refused(lambda: verifier.verify(token, now=NOW)) == "jwt_key_unknown"
    stale = NOW + 5 * MINUTE
    assert refused(lambda: verifier.verify(token, now=stale)) == "jwt_ring_stale"
    assert refused(lambda: host.published(now=stale)) == "jwt_ring_stale"
    with pytest.raises(CountersealError) as caught:
        verifier.replace_keys(TokenKeys.from_jwks(host.published(now=NOW).body))
    assert caught.value.code == "binding_argument_type"


def test_a_store_that_was_put_back_is_followed() -> None:
    # The same version, and other keys: a store that was lost, or put back from a copy.
    first, second, host = Memory(now=NOW), Memory(now=NOW), ring()
    host.rotate(now=NOW).run(first)
    ring().rotate(now=NOW).run(second)
    verifier, token = TokenVerifier(token_policy(), host), mint(host, NOW)
    assert verifier.verify(token, now=NOW).subject == "user-7"
    host.load(now=NOW).run(second)
    assert refused(lambda: verifier.verify(token, now=NOW)) == "jwt_key_unknown"
    # A lower version, and a clock that was set back.
    host.rotate(now=NOW).run(second)
    host.load(now=NOW - MINUTE).run(first)
    assert verifier.verify(token, now=NOW).subject == "user-7"


def test_what_was_asked_first_and_answered_last_is_no_news() -> None:
    store, host = Memory(now=NOW), ring()
    host.rotate(now=NOW).run(store)
    late = host.load(now=NOW)
    [_name, text, values] = late.statement("sqlite") or ("", "", [])
    database = sqlite3.connect(":memory:", isolation_level=None)
    for _name, migration, parts in migrations("sqlite", now=NOW):
        database.execute(migration, parts)
    copy = ring()
    drive(copy.rotate(now=NOW), "sqlite", lambda text, values: database.execute(text, values).fetchall())
    rows = [tuple(row) for row in database.execute(text, values).fetchall()]
    host.rotate(now=NOW).run(store)
    ids = [key["id"] for key in host.keys(now=NOW)]
    late.answer(rows)
    late.verdict()
    assert [key["id"] for key in host.keys(now=NOW)] == ids


def test_a_reading_that_was_overtaken_brings_no_lost_key_back() -> None:
    # A store of rows, asked step by step: the reading is begun after the change, reads before it, and ends after it.
    database = sqlite3.connect(":memory:", isolation_level=None)
    for _name, text, parts in migrations("sqlite", now=NOW):
        database.execute(text, parts)

    def ask(waiting: Waiting[None]) -> list[tuple[Any, ...]]:
        [_name, text, values] = waiting.statement("sqlite") or ("", "", [])
        return [tuple(row) for row in database.execute(text, values).fetchall()]

    host = ring()
    drive(host.rotate(now=NOW), "sqlite", lambda text, values: database.execute(text, values).fetchall())
    lost = host.keys(now=NOW)[0]["id"]
    change, reading = host.revoke(lost, now=NOW), host.load(now=NOW)
    before = ask(reading)
    drive(change, "sqlite", lambda text, values: database.execute(text, values).fetchall())
    reading.answer(before)
    reading.verdict()
    assert host.keys(now=NOW) == []


def test_hosts_that_start_at_once_have_one_key() -> None:
    store, hosts = Memory(now=NOW), [ring() for _ in range(4)]
    for host in hosts:
        host.ensure(now=NOW).run(store)
    assert len({host.published(now=NOW).body for host in hosts}) == 1
    hosts[0].rotate(now=NOW).run(store)
    hosts[1].ensure(now=NOW).run(store)
    assert states(hosts[1], NOW) == ["active", "announced"]


def test_a_token_does_not_outlive_its_key() -> None:
    store, host = Memory(now=NOW), ring()
    host.rotate(now=NOW).run(store)
    job = TokenMinter(host, token_policy("job")).mint("user-7", life_seconds=7_200, now=NOW)
    assert (job.expires, job.decided_by) == (NOW + 30 * MINUTE, "ring")
    for make in (TokenMinter, lambda signer, policy: TokenVerifier(policy, signer)):
        with pytest.raises(CountersealError) as caught:
            make(host, token_policy(issuer="https://other.example"))
        assert caught.value.code == "binding_argument_choice"


def test_a_lost_key_is_followed_by_the_one_that_waits() -> None:
    store, host = Memory(now=NOW), ring(period_seconds=30 * 86_400)
    for _ in range(2):
        host.rotate(now=NOW).run(store)
    later = NOW + LEAD
    host.load(now=later).run(store)
    lost, waiting = (key["id"] for key in host.keys(now=later))
    host.revoke(lost, now=later).run(store)
    assert [key["id"] for key in host.keys(now=later)] == [waiting]
    assert TokenVerifier(token_policy(), host).verify(mint(host, later), now=later).key_id == waiting
    assert refused(lambda: host.revoke("unknown", now=later).run(store)) == "jwt_ring_missing"


def test_keys_of_the_host_are_announced_stored_or_held() -> None:
    store = Memory(now=NOW)
    stored, kept = pem(ed25519.Ed25519PrivateKey.generate()), pem(ec.generate_private_key(ec.SECP256R1()))
    first, second = ring(), ring()
    first.rotate(pem=kept, held=True, now=NOW).run(store)
    second.load(now=NOW).run(store)
    assert TokenVerifier(token_policy(), second).verify(mint(first, NOW), now=NOW)
    assert refused(lambda: mint(second, NOW)) == "jwt_ring_private"
    second.hold(kept.decode())
    second.load(now=NOW).run(store)
    assert mint(second, NOW)
    first.rotate(pem=stored, now=NOW).run(store)
    second.load(now=NOW + LEAD).run(store)
    assert mint(second, NOW + LEAD)
    with pytest.raises(CountersealError) as caught:
        first.rotate(held=True, now=NOW)
    assert caught.value.code == "binding_argument_type"
    one, other = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    halves = pem_of_halves(one, other)
    with pytest.raises(CountersealError) as caught:
        second.hold(halves)
    assert caught.value.code == "public_key_pair"
    second.load(now=NOW + LEAD).run(store)
    assert mint(second, NOW + LEAD)


def test_a_ring_needs_its_sealing_key_and_the_right_one() -> None:
    store = Memory(now=NOW)
    ring().rotate(now=NOW).run(store)
    stranger = TokenRing(ISSUER, bytes(32))
    with pytest.raises(CountersealError) as caught:
        stranger.load(now=NOW).run(store)
    assert (caught.value.code, caught.value.public) == ("seal_broken", "unavailable")
    with pytest.raises(CountersealError) as caught:
        TokenRing(ISSUER, bytes(31))
    assert caught.value.code == "binding_argument_length"
    for options in ({"life_seconds": 0}, {"max_age_seconds": 3_601}, {"lead_seconds": 10}):
        with pytest.raises(CountersealError) as caught:
            ring(**options)
        assert caught.value.code == "jwt_ring_setup_window"


def test_equal_inputs_make_equal_keys_in_every_store(tmp_path: Path) -> None:
    seed = bytes(range(76))
    database = sqlite3.connect(":memory:", isolation_level=None)
    for _name, text, values in migrations("sqlite", now=NOW):
        database.execute(text, values)

    def driven(waiting: Waiting[None]) -> None:
        drive(waiting, "sqlite", lambda text, values: database.execute(text, values).fetchall())

    bodies = []
    for run in (
        lambda waiting: waiting.run(Memory(now=NOW)),
        lambda waiting: waiting.run(Sqlite(str(tmp_path / "db"), now=NOW)),
        driven,
    ):
        host = ring()
        run(host.rotate(algorithm="EdDSA", now=NOW, seed=seed))
        bodies.append(host.published(now=NOW).body)
    assert len(set(bodies)) == 1
    [key] = json.loads(bodies[0])["keys"]
    assert (key["alg"], key["use"], sorted(key)) == ("EdDSA", "sig", ["alg", "crv", "kid", "kty", "use", "x"])


async def get(app: FastAPI, method: str = "GET", **fields: str) -> httpx.Response:
    """What the route answers."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://login.example") as client:
        return await client.request(method, "/.well-known/jwks.json", headers=fields)


def test_fastapi_publishes_and_says_when_nothing_is_new() -> None:
    now = NOW
    store, host = Memory(now=NOW), ring()
    host.rotate(now=NOW).run(store)
    app = FastAPI()
    app.include_router(published_keys(host, clock=lambda: now))
    answered = asyncio.run(get(app))
    assert answered.headers["content-type"] == "application/jwk-set+json"
    assert answered.headers["cache-control"] == "public, max-age=300, must-revalidate"
    token = mint(host, NOW)
    [jwk] = answered.json()["keys"]
    untimed: Any = {"verify_exp": False, "verify_iat": False, "verify_nbf": False}
    claims = pyjwt.decode(token, pyjwt.PyJWK(jwk), audience="orders", algorithms=["ES256"], options=untimed)
    assert claims["sub"] == "user-7"
    assert (head := asyncio.run(get(app, "HEAD"))).content == b""
    assert head.headers["etag"] == answered.headers["etag"]
    known = asyncio.run(get(app, **{"if-none-match": answered.headers["etag"]}))
    assert (known.status_code, known.content, known.headers["etag"]) == (304, b"", answered.headers["etag"])
    host.rotate(now=NOW).run(store)
    assert len(asyncio.run(get(app, **{"if-none-match": answered.headers["etag"]})).json()["keys"]) == 2
    now += 5 * MINUTE
    stale = asyncio.run(get(app))
    assert (stale.status_code, stale.json()["code"]) == (503, "unavailable")


def test_a_host_follows_the_others(caplog: pytest.LogCaptureFixture) -> None:
    store, issuer, host = Memory(now=NOW), ring(), ring()
    failures: list[Waiting[None]] = []

    async def refuse_once(reading: Waiting[None]) -> None:
        if not failures:
            failures.append(reading)
            raise OSError
        reading.run(store)

    async def follow() -> None:
        following = asyncio.create_task(follow_ring(host, drive=refuse_once, every_seconds=0.01, clock=lambda: NOW))
        await asyncio.sleep(0.05)
        assert host.keys(now=NOW) == []
        issuer.rotate(now=NOW).run(store)
        for _ in range(1_000):
            await asyncio.sleep(0.01)
            if host.keys(now=NOW):
                break
        following.cancel()
        assert host.keys(now=NOW) == issuer.keys(now=NOW)

    with caplog.at_level(logging.ERROR, "counterseal.jwt"):
        asyncio.run(follow())
    assert "jwt_ring_empty" in caplog.text
    assert "OSError" in caplog.text
    with pytest.raises(CountersealError) as caught:
        asyncio.run(follow_ring(host))
    assert caught.value.code == "binding_store_missing"
