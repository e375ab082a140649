"""What type checkers are told. mypy checks this file; pytest runs what can be run without a server."""

import sqlite3
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import httpx
from fastapi import Depends, FastAPI, Security
from typing_extensions import assert_type

from counterseal.errors import CodeName, CountersealError
from counterseal.fastapi import SignedRequest, install
from counterseal.httpx import SignatureAuth
from counterseal.request import Key, KeyVault, Policy, Signer, Verified, Verifier, end_key, revoke_key
from counterseal.stores import Memory, Waiting, drive, drive_async, migrations
from counterseal.stores.asyncpg import Postgres
from counterseal.types import Explained, Gauge, Statement
from session_stories import REFRESHER
from support import AUTHORITY, NOW, SECRET, Sent, key, verifier

signed = SignedRequest(verifier(), clock=lambda: NOW)
Caller = Annotated[Verified, Security(signed)]
app = FastAPI()
install(app)


@app.post("/v1/jobs")
async def create(caller: Caller, other: Annotated[Verified, Depends(signed)]) -> None:
    """In a handler, the annotated name is a proof."""
    assert_type(caller, Verified)
    assert_type(caller.key_id, str)
    assert_type(caller.covered, list[tuple[str, str]])
    assert_type(caller.component("@path"), str | None)
    assert_type(other, Verified)


def test_a_decision_says_what_it_ends_in() -> None:
    server, store, vault = verifier(), Memory(now=NOW), KeyVault(b"v" * 32)
    begun = Sent().signed().begin(server)
    assert_type(begun, Waiting[Verified])
    assert_type(begun.run(store), Verified)
    assert_type(vault.save("a", SECRET), Waiting[None])
    vault.save("a", SECRET).run(store)
    assert_type(vault.load("a"), Waiting[Key])
    assert_type(vault.load("a").run(store), Key)
    assert_type(end_key("a", NOW), Waiting[None])
    assert_type(revoke_key("a"), Waiting[None])


def test_what_goes_in_and_comes_out_has_exact_types() -> None:
    assert_type(Signer(key()).sign(*Sent().parts(), now=NOW), dict[str, str])
    assert_type(verifier().explain(*Sent().signed().parts()), Explained)
    assert_type(verifier().key_to_refresh(), str | None)
    assert_type(REFRESHER.explain("a", client="web"), Waiting[str])
    assert_type(migrations("sqlite"), list[Statement])
    assert_type(key().until, int | None)
    statement = Sent().signed().begin(verifier()).statement("postgres")
    assert_type(statement, tuple[str, str, list[int | str | bytes | None]] | None)


def test_headers_may_be_what_frameworks_have() -> None:
    signer = Signer(Key("worker-7", SECRET))
    signer.sign("GET", "https", AUTHORITY, "/", "", {"a": "b"})
    signer.sign("GET", "https", AUTHORITY, b"/", b"", {b"a": b"b"})
    signer.sign("GET", "https", AUTHORITY, b"/", None, [(b"a", b"b")])
    signer.sign("GET", "https", AUTHORITY, "/", None, (("a", b"b"),), bytearray(b""), seed=memoryview(bytes(16)))
    signer.sign("GET", "https", AUTHORITY, "/", None, httpx.Headers({"a": "b"}).raw)


def test_errors_have_codes_that_can_be_matched() -> None:
    try:
        Policy([])
    except CountersealError as error:
        assert_type(error.code, CodeName)
        assert_type(error.retry_after, int | None)
        assert error.code == "request_policy_authorities"


def drivers(store: Postgres, waiting: Waiting[Key], database: sqlite3.Connection) -> None:
    """Drivers keep the type; this is checked and not run."""

    async def later() -> None:
        assert_type(await store.drive(waiting), Key)
        assert_type(await drive_async(waiting, "postgres", execute), Key)
        assert_type(await store.sweep(), int)

    async def execute(text: str, values: list[Any]) -> list[tuple[str]]:
        raise NotImplementedError

    ended = drive(waiting, "sqlite", lambda text, values: database.execute(text, values).fetchall())
    assert_type(ended, Key)
    _: Callable[[], Awaitable[None]] = later


def wrong() -> None:
    """What a type checker refuses; an unused `type: ignore` would be an error itself."""
    Key("a", "text")  # type: ignore[arg-type]
    Policy("api.example")  # type: ignore[arg-type]
    Signer(SECRET)  # type: ignore[arg-type]
    Verifier([])  # type: ignore[arg-type]
    migrations("mysql")  # type: ignore[arg-type]
    key().id = "b"  # type: ignore[misc]
    SignatureAuth(key())  # type: ignore[arg-type]


def gauged(gauge: Gauge) -> float:
    """The members of a dict have types."""
    return assert_type(gauge["fullest"], int) / assert_type(gauge["generation"], int)
