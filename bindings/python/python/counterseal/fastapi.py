"""Signed requests for FastAPI: a security scheme, and answers that tell the peer no more than it may know.

::

    signed = SignedRequest(Verifier(Policy(["api.example"]), keys, SharedRing("/run/jobs/ring")))
    app = FastAPI()
    install(app)

    @app.post("/v1/jobs")
    async def create(caller: Annotated[Verified, Security(signed)]) -> ...:
        caller.key_id, caller.component("@path")

`install` makes routes verify before FastAPI reads and parses the body, so call it before the routes are
declared; for routers of your own say `APIRouter(route_class=SignedRoute)`. Verification takes the raw
path, the raw query and the raw body; a body is read up to the policy's limit and not further.

What it does not protect: whatever the handler takes from the request that was not covered.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import aclosing
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, cast

from fastapi import FastAPI, Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.openapi.models import APIKey, APIKeyIn
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from fastapi.security.base import SecurityBase
from starlette.concurrency import run_in_threadpool

from counterseal.errors import ArgumentError, CountersealError
from counterseal.request import Key, Verified, Verifier

if TYPE_CHECKING:
    from counterseal.stores import Waiting

__all__ = ["SignedRequest", "SignedRoute", "install", "problem"]

Parts = tuple[str, str, bytes, bytes, bytes, list[tuple[bytes, bytes]], bytes]

_audit = logging.getLogger("counterseal.audit")


class SignedRequest(SecurityBase):
    """The security scheme: `Annotated[Verified, Security(SignedRequest(verifier))]`.

    `drive` runs a decision on a store of your own (see `counterseal.stores.drive_async`); without it
    the verifier's store is used, in a thread where it may wait for a file. `load_key` is asked for
    keys that the verifier does not know, at most as often as the verifier allows, and for known keys
    in turn; it returns the key, or None when there is none of that id. `on_event` gets each audit
    event as one line of JSON; without it they go to the logger `counterseal.audit`.
    """

    def __init__(
        self,
        verifier: Verifier,
        *,
        drive: Callable[[Waiting], Awaitable[Verified]] | None = None,
        load_key: Callable[[str], Awaitable[Key | None]] | None = None,
        on_event: Callable[[str], None] = _audit.info,
        clock: Callable[[], int] | None = None,
        scheme_name: str = "Counterseal",
    ) -> None:
        self.model = APIKey(
            **{"in": APIKeyIn.header},  # `in` is a word of Python
            name="Signature",
            description="RFC 9421 with hmac-sha256 and tag counterseal/1; see also Signature-Input and Content-Digest",
        )
        self.scheme_name = scheme_name
        self._verifier = verifier
        self._drive = drive
        self._load_key = load_key
        self._on_event = on_event
        self._clock = clock

    async def __call__(self, request: Request) -> Verified:
        """The proof for this request; it is verified once, however often it is asked for."""
        proofs: dict[SignedRequest, Verified] = request.scope.setdefault("counterseal.verified", {})
        if self not in proofs:
            proofs[self] = await self._verify(request)
        return proofs[self]

    async def _verify(self, request: Request) -> Verified:
        try:
            parts = await _parts(request, self._verifier.body_limit_bytes)
            now = self._clock() if self._clock else None
            await self._learn(parts, now)
            verified = await self._decide(parts, now)
        except CountersealError as refused:
            if refused.event is not None:
                self._on_event(refused.event)
            raise
        self._on_event(verified.event)
        return verified

    async def _decide(self, parts: Parts, now: int | None) -> Verified:
        if self._drive is not None:
            return await self._drive(self._verifier.begin(*parts, now=now))
        if self._verifier.blocking:
            return await run_in_threadpool(self._verifier.verify, *parts, now=now)
        return self._verifier.verify(*parts, now=now)

    async def _learn(self, parts: Parts, now: int | None) -> None:
        """Loads the key that the request names, and the known one whose turn it is, if any."""
        if self._load_key is None:
            return
        for key_id in (self._verifier.key_to_load(*parts, now=now), self._verifier.key_to_refresh(now=now)):
            if key_id is not None:
                await self._load(key_id, self._load_key)

    async def _load(self, key_id: str, load_key: Callable[[str], Awaitable[Key | None]]) -> None:
        try:
            key = await load_key(key_id)
        except Exception:
            # A key that is known stays known: it was good, and the store that says more is away.
            _audit.exception("a key was not loaded")
            return
        if key is None:
            self._verifier.forget_key(key_id)
        else:
            self._verifier.put_key(key)


class SignedRoute(APIRoute):
    """A route that verifies its `SignedRequest` schemes before the body is parsed."""

    def get_route_handler(self) -> Callable[[Request], Awaitable[Response]]:  # type: ignore[override]
        schemes = list(dict.fromkeys(_schemes(self.dependant)))
        handle = super().get_route_handler()

        async def verified_first(request: Request) -> Response:
            for scheme in schemes:
                await scheme(request)
            return await handle(request)

        return verified_first


def install(app: FastAPI) -> None:
    """Answers refusals as problem+json, and makes the routes declared from now on verify first."""
    app.router.route_class = SignedRoute
    app.add_exception_handler(CountersealError, problem)


async def problem(request: Request, refused: Exception) -> Response:
    """The answer to a refusal (RFC 9457): the public code and the status, nothing else."""
    assert isinstance(refused, CountersealError)  # noqa: S101 - registered for this class only
    if refused.blame == "integrator":
        _audit.error("%s", refused)
    headers = {"Cache-Control": "no-store"}
    if refused.retry_after is not None:
        headers["Retry-After"] = str(refused.retry_after)
    if refused.http == HTTPStatus.UNAUTHORIZED:
        # RFC 9110 section 11.6.1: a 401 names a scheme.
        headers["WWW-Authenticate"] = "Signature"
    body = {
        "type": "about:blank",
        "title": HTTPStatus(refused.http).phrase,
        "status": refused.http,
        "code": refused.public,
    }
    return JSONResponse(body, refused.http, headers, "application/problem+json")


async def _parts(request: Request, body_limit: int) -> Parts:
    """The request as it was sent."""
    scope = request.scope
    path = scope.get("raw_path")
    if path is None:
        raise ArgumentError("binding_raw_target_missing")
    headers = [(bytes(name), bytes(value)) for name, value in scope["headers"]]
    hosts = [value for name, value in headers if name == b"host"]
    # Without exactly one Host there is no authority, and none is refused (RFC 9112 section 3.2).
    authority = hosts[0] if len(hosts) == 1 else b""
    body = await _body(request, body_limit)
    return scope["method"], scope["scheme"], authority, path, scope["query_string"], headers, body


async def _body(request: Request, limit: int) -> bytes:
    """The raw body, or its beginning of one byte more than `limit`, which is refused by its size."""
    if not hasattr(request, "_body"):
        if request._stream_consumed:
            raise ArgumentError("binding_body_consumed")
        request._body = await _read(request, limit)
    return request._body


async def _read(request: Request, limit: int) -> bytes:
    body = bytearray()
    async with aclosing(cast("AsyncIterator[bytes]", request.stream())) as chunks:  # type: ignore[type-var]
        async for chunk in chunks:
            body += chunk[: limit + 1 - len(body)]
            if len(body) > limit:
                break
    return bytes(body)


def _schemes(dependant: Dependant) -> Iterator[SignedRequest]:
    """The schemes that a route depends on, also through others."""
    for inner in dependant.dependencies:
        if isinstance(inner.call, SignedRequest):
            yield inner.call
        yield from _schemes(inner)


