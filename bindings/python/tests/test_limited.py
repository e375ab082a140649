"""Limits before and after verification, behind FastAPI and in front of ASGI applications."""
# Without postponed annotations: FastAPI cannot see names that are local to a test.

import asyncio
import contextlib
import inspect
import json
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated, Any

import httpx
import pytest
from fastapi import Depends, FastAPI, Request
from pydantic import BaseModel

from counterseal.asgi import LimitMiddleware, SignatureMiddleware
from counterseal.errors import LimitError
from counterseal.fastapi import LimitedByAddress, install, problem
from counterseal.limit import Admitted, Cells, Limit, Limiter
from counterseal.request import Key, Signer
from counterseal.stores import Sqlite, Waiting
from jobs import many, replayable, scheme, send, service
from servers import HERE, running
from support import NOW
from test_asgi import authenticator, bare
from test_asgi import send as send_bare

STRANGER = Signer(Key("stranger", b"s" * 32))


def limiter(name: str = "address", burst: int = 2, **options: Any) -> Limiter:
    """A limiter whose clock stands still."""
    return Limiter(Limit(name, burst=burst, every_ms=10_000), **{"store": Cells(), "clock": lambda: NOW, **options})


class Attempt(BaseModel):
    """Who wants to come in."""

    user: str


def login(limit: Limiter, *, names: Limiter | None = None, installed: bool = True) -> FastAPI:
    """A service with a route that is limited by address, and perhaps by name."""
    app = FastAPI()
    if installed:
        install(app)
    else:
        app.add_exception_handler(LimitError, problem)
    by_address = LimitedByAddress(limit)

    @app.post("/login", dependencies=[Depends(by_address)])
    async def attempt(attempt: Attempt, admitted: Annotated[Admitted, Depends(by_address)]) -> int | None:
        if names is not None:
            await names.by_name(attempt.user)
        return admitted.left

    return app


def post(app: Any, **options: Any) -> httpx.Response:
    """The answer to one attempt."""
    return many(app, [{"method": "POST", "url": "/login", "json": {"user": "ada"}, **options}])[0]


@pytest.mark.parametrize("installed", [True, False])
def test_a_route_is_limited_by_address_and_counted_once(installed: bool) -> None:
    app = login(limiter(), installed=installed)
    assert [post(app).json() for _ in range(2)] == [1, 0]
    refused = post(app)
    assert (refused.status_code, refused.json()["code"]) == (429, "limit_exceeded")
    assert refused.headers["retry-after"] == "10"
    assert refused.headers["ratelimit"] == '"address";r=0;t=10'
    assert refused.headers["ratelimit-policy"] == '"address";q=2;w=20'
    assert "www-authenticate" not in refused.headers


def test_who_is_within_is_told_what_is_left() -> None:
    answered = post(login(limiter()))
    assert answered.headers["ratelimit"] == '"address";r=1;t=10'


def test_who_is_over_is_refused_before_the_body_is_read() -> None:
    app = login(limiter(burst=1))
    assert post(app, json={"user": 1}).status_code == 422
    read: list[int] = []

    async def body() -> Any:
        read.append(1)
        yield b"{"

    assert post(app, json=None, content=body()).status_code == 429
    assert read == []


def test_a_handler_limits_by_a_name_in_the_content() -> None:
    app = login(limiter(burst=9), names=limiter("name", burst=1))
    assert post(app).status_code == 200
    assert post(app, json={"user": " ADA"}).json()["code"] == "limit_exceeded"
    assert post(app, json={"user": "bob"}).status_code == 200


def test_p08_the_client_is_whom_the_own_proxy_saw_and_cannot_choose_itself() -> None:
    app = login(limiter(burst=1, hops=1))
    assert post(app, headers={"x-forwarded-for": "192.0.2.7"}).status_code == 200
    for forged in ("1.2.3.4, 192.0.2.7", "192.0.2.8,192.0.2.7"):
        assert post(app, headers={"x-forwarded-for": forged}).status_code == 429
    assert post(app, headers={"x-forwarded-for": "192.0.2.8"}).status_code == 200


def test_a_signed_route_counts_by_address_first_and_by_key_after() -> None:
    signed = scheme(by_address=limiter(burst=3), by_key=limiter("key", burst=1))
    app = service(signed)
    answered = send(app, json={"job": 1})
    assert answered.headers["ratelimit"] == '"address";r=2;t=10, "key";r=0;t=10'
    over = send(app, json={"job": 1})
    assert (over.status_code, over.headers["ratelimit"]) == (429, '"key";r=0;t=10')
    # A stranger costs the address as much, and learns of no key.
    assert send(app, signer=STRANGER, json={"job": 1}).json()["code"] == "request_unauthenticated"
    assert send(app, signer=STRANGER, json={"job": 1}).headers["ratelimit"] == '"address";r=0;t=10'
    assert "ratelimit" not in many(app, [{"method": "GET", "url": "/open"}])[0].headers


def test_failures_are_answered_429_once_they_are_used_up_and_honest_callers_go_on() -> None:
    events: list[str] = []
    failures = limiter("failures", on_event=events.append)
    app = service(scheme(by_failure=failures))
    codes = [send(app, signer=STRANGER, json={"job": 1}).status_code for _ in range(4)]
    assert codes == [401, 401, 429, 429]
    assert [json.loads(event)["event"] for event in events] == ["limit_exceeded"] * 2
    answered = send(app, json={"job": 1})
    assert (answered.status_code, "ratelimit" in answered.headers) == (200, False)


def test_a_replay_costs_a_failure() -> None:
    app, request = service(scheme(by_failure=limiter(burst=1))), replayable()
    assert [many(app, [request])[0].status_code for _ in range(3)] == [200, 401, 429]


def test_a_whole_application_is_limited() -> None:
    async def hello(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"x-own", b"1")]})
        await send({"type": "http.response.body", "body": b"hello"})

    app = LimitMiddleware(hello, limiter())
    answers = [send_bare(app, signed=False) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert (answers[0].headers["x-own"], answers[0].headers["ratelimit"]) == ("1", '"address";r=1;t=10')
    assert answers[2].headers["content-type"] == "application/problem+json"


def test_a_signed_application_is_limited_before_its_body_is_read() -> None:
    asked = authenticator()
    asked._by_address = limiter(burst=1)
    app = SignatureMiddleware(bare, asked)
    assert send_bare(app, content=b"body").headers["ratelimit"] == '"address";r=0;t=10'
    assert send_bare(app, content=b"body").status_code == 429

    async def never() -> Any:
        raise AssertionError("the body was read")

    sent: list[Any] = []

    async def take(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "client": ("127.0.0.1", 123), "headers": []}
    asyncio.run(app(scope, never, take))
    assert sent[0]["status"] == 429


def test_web_sockets_and_the_lifespan_are_not_counted() -> None:
    seen: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["type"])

    for kind in ("lifespan", "websocket"):
        asyncio.run(LimitMiddleware(app, limiter())({"type": kind}, None, None))  # type: ignore[arg-type]
    assert seen == ["lifespan", "websocket"]


def test_a_limit_that_yields_steps_aside_in_a_crowd_of_its_own_table() -> None:
    cells = Cells(cells=1_024)
    limit = Limiter(Limit("yields", burst=1, every_ms=10_000, yields=True), cells, clock=lambda: NOW)
    app = login(limit)
    assert [post(app).status_code for _ in range(2)] == [200, 429]
    for number in range(2_000):
        with contextlib.suppress(LimitError):
            Limit("other", burst=1, every_ms=60_000).by_key(f"key-{number}", now=NOW).run(cells)
    assert post(app).status_code == 200


@pytest.mark.parametrize("own", [True, False])
def test_a_store_that_waits_does_not_hold_up_the_loop(tmp_path: Path, own: bool) -> None:
    db = Sqlite(tmp_path / "db", now=NOW)

    async def drive(waiting: Waiting[Admitted]) -> Admitted:
        return waiting.run(db)

    app = login(limiter(store=None, drive=drive) if own else limiter(store=db))
    assert [post(app).status_code for _ in range(3)] == [200, 200, 429]


def test_of_two_workers_that_race_as_many_pass_as_the_burst_has(tmp_path: Path) -> None:
    env = {"FILE": str(tmp_path / "cells")}
    command = ["-m", "uvicorn", "limited:app", "--port", "{port}", "--workers", "2", "--no-access-log"]

    def up(process: Any) -> bool:
        return bool(process.text().count("Application startup complete") == 2)

    with running(tmp_path, *command, env=env, until=up) as process, ThreadPoolExecutor(32) as pool:

        def ask(_: int) -> tuple[int, str]:
            answered = httpx.get(f"http://127.0.0.1:{process.port}/")
            return answered.status_code, answered.text if answered.status_code == 200 else ""

        answers = list(pool.map(ask, range(64)))
    assert Counter(status for status, _ in answers) == {200: 5, 429: 59}


def test_what_is_public_can_be_imported_without_a_framework() -> None:
    script = "import sys, counterseal.limit; assert not {'fastapi', 'starlette', 'httpx'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", script], check=True, cwd=HERE)


def test_the_annotations_of_the_dependency_are_no_texts() -> None:
    # As with the scheme: FastAPI 0.115 takes a text there for the name of a query parameter.
    assert inspect.signature(LimitedByAddress.__call__).parameters["request"].annotation is Request
