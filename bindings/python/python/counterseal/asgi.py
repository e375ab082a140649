"""Signed requests for any ASGI application, on asyncio.

::

    verifier = Verifier(Policy(["api.example"]), keys, SharedRing("/run/jobs/ring"))
    app = SignatureMiddleware(app, Authenticator(verifier))

Limits by address and by key are the `Authenticator`'s too; `LimitMiddleware` has one for what is not signed.

Each HTTP request is verified before the application sees it, as it was sent: raw path, raw query, fields, and the raw
body, which is read up to the policy's limit and not further; of a forgery none of it is read. The proof is
`scope["counterseal.verified"]`; a refusal is answered as problem+json with its public code. `counterseal.fastapi` has
the same for single routes.

The path is the server's `raw_path`. Where a proxy takes a prefix off the path, tell the server (uvicorn's
`--root-path` puts it back) or the `Authenticator` (`stripped_prefix`), not both.

What it does not protect: WebSocket connections, which pass as they are, and whatever the application takes from the
request that was not covered.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from http import HTTPStatus
from typing import Any, TypeAlias, TypeVar

from counterseal.errors import ArgumentError, CountersealError
from counterseal.limit import Admitted, Limiter, fields
from counterseal.request import Content, Key, Verified, Verifier
from counterseal.stores import Waiting

__all__ = ["Authenticator", "LimitMiddleware", "SignatureMiddleware", "answer", "limit_fields", "read_body", "signing"]

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
Application: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]
Drive: TypeAlias = Callable[[Waiting[Verified]], Awaitable[Verified]]
LoadKey: TypeAlias = Callable[[str], Awaitable[Key | None]]
Parts: TypeAlias = tuple[str, str, bytes, bytes, bytes, list[tuple[bytes, bytes]]]
Whole: TypeAlias = tuple[str, str, bytes, bytes, bytes, list[tuple[bytes, bytes]], bytes]
Decided = TypeVar("Decided", Verified, Verified | None)
T = TypeVar("T")

_audit = logging.getLogger("counterseal.audit")


class Authenticator:
    """Verifies requests as an ASGI server hands them over, and reports each decision.

    `drive` runs a decision on a store of your own (see `counterseal.stores`); without it the verifier's store is
    used, in a thread where it may wait for a file. `load_key` is asked for keys that the verifier does not know, at
    most as often as the verifier allows, and for known keys in turn (see `follow_keys`); it returns the key, or None
    (or raises `request_key_missing`, as `KeyVault.load` does) when there is none of that id. `on_event` gets each audit
    event as one line of JSON; without it they go to the logger `counterseal.audit`.

    Limits: `by_address` counts each request before anything of it is read or verified; `by_failure` counts those that
    were refused by the peer's fault, and once it is used up answers 429 in the place of what was wrong, while honest
    callers of the same address go on; `by_key` counts each verified request for its key.

    A genuine request that is outside of its window is told this clock by a signed refusal, so that its client can sign
    anew. With `sign_responses` what the application answers is signed too: responses are held until they are complete,
    and a content coding must not be put on them afterwards.
    """

    def __init__(
        self,
        verifier: Verifier,
        *,
        drive: Drive | None = None,
        load_key: LoadKey | None = None,
        on_event: Callable[[str], None] | None = None,
        clock: Callable[[], int] | None = None,
        stripped_prefix: str = "",
        by_address: Limiter | None = None,
        by_failure: Limiter | None = None,
        by_key: Limiter | None = None,
        sign_responses: bool = False,
    ) -> None:
        self.sign_responses = sign_responses
        self._by_address = by_address
        self._by_failure = by_failure
        self._by_key = by_key
        self.body_limit = verifier.body_limit_bytes
        self._verifier = verifier
        self._drive = drive
        self._load_key = load_key
        self._on_event = on_event or _audit.info
        self._clock = clock
        self._prefix = stripped_prefix.encode()
        self._loads: set[asyncio.Task[None]] = set()

    async def admit(self, scope: Scope) -> None:
        """Counts the request of this scope for its address. It comes before the body is read."""
        if self._by_address is not None:
            _limits(scope).append(await self._by_address.by_address(scope))

    async def authenticate(self, scope: Scope, body: bytes) -> Verified:
        """The proof for the request of this scope and body. It claims the nonce, so ask once."""
        now = self._now()

        async def decide(head: Parts) -> Verified:
            return await self._learned(head, now, lambda: self._verify((*head, body), now))

        return await self._reported(scope, now, decide)

    async def receive(self, scope: Scope, receive: Receive) -> tuple[Verified, bytes] | None:
        """The proof and the body of the request of this scope, whose body is still to come; None if the client went
        away. Of a forgery no body is read."""
        now = self._now()
        body = bytearray()

        async def decide(head: Parts) -> Verified | None:
            content = await self._learned(head, now, lambda: self._begin(head, now))
            async for piece in _pieces(receive):
                if piece is None:
                    return None
                content.update(piece)
                body.extend(piece)
            return await self._accept(content)

        verified = await self._reported(scope, now, decide)
        return None if verified is None else (verified, bytes(body))

    async def _reported(self, scope: Scope, now: int | None, decide: Callable[[Parts], Awaitable[Decided]]) -> Decided:
        """What is decided about the head of this scope, told to whoever listens."""
        head: Parts | None = None
        try:
            head = self._head(scope)
            verified = await decide(head)
        except CountersealError as refused:
            if refused.event is not None:
                self._on_event(refused.event)
            if head is not None and refused.code in _OF_TIME:
                self._tell_time(head, now, refused)
            if refused.blame == "peer" and self._by_failure is not None:
                await self._by_failure.by_address(scope)
            raise
        if verified is not None:
            self._on_event(verified.event)
            if self._by_key is not None:
                _limits(scope).append(await self._by_key.by_key(verified.key_id))
        return verified

    def _tell_time(self, head: Parts, now: int | None, refused: CountersealError) -> None:
        """Adds what tells a genuine client this clock."""
        status, _, content = answer(refused)
        # The answer to HEAD has no content.
        content = b"" if head[0] == "HEAD" else content
        signed = self._verifier.sign_refusal(*head, status=status, content=content, now=now)
        refused.headers = {**refused.headers, **(signed or {})}

    def _now(self) -> int | None:
        return self._clock() if self._clock else None

    def _head(self, scope: Scope) -> Parts:
        """The request as it was sent, without its content."""
        path = scope.get("raw_path")
        if path is None:
            raise ArgumentError("binding_raw_target_missing")
        headers = [(bytes(name), bytes(value)) for name, value in scope["headers"]]
        hosts = [value for name, value in headers if name == b"host"]
        # Without exactly one Host there is no authority, and none is refused (RFC 9112 section 3.2).
        authority = hosts[0] if len(hosts) == 1 else b""
        return scope["method"], scope["scheme"], authority, self._prefix + path, scope["query_string"], headers

    async def _learned(self, head: Parts, now: int | None, decide: Callable[[], Awaitable[T]]) -> T:
        """What is decided, once the key is known that it needs."""
        await self._learn(head, now)
        try:
            return await decide()
        except CountersealError as refused:
            if refused.code != "request_key_unknown" or not self._loads:
                raise
        # Another request has just asked for keys, perhaps for this one's; nothing was claimed yet.
        await asyncio.wait(self._loads)
        return await decide()

    async def _begin(self, head: Parts, now: int | None) -> Content:
        return self._verifier.begin_content(*head, now=now)

    async def _accept(self, content: Content) -> Verified:
        if self._drive is not None:
            return await self._drive(content.finish())
        if self._verifier.blocking:
            return await asyncio.to_thread(content.verify)
        return content.verify()

    async def _verify(self, parts: Whole, now: int | None) -> Verified:
        if self._drive is not None:
            return await self._drive(self._verifier.begin(*parts, now=now))
        if self._verifier.blocking:
            return await asyncio.to_thread(self._verifier.verify, *parts, now=now)
        return self._verifier.verify(*parts, now=now)

    async def follow_keys(self, *, every_seconds: float = 10.0) -> None:
        """Loads all known keys again and again, for as long as it runs: start it with the application.

        Requests have known keys loaded too, one in its turn; where few come, a revocation would wait for them.
        """
        while True:
            for key_id in self._verifier.key_ids:
                await self._load_shared(key_id)
            await asyncio.sleep(every_seconds)

    async def _learn(self, parts: Parts, now: int | None) -> None:
        """Loads the key that the request names, and the known one whose turn it is, if any."""
        if self._load_key is None:
            return
        for key_id in (self._verifier.key_to_load(*parts, now=now), self._verifier.key_to_refresh(now=now)):
            if key_id is not None:
                await self._load_shared(key_id)

    async def _load_shared(self, key_id: str) -> None:
        """Loads a key to the end, for the others too, whatever becomes of the request that needed it first."""
        load = asyncio.create_task(self._load(key_id))
        self._loads.add(load)
        load.add_done_callback(self._loads.discard)
        await asyncio.shield(load)

    async def _load(self, key_id: str) -> None:
        if self._load_key is None:
            return
        try:
            key = await self._load_key(key_id)
        except Exception as error:
            if not (isinstance(error, CountersealError) and error.code == "request_key_missing"):
                # A key that is known stays known: it was good, and the store that says more is away.
                _audit.exception("a key was not loaded")
                return
            key = None
        if key is None:
            self._verifier.forget_key(key_id)
        else:
            self._verifier.put_key(key)


class SignatureMiddleware:
    """An ASGI application that lets only verified HTTP requests through to another one."""

    def __init__(self, app: Application, authenticator: Authenticator) -> None:
        self._app = app
        self._authenticator = authenticator

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope = {**scope}
        try:
            await self._authenticator.admit(scope)
            received = await self._authenticator.receive(scope, receive)
        except CountersealError as refused:
            await _respond(send, *answer(refused))
            return
        if received is None:
            return
        verified, body = received
        scope["counterseal.verified"] = verified
        if self._authenticator.sign_responses:
            send = signing(send, lambda: verified, scope["method"])
        await self._app(scope, _again(body, receive), _telling(send, limit_fields(scope)))


class LimitMiddleware:
    """An ASGI application that lets HTTP requests through to another one as fast as a limit by address allows."""

    def __init__(self, app: Application, limiter: Limiter) -> None:
        self._app = app
        self._limiter = limiter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            admitted = await self._limiter.by_address(scope)
        except CountersealError as refused:
            await _respond(send, *answer(refused))
            return
        await self._app(scope, receive, _telling(send, fields([admitted])))


async def _pieces(receive: Receive) -> AsyncIterator[bytes | None]:
    """The raw body as it comes; None, and nothing after it, if the client went away."""
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            yield None
            return
        yield bytes(message.get("body", b""))
        more = message.get("more_body", False)


async def read_body(receive: Receive, limit: int) -> bytes | None:
    """The raw body, or its beginning of one byte more than `limit`, which is refused by its size; None if the
    client went away."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")[: limit + 1 - len(body)]
        if len(body) > limit or not message.get("more_body", False):
            return bytes(body)


def answer(refused: CountersealError) -> tuple[int, dict[str, str], bytes]:
    """The answer to a refusal (RFC 9457): status, fields and content, with the public code and nothing else.

    What the program itself did wrong is logged, since the peer cannot be told.
    """
    if refused.blame == "integrator":
        _audit.error("%s", refused)
    headers = {"content-type": "application/problem+json", "cache-control": "no-store", **refused.headers}
    if refused.retry_after is not None:
        headers["retry-after"] = str(refused.retry_after)
    if refused.http == HTTPStatus.UNAUTHORIZED:
        # RFC 9110 section 11.6.1: a 401 names a scheme.
        headers.setdefault("www-authenticate", "Signature")
    title = HTTPStatus(refused.http).phrase
    content = {"type": "about:blank", "title": title, "status": refused.http, "code": refused.public}
    return refused.http, headers, json.dumps(content).encode()


_OF_TIME = ("request_expired", "request_outside_window")


def limit_fields(scope: Scope) -> dict[str, str]:
    """What the response to the request of this scope says about the limits that it was within."""
    return fields(_limits(scope))


def _limits(scope: Scope) -> list[Admitted]:
    """The limits that the request was within."""
    found: list[Admitted] = scope.setdefault("counterseal.limits", [])
    return found


async def _respond(send: Send, status: int, headers: dict[str, str], content: bytes) -> None:
    lines = _lines({**headers, "content-length": str(len(content))})
    await send({"type": "http.response.start", "status": status, "headers": lines})
    await send({"type": "http.response.body", "body": content})


def signing(send: Send, proof: Callable[[], Verified | None], method: str) -> Send:
    """The same, once the response is complete and signed; as it comes, while there is no proof of a request."""
    started: Message = {}
    body = bytearray()

    async def signed_send(message: Message) -> None:
        verified = proof()
        if message["type"] == "http.response.start" and verified is not None:
            started.update(message)
            return
        if verified is None or not started or message["type"] != "http.response.body":
            await send(message)
            return
        body.extend(message.get("body", b""))
        if message.get("more_body", False):
            return
        # The answer to HEAD has no content.
        signed = verified.sign_response(started["status"], b"" if method == "HEAD" else bytes(body))
        lines = [line for line in started.get("headers", ()) if line[0].lower().decode() not in signed]
        await send({**started, "headers": [*lines, *_lines(signed)]})
        await send({**message, "body": bytes(body)})

    return signed_send


def _telling(send: Send, headers: dict[str, str]) -> Send:
    """The same, with more fields in the response."""
    if not headers:
        return send

    async def telling(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", ()), *_lines(headers)]}
        await send(message)

    return telling


def _lines(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode()) for name, value in headers.items()]


def _again(body: bytes, receive: Receive) -> Receive:
    """The body that was read, and then whatever the server has to say."""
    messages = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def receive_again() -> Message:
        message = next(messages, None)
        return await receive() if message is None else message

    return receive_again
