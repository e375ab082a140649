"""The middleware in front of a bare ASGI application, and in front of Starlette."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from httpx import ASGITransport, AsyncClient, Response
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from counterseal.asgi import Authenticator, SignatureMiddleware, answer, read_body
from counterseal.errors import RequestError
from counterseal.httpx import SignatureAuth
from counterseal.request import Signer, Verified
from support import AUTHORITY, NOW, Sent, key, verifier


def authenticator(**policy: Any) -> Authenticator:
    """An authenticator whose clock stands still."""
    return Authenticator(verifier(**policy), clock=lambda: NOW, on_event=lambda _: None)


async def bare(scope: Any, receive: Any, send: Any) -> None:
    """Tells what reached it."""
    if scope["type"] == "lifespan":
        await send({"type": "lifespan.startup.complete"})
        return
    message = await receive()
    verified: Verified = scope["counterseal.verified"]
    told = {"by": verified.key_id, "body": message["body"].decode(), "more": message["more_body"]}
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": json.dumps(told).encode()})


def send(app: Any, *, signed: bool = True, **request: Any) -> Response:
    """The answer to one request."""

    async def session() -> Response:
        async with AsyncClient(transport=ASGITransport(app), base_url=f"https://{AUTHORITY}") as client:
            auth = SignatureAuth(Signer(key()), clock=lambda: NOW) if signed else None
            return await client.request(**{"method": "POST", "url": "/v1/jobs", "auth": auth, **request})

    return asyncio.run(session())


def test_what_is_verified_reaches_the_application_with_its_proof_and_its_body() -> None:
    answered = send(SignatureMiddleware(bare, authenticator()), content=b"body")
    assert answered.json() == {"by": "worker-7", "body": "body", "more": False}


def test_what_is_refused_does_not_reach_the_application() -> None:
    reached: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        reached.append(scope["path"])

    answered = send(SignatureMiddleware(app, authenticator()), signed=False, content=b"body")
    assert (answered.status_code, answered.json()["code"]) == (401, "request_unauthenticated")
    assert answered.headers["content-type"] == "application/problem+json"
    assert int(answered.headers["content-length"]) == len(answered.content)
    assert reached == []


def test_starlette_is_protected_as_a_whole() -> None:
    async def create(request: Request) -> JSONResponse:
        return JSONResponse({"by": request.scope["counterseal.verified"].key_id, "body": await request.json()})

    routes = [Route("/v1/jobs", create, methods=["POST"])]
    app = Starlette(routes=routes, middleware=[Middleware(SignatureMiddleware, authenticator=authenticator())])
    assert send(app, json={"job": 1}).json() == {"by": "worker-7", "body": {"job": 1}}
    assert send(app, signed=False, json={"job": 1}).status_code == 401
    # An unknown path is told apart from a known one only by who may ask.
    assert send(app, signed=False, url="/no/such").status_code == 401
    assert send(app, url="/no/such").status_code == 404


def test_web_sockets_and_the_lifespan_pass_as_they_are() -> None:
    seen: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["type"])

    for kind in ("lifespan", "websocket"):
        asyncio.run(SignatureMiddleware(app, authenticator())({"type": kind}, None, None))  # type: ignore[arg-type]
    assert seen == ["lifespan", "websocket"]


def scripted(*messages: dict[str, Any]) -> Any:
    """A server that says these messages, and must not be asked for more."""
    left = list(messages)

    async def receive() -> dict[str, Any]:
        return left.pop(0)

    return receive


def part(body: bytes, *, more: bool = False) -> dict[str, Any]:
    """A part of a body."""
    return {"type": "http.request", "body": body, "more_body": more}


@pytest.mark.parametrize(
    ("messages", "body"),
    [
        ([{"type": "http.request"}], b""),
        ([part(b"abc")], b"abc"),
        ([part(b"a", more=True), part(b"", more=True), part(b"bc")], b"abc"),
        ([part(b"abcd")], b"abcd"),
        ([part(b"abcd", more=True), part(b"")], b"abcd"),
        # One byte above the limit is enough to refuse it; nothing after it is asked for or kept.
        ([part(b"abcde", more=True)], b"abcde"),
        ([part(b"abcdefgh", more=True)], b"abcde"),
        ([part(b"abc", more=True), part(b"defgh", more=True)], b"abcde"),
        ([{"type": "http.disconnect"}], None),
        ([part(b"abc", more=True), {"type": "http.disconnect"}], None),
    ],
)
def test_a_body_is_read_to_its_end_or_to_a_byte_above_the_limit(messages: list[Any], body: bytes | None) -> None:
    assert asyncio.run(read_body(scripted(*messages), 4)) == body


def signed_scope(body: bytes) -> dict[str, Any]:
    """A signed request, whose body is still to come."""
    sent = Sent(body=body).signed()
    headers = [(name.encode(), value.encode()) for name, value in {**sent.headers, "host": AUTHORITY}.items()]
    return {
        "type": "http",
        "method": "POST",
        "scheme": "https",
        "raw_path": b"/v1/jobs",
        "query_string": b"state=open",
        "headers": headers,
    }


def test_after_the_body_the_application_hears_the_server_again() -> None:
    heard: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        heard.extend([await receive(), await receive()])

    scope = signed_scope(b"abc")
    receive = scripted(part(b"a", more=True), part(b"bc"), {"type": "http.disconnect"})
    asyncio.run(SignatureMiddleware(app, authenticator())(scope, receive, None))  # type: ignore[arg-type]
    assert heard == [part(b"abc"), {"type": "http.disconnect"}]
    assert "counterseal.verified" not in scope


def test_a_client_that_went_away_is_not_answered() -> None:
    sent: list[Any] = []

    async def hear(message: Any) -> None:
        sent.append(message)

    gone = scripted(part(b"a", more=True), {"type": "http.disconnect"})
    asyncio.run(SignatureMiddleware(bare, authenticator())(signed_scope(b"abc"), gone, hear))
    assert sent == []


def test_an_answer_says_when_to_come_again_only_where_that_helps() -> None:
    status, fields, _ = answer(RequestError("request_store_full", retry_after=5))
    assert (status, fields["retry-after"]) == (503, "5")
    assert "www-authenticate" not in fields
    assert "retry-after" not in answer(RequestError("request_replayed"))[1]
