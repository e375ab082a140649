"""Signed requests and access tokens for FastAPI: security schemes, and answers that tell the peer no more than it may
know.

::

    signed = SignedRequest(Verifier(Policy(["api.example"]), keys, SharedRing("/run/jobs/ring")))
    app = FastAPI()
    install(app)

    @app.post("/v1/jobs")
    async def create(caller: Annotated[Verified, Security(signed)]) -> ...:
        caller.key_id, caller.component("@path")

    tokens = AccessToken(TokenVerifier(policy, keys))

    @app.get("/v1/orders")
    async def orders(claims: Annotated[OrderClaims, Depends(tokens.of(OrderClaims))]) -> ...:
        claims.sub, claims.scope

    app.include_router(published_keys(ring))        # GET /.well-known/jwks.json, for an issuer with a ring of keys

`install` makes routes verify before FastAPI reads and parses the body, so call it before the routes are declared; for
routers of your own say `APIRouter(route_class=SignedRoute)`. Elsewhere FastAPI has read and parsed a body by the time
the scheme runs, and every request with one is refused (`binding_body_consumed`). `counterseal.asgi` says what is
taken from the server, and protects whole applications.

What it does not protect: WebSocket routes, and whatever the handler takes from the request that was not covered.
"""

# Without postponed annotations: older releases of FastAPI cannot see through them in a callable object.

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Annotated, Protocol, TypeVar

from fastapi import APIRouter, FastAPI, HTTPException, Request, Response, Security
from fastapi.dependencies.models import Dependant
from fastapi.openapi.models import APIKey, APIKeyIn, HTTPBearer
from fastapi.routing import APIRoute
from fastapi.security.base import SecurityBase
from pydantic import BaseModel, ValidationError

from counterseal._counterseal import claims_unfit
from counterseal.asgi import (
    Authenticator,
    Drive,
    LoadKey,
    Receive,
    Scope,
    Send,
    answer,
    limit_fields,
    read_body,
    signing,
)
from counterseal.errors import ArgumentError, CountersealError
from counterseal.jwt import (
    Authorized,
    LiveToken,
    Requirement,
    Standing,
    TokenRing,
    TokenVerifier,
    VerifiedToken,
    bearer,
)
from counterseal.limit import Admitted, Limiter
from counterseal.request import Verified, Verifier
from counterseal.stores import Memory, Sqlite, Waiting
from counterseal.types import Buffer
from counterseal.webhook import Received, Receiver

__all__ = [
    "AccessToken",
    "LimitedByAddress",
    "ReceivedWebhook",
    "SignedRequest",
    "SignedRoute",
    "follow_ring",
    "install",
    "problem",
    "published_keys",
]


Model = TypeVar("Model", bound=BaseModel)
First = TypeVar("First", "LimitedByAddress", "ReceivedWebhook", "SignedRequest")

audit = logging.getLogger("counterseal.audit")
_log = logging.getLogger("counterseal.jwt")

_PATIENCE = 30.0
"""How long a reading of keys may take."""
_GONE = "the client is gone"
"""Nobody reads it; an error of the server's own would fill its log at a stranger's will."""


class SignedRequest(SecurityBase):
    """The security scheme: `Annotated[Verified, Security(SignedRequest(verifier))]`.

    The options are those of `counterseal.asgi.Authenticator`.
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
        scheme_name: str = "Counterseal",
    ) -> None:
        self.model = APIKey.model_validate(_SCHEME)
        self.scheme_name = scheme_name
        self._authenticator = Authenticator(
            verifier,
            drive=drive,
            load_key=load_key,
            on_event=on_event,
            clock=clock,
            stripped_prefix=stripped_prefix,
            by_address=by_address,
            by_failure=by_failure,
            by_key=by_key,
            sign_responses=sign_responses,
        )

    async def __call__(self, request: Request) -> Verified:
        """The proof for this request; it is verified once, however often it is asked for."""
        proofs: dict[SignedRequest, Verified] = request.scope.setdefault("counterseal.proofs", {})
        if self not in proofs:
            await self._authenticator.admit(request.scope)
            proofs[self] = await self._authenticate(request)
            if self._authenticator.sign_responses:
                request.scope[_ANSWERS] = proofs[self]
        return proofs[self]

    async def _authenticate(self, request: Request) -> Verified:
        if _is_read(request):
            return await self._authenticator.authenticate(request.scope, request._body)
        received = await self._authenticator.receive(request.scope, request.receive)
        if received is None:
            raise HTTPException(HTTPStatus.BAD_REQUEST, _GONE)
        verified, request._body = received
        request._stream_consumed = True
        return verified

    async def follow_keys(self, *, every_seconds: float = 10.0) -> None:
        """Loads all known keys again and again, for as long as it runs: start it in the application's lifespan."""
        await self._authenticator.follow_keys(every_seconds=every_seconds)


class RemoteTokens(Protocol):
    """Verifies tokens with keys that it fetches: `counterseal.httpx.RemoteVerifier`."""

    @property
    def issuer(self) -> str:
        """Whose tokens they are."""

    async def verify(self, token: str, *, certificate: Buffer | None = None) -> VerifiedToken:
        """The proof that a token is genuine."""


class AccessToken(SecurityBase):
    """The security scheme of bearer tokens: `Annotated[VerifiedToken, Security(AccessToken(verifier))]`.

    The verifier is a `TokenVerifier`, or a `counterseal.httpx.RemoteVerifier` for tokens of another issuer.

    With `Depends(AccessToken(verifier).of(Model))` a handler gets the claims as a pydantic model, and what `requiring`
    makes of it lets those in only whose token grants what is required. With a `standing`, a store is asked whether the
    token may still act: by `drive`, which runs a decision on a database of your own, or in a `store` of ours.

    `on_event` gets each refusal as one line of JSON; without it they go to the logger `counterseal.audit`. A token that
    is bound to a certificate needs `certificate`, which finds the SHA-256 thumbprint of the peer's certificate for a
    request.
    """

    def __init__(
        self,
        verifier: TokenVerifier | RemoteTokens,
        *,
        standing: Standing | None = None,
        drive: Callable[[Waiting[LiveToken]], Awaitable[LiveToken]] | None = None,
        store: Memory | Sqlite | None = None,
        certificate: Callable[[Request], bytes | None] | None = None,
        on_event: Callable[[str], None] | None = None,
        clock: Callable[[], int] | None = None,
        scheme_name: str = "AccessToken",
    ) -> None:
        self.model = HTTPBearer(bearerFormat="JWT", description=f"An access token by {verifier.issuer}")
        self.scheme_name = scheme_name
        if standing is not None and drive is None and store is None:
            raise ArgumentError("binding_store_missing")
        self._verifier = verifier
        self._standing = standing
        self._drive = drive
        self._store = store
        self._certificate = certificate or _no_certificate
        self._on_event = on_event or audit.info
        self._clock = clock

    async def __call__(self, request: Request) -> VerifiedToken:
        """The proof for this request; it is verified once, however often it is asked for."""
        proofs: dict[AccessToken, VerifiedToken] = request.scope.setdefault("counterseal.tokens", {})
        if self not in proofs:
            now = self._clock() if self._clock else None
            with self._telling():
                token = bearer(request.scope["headers"], now=now)
                verified = await self._verify(token, self._certificate(request), now)
                await self._ask(verified, now)
            proofs[self] = verified
        return proofs[self]

    async def _verify(self, token: str, certificate: bytes | None, now: int | None) -> VerifiedToken:
        if isinstance(self._verifier, TokenVerifier):
            return self._verifier.verify(token, certificate=certificate, now=now)
        # It has a clock of its own.
        return await self._verifier.verify(token, certificate=certificate)

    async def _ask(self, verified: VerifiedToken, now: int | None) -> None:
        if self._standing is None:
            return
        asked = self._standing.begin(verified, now=now)
        if self._drive is not None:
            await self._drive(asked)
        elif isinstance(self._store, Sqlite):
            await asyncio.to_thread(asked.run, self._store)
        elif self._store is not None:
            asked.run(self._store)

    @contextmanager
    def _telling(self) -> Iterator[None]:
        try:
            yield
        except CountersealError as refused:
            if refused.event is not None:
                self._on_event(refused.event)
            raise

    def requiring(self, requirement: Requirement) -> Callable[[VerifiedToken], Awaitable[Authorized]]:
        """A dependency that lets those in whose token grants what is required."""

        async def authorized(verified: Annotated[VerifiedToken, Security(self)]) -> Authorized:
            with self._telling():
                return requirement.check(verified, now=self._clock() if self._clock else None)

        return authorized

    def of(self, model: type[Model]) -> Callable[[VerifiedToken], Awaitable[Model]]:
        """A dependency that reads the claims of a genuine token as this pydantic model."""

        async def claims(verified: Annotated[VerifiedToken, Security(self)]) -> Model:
            try:
                return model.model_validate_json(verified.payload)
            except ValidationError:
                return claims_unfit()

        return claims


def published_keys(
    ring: TokenRing, *, path: str = "/.well-known/jwks.json", clock: Callable[[], int] | None = None
) -> APIRouter:
    """A router with the one route that publishes the keys of an issuer: `app.include_router(published_keys(ring))`.

    It answers 304 to whoever has them already, and 503 while the ring was not read for too long.
    """
    router = APIRouter(route_class=APIRoute)

    @router.api_route(path, methods=["GET", "HEAD"], include_in_schema=False)
    async def published(request: Request) -> Response:
        try:
            keys = ring.published(now=clock() if clock else None)
        except CountersealError as refused:
            return await problem(request, refused)
        fields = {"etag": keys.etag, "cache-control": keys.cache_control}
        if keys.is_known(request.headers.getlist("if-none-match")):
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=fields)
        return Response(keys.body, headers=fields, media_type=keys.content_type)

    return router


async def follow_ring(
    ring: TokenRing,
    *,
    drive: Callable[[Waiting[None]], Awaitable[None]] | None = None,
    store: Memory | Sqlite | None = None,
    every_seconds: float | None = None,
    clock: Callable[[], int] | None = None,
) -> None:
    """Reads a ring again and again, for as long as it runs: start it in the application's lifespan, after a first
    `ring.load()`. It reads each minute, and each second while no key signs, unless it is told otherwise. What fails is
    logged, and the ring goes by what it read before, for as long as it may."""
    if drive is None and store is None:
        raise ArgumentError("binding_store_missing")
    while True:
        pause = ring.pause(now=clock() if clock else None) / 1_000
        await asyncio.sleep(pause if every_seconds is None else every_seconds)
        try:
            reading = ring.load(now=clock() if clock else None)
            if drive is not None:
                await asyncio.wait_for(drive(reading), _PATIENCE)
            elif store is not None:
                await asyncio.wait_for(asyncio.to_thread(reading.run, store), _PATIENCE)
        except Exception as error:  # whatever it is, the next reading may do better
            told = error.code if isinstance(error, CountersealError) else type(error).__name__
            _log.error("the keys of the issuer were not read: %s", told)


class LimitedByAddress:
    """A dependency that counts requests by address: `dependencies=[Depends(LimitedByAddress(limiter))]`.

    Where `install` was called it comes before the body is read. A limit by a name in the content is the handler's:
    `await limiter.by_name(form.user)`.
    """

    def __init__(self, limiter: Limiter) -> None:
        self._limiter = limiter

    async def __call__(self, request: Request) -> Admitted:
        """Counts this request, once, however often it is asked for."""
        counted: dict[LimitedByAddress, Admitted] = request.scope.setdefault("counterseal.counted", {})
        if self not in counted:
            counted[self] = await self._limiter.by_address(request.scope)
            request.scope.setdefault("counterseal.limits", []).append(counted[self])
        return counted[self]


class ReceivedWebhook:
    """A dependency that takes deliveries of webhooks: `Annotated[Received, Depends(ReceivedWebhook(receiver))]`.

    Where `install` was called it comes before the body is parsed; `await request.body()` has the raw body after it.
    `drive` runs a decision on a store of your own; without it the receiver's store is used, in a thread where it may
    wait for a file. `on_event` gets each audit event as one line of JSON; without it they go to the logger
    `counterseal.audit`.
    """

    def __init__(
        self,
        receiver: Receiver,
        *,
        drive: Callable[[Waiting[Received]], Awaitable[Received]] | None = None,
        on_event: Callable[[str], None] | None = None,
        clock: Callable[[], int] | None = None,
    ) -> None:
        self._receiver = receiver
        self._drive = drive
        self._on_event = on_event or audit.info
        self._clock = clock

    async def __call__(self, request: Request) -> Received:
        """The message that this request delivers; it is taken once, however often it is asked for."""
        taken: dict[ReceivedWebhook, Received] = request.scope.setdefault("counterseal.webhooks", {})
        if self not in taken:
            body = await _body(request, self._receiver.body_limit_bytes)
            taken[self] = await self._take(request.scope["headers"], body)
        return taken[self]

    async def _take(self, headers: list[tuple[bytes, bytes]], body: bytes) -> Received:
        try:
            received = await self._decide(list(headers), body, self._clock() if self._clock else None)
        except CountersealError as refused:
            if refused.event is not None:
                self._on_event(refused.event)
            raise
        self._on_event(received.event)
        return received

    async def _decide(self, headers: list[tuple[bytes, bytes]], body: bytes, now: int | None) -> Received:
        if self._drive is not None:
            return await self._drive(self._receiver.begin(headers, body, now=now))
        if self._receiver.blocking:
            return await asyncio.to_thread(self._receiver.receive, headers, body, now=now)
        return self._receiver.receive(headers, body, now=now)


class SignedRoute(APIRoute):
    """A route that counts and verifies (`LimitedByAddress`, `SignedRequest`, `ReceivedWebhook`) before the body is
    parsed, and signs what it answers if `SignedRequest` was told so."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        await super().handle(scope, receive, signing(send, lambda: scope.get(_ANSWERS), scope["method"]))

    def get_route_handler(self) -> Callable[[Request], Awaitable[Response]]:  # type: ignore[override]
        handle = super().get_route_handler()

        async def verified_first(request: Request) -> Response:
            request.scope[_FIRST] = True
            for limit in self._first(request, LimitedByAddress):
                await limit(request)
            for scheme in self._first(request, SignedRequest):
                await scheme(request)
            for webhook in self._first(request, ReceivedWebhook):
                await webhook(request)
            response = await handle(request)
            response.headers.update(limit_fields(request.scope))
            return response

        return verified_first

    def _first(self, request: Request, kind: type[First]) -> list[First]:
        """What this request has to satisfy first; what a test overrides is left to FastAPI."""
        # A router that was included has more dependencies than the route itself.
        effective = request.scope.get("fastapi", {}).get("effective_route_context")
        dependant = getattr(effective, "dependant", None) or self.dependant
        overridden = getattr(request.app, "dependency_overrides", {})
        return [call for call in _calls(dependant, kind) if call not in overridden]


def install(app: FastAPI) -> None:
    """Answers refusals as problem+json, and makes the routes declared from now on verify first."""
    app.router.route_class = SignedRoute
    app.add_exception_handler(CountersealError, problem)


async def problem(_: Request, refused: Exception) -> Response:
    """The answer to a refusal (RFC 9457), as an exception handler."""
    assert isinstance(refused, CountersealError)  # noqa: S101 - registered for this class only
    status, fields, content = answer(refused)
    return Response(content, status, fields)


def _no_certificate(_: Request) -> None:
    return None


def _is_read(request: Request) -> bool:
    """Whether the raw body was read, by something that verifies too."""
    read = hasattr(request, "_body")
    if (read and _FIRST not in request.scope) or (not read and request._stream_consumed):
        # A route of another class read all of it, whatever its size, and parsed it before it was verified.
        raise ArgumentError("binding_body_consumed")
    return read


async def _body(request: Request, limit: int) -> bytes:
    """The raw body, kept for whoever reads it next."""
    if not _is_read(request):
        body = await read_body(request.receive, limit)
        if body is None:
            raise HTTPException(HTTPStatus.BAD_REQUEST, _GONE)
        request._body = body
        request._stream_consumed = True
    return request._body


def _calls(dependant: Dependant, kind: type[First]) -> Iterator[First]:
    """What of this kind a route depends on, also through others."""
    for inner in dependant.dependencies:
        if isinstance(inner.call, kind):
            yield inner.call
        yield from _calls(inner, kind)


_ANSWERS = "counterseal.answers"
_FIRST = "counterseal.first"
_SCHEME = {
    "type": "apiKey",
    "in": APIKeyIn.header,
    "name": "Signature",
    "description": "RFC 9421 with hmac-sha256 and tag counterseal/1; see also Signature-Input and Content-Digest",
}
