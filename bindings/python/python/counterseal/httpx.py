"""Signing with httpx, and verifying tokens whose keys are fetched with it (`RemoteVerifier`,
`OidcVerifier`).

::

    client = httpx.Client(auth=SignatureAuth(signer))

Each attempt is signed anew, with a new nonce and the time at which it leaves. httpx follows redirects
below its auth layer, with the fields of the first request, and verifiers refuse those; where you
follow redirects, use the transports instead, which sign whatever leaves for an authority that you name, as its `Host`
field is written (lower-case, without scheme and default port)::

    client = httpx.Client(transport=SigningTransport(signer, ["api.example"]), follow_redirects=True)

Where a service refuses a request for its time and signs that, later requests keep to the service's clock, and this one
is signed anew, once, if that cannot do its work twice: its method only reads, or its time is over for good. A request
by a clock that is ahead may still be taken later, so a POST of such a client fails with 401 once. With
`verify_responses` each answer must be signed by the service for this very request: its content is read to the end,
whatever else is raised as `ResponseError`, and the proof is `response.extensions["counterseal.verified"]`.

A client with a session keeps its refresh token, and has an access token for each request (`counterseal.sessions`)::

    client = httpx.Client(auth=SessionAuth("https://api.example/session/token", load=keep.load, save=keep.save))
"""

from __future__ import annotations

import asyncio
import math
import re
import threading
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection, Generator, Iterator
from http import HTTPStatus

import httpx

from counterseal._remote import OidcVerifier, RemoteVerifier
from counterseal.errors import ArgumentError, RefreshError, ResponseError
from counterseal.request import Policy, Sent, Signer

__all__ = [
    "AsyncSigningTransport",
    "OidcVerifier",
    "RemoteVerifier",
    "SessionAuth",
    "SignatureAuth",
    "SigningTransport",
]

Clock = Callable[[], int]
Seeds = Callable[[], bytes]


class SignatureAuth(httpx.Auth):
    """Signs each request that httpx sends."""

    requires_request_body = True

    def __init__(
        self,
        signer: Signer,
        *,
        clock: Clock | None = None,
        seeds: Seeds | None = None,
        verify_responses: bool = False,
    ) -> None:
        self._signing = _Signing(signer, clock, seeds, verify_responses=verify_responses)

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Signs the request, whose content was read, once: for whoever sends it without httpx."""
        next(self._signing.attempts(request))
        yield request

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.read()
        for attempt in self._signing.attempts(request):
            response = yield request
            if attempt.may_tell(response):
                attempt.learn(response, _beginning(response))
            if attempt.is_to_check:
                attempt.check_head(response)
                response.read()
                attempt.check(response)

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        await request.aread()
        for attempt in self._signing.attempts(request):
            response = yield request
            if attempt.may_tell(response):
                attempt.learn(response, await _async_beginning(response))
            if attempt.is_to_check:
                attempt.check_head(response)
                await response.aread()
                attempt.check(response)


class SigningTransport(httpx.BaseTransport):
    """Signs each request to one of `authorities`, redirected ones too, and sends no signature elsewhere."""

    def __init__(
        self,
        signer: Signer,
        authorities: Collection[str],
        transport: httpx.BaseTransport | None = None,
        *,
        clock: Clock | None = None,
        seeds: Seeds | None = None,
        verify_responses: bool = False,
    ) -> None:
        self._signing = _Signing(signer, clock, seeds, _checked(authorities), verify_responses=verify_responses)
        self._transport = transport or httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        for attempt in self._signing.attempts(request):
            response = self._transport.handle_request(request)
            if attempt.may_tell(response):
                attempt.learn(response, _beginning(response))
            if attempt.is_to_repeat:
                response.close()
            if attempt.is_to_check:
                if not response.is_stream_consumed:
                    response = _whole(response, b"".join(response.iter_raw()))
                attempt.check(response)
        return response

    def close(self) -> None:
        self._transport.close()


class AsyncSigningTransport(httpx.AsyncBaseTransport):
    """`SigningTransport` for `httpx.AsyncClient`."""

    def __init__(
        self,
        signer: Signer,
        authorities: Collection[str],
        transport: httpx.AsyncBaseTransport | None = None,
        *,
        clock: Clock | None = None,
        seeds: Seeds | None = None,
        verify_responses: bool = False,
    ) -> None:
        self._signing = _Signing(signer, clock, seeds, _checked(authorities), verify_responses=verify_responses)
        self._transport = transport or httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        for attempt in self._signing.attempts(request):
            response = await self._transport.handle_async_request(request)
            if attempt.may_tell(response):
                attempt.learn(response, await _async_beginning(response))
            if attempt.is_to_repeat:
                await response.aclose()
            if attempt.is_to_check:
                if not response.is_stream_consumed:
                    response = _whole(response, b"".join([chunk async for chunk in response.aiter_raw()]))
                attempt.check(response)
        return response

    async def aclose(self) -> None:
        await self._transport.aclose()


def _checked(authorities: Collection[str]) -> frozenset[str]:
    """The authorities, each as a `Host` field names it: a misspelt one would leave its requests unsigned."""
    if isinstance(authorities, str) or not isinstance(authorities, Collection):
        raise ArgumentError("binding_argument_type", detail=[("authorities", "a list, and no str")])
    if not authorities:
        raise ArgumentError("binding_argument_length", detail=[("authorities", "at least one")])
    for authority in authorities:
        Policy([authority])
    return frozenset(authorities)


class _Signing:
    def __init__(
        self,
        signer: Signer,
        clock: Clock | None,
        seeds: Seeds | None,
        authorities: frozenset[str] | None = None,
        *,
        verify_responses: bool,
    ) -> None:
        if not isinstance(signer, Signer):
            raise ArgumentError("binding_argument_type", detail=[("signer", "Signer")])
        for name, function in (("clock", clock), ("seeds", seeds)):
            if function is not None and not callable(function):
                raise ArgumentError("binding_argument_type", detail=[(name, "a function")])
        self._signer = signer
        self._clock = clock
        self._seeds = seeds
        self._authorities = authorities
        self.verifies = verify_responses
        self._offsets: dict[str, int] = {}
        """How far the clocks of services are ahead of this one, in milliseconds."""

    def attempts(self, request: httpx.Request) -> Generator[_Attempt, None, None]:
        """Signs the request; and once more by the service's clock, where that cannot do its work twice."""
        attempt = self._attempt(request)
        yield attempt
        self._learn(request, attempt)
        if attempt.is_to_repeat:
            attempt = self._attempt(request, again=True)
            yield attempt
            self._learn(request, attempt)

    def _learn(self, request: httpx.Request, attempt: _Attempt) -> None:
        if attempt.offset is not None:
            self._offsets[request.headers["host"]] = attempt.offset

    def _attempt(self, request: httpx.Request, *, again: bool = False) -> _Attempt:
        """Puts new signature fields in the place of those of an earlier attempt."""
        for name in ("content-digest", "signature-input", "signature"):
            request.headers.pop(name, None)
        authority = request.headers["host"]
        if self._authorities is not None and authority not in self._authorities:
            return _Attempt(None, self._own_time)
        # httpx's extension for targets that its URLs cannot express.
        target = request.extensions.get("target", request.url.raw_path)
        path, _, query = target.partition("?" if isinstance(target, str) else b"?")
        sent = self._signer.send(
            request.method,
            request.url.scheme,
            authority,
            path,
            query,
            request.headers.raw,
            request.content,
            now=max(self._own_time() + self._offsets.get(authority, 0), 0),
            seed=self._seeds() if self._seeds else None,
        )
        request.headers.update(sent.headers)
        return _Attempt(sent, self._own_time, verifies=self.verifies, again=again)

    def _own_time(self) -> int:
        return self._clock() if self._clock else time.time_ns() // 1_000_000


class _Attempt:
    """A request on its way."""

    def __init__(
        self, sent: Sent | None, own_time: Callable[[], int], *, verifies: bool = False, again: bool = False
    ) -> None:
        self._sent = sent
        self._own_time = own_time
        self._again = again
        self._began, self._left = time.monotonic(), own_time()
        self.is_to_check = verifies and sent is not None
        self.is_to_repeat = False
        self.offset: int | None = None
        """How far the service's clock is ahead in milliseconds, where its refusal told it."""

    def may_tell(self, response: httpx.Response) -> bool:
        """Whether the response, of which the head has come, may be a refusal that tells the service's clock."""
        self._at = self._own_time()
        # The one stands still while the host sleeps, the other may be set.
        took = math.ceil((time.monotonic() - self._began) * 1000)
        self._took = min(max(took, self._at - self._left), _LONGEST)
        told = response.status_code == HTTPStatus.UNAUTHORIZED and self._sent is not None
        return told and _TELLS.search(response.headers.get("signature-input", "")) is not None

    def learn(self, response: httpx.Response, content: bytes | None) -> None:
        """Takes such a refusal, unless it is too long for one."""
        if self._sent is None or content is None:
            return
        try:
            answered = response.status_code, response.headers.raw, content
            now, sign_anew = self._sent.clock(*answered, round_trip_ms=self._took)
        except ResponseError:
            # A forgery, or one that was held back: the refusal stands as it is.
            return
        # By the time of the head: the content may have been held back.
        self.offset = now - self._at
        self.is_to_repeat = sign_anew and not self._again
        # It is genuine, and no answer.
        self.is_to_check = False

    def check_head(self, response: httpx.Response) -> None:
        """Refuses content that is coded, which nobody signs: before it is unpacked."""
        if self._sent is not None and "content-encoding" in response.headers:
            self._sent.check(response.status_code, response.headers.raw, b"")

    def check(self, response: httpx.Response) -> None:
        """Takes the response, which was read."""
        if self._sent is not None:
            verified = self._sent.check(response.status_code, response.headers.raw, _content(response))
            response.extensions["counterseal.verified"] = verified


class _Replayed(httpx.SyncByteStream):
    """A stream of which the beginning was read."""

    def __init__(self, chunks: list[bytes], rest: Iterator[bytes], stream: httpx.SyncByteStream) -> None:
        self._chunks, self._rest, self._stream = chunks, rest, stream

    def __iter__(self) -> Iterator[bytes]:
        yield from self._chunks
        yield from self._rest

    def close(self) -> None:
        self._stream.close()


class _AsyncReplayed(httpx.AsyncByteStream):
    """The same of an asynchronous stream."""

    def __init__(self, chunks: list[bytes], rest: AsyncIterator[bytes], stream: httpx.AsyncByteStream) -> None:
        self._chunks, self._rest, self._stream = chunks, rest, stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self._chunks:
            yield chunk
        async for chunk in self._rest:
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()


def _whole(response: httpx.Response, content: bytes) -> httpx.Response:
    """The response as a transport gives one: its content is still to be read."""
    return httpx.Response(
        response.status_code,
        headers=response.headers,
        stream=httpx.ByteStream(content),
        extensions=response.extensions,
    )


def _content(response: httpx.Response) -> bytes:
    """The content, which is all there."""
    if isinstance(response.stream, httpx.ByteStream):
        return b"".join(response.stream)
    return response.content


def _beginning(response: httpx.Response) -> bytes | None:
    """The content, unless it is longer than that of a refusal; whoever wants it all can read it still."""
    stream = response.stream
    if response.is_stream_consumed or not isinstance(stream, httpx.SyncByteStream):
        response.read()
        return content if len(content := _content(response)) <= _MOST else None
    chunks: list[bytes] = []
    rest = iter(stream)
    is_whole = True
    patience = time.monotonic() + _PATIENCE
    for chunk in rest:
        chunks.append(chunk)
        if sum(map(len, chunks)) > _MOST or time.monotonic() > patience:
            is_whole = False
            break
    response.stream = _Replayed(chunks, rest, stream)
    return b"".join(chunks) if is_whole else None


async def _async_beginning(response: httpx.Response) -> bytes | None:
    """The same of an asynchronous response."""
    stream = response.stream
    if response.is_stream_consumed or not isinstance(stream, httpx.AsyncByteStream):
        await response.aread()
        return content if len(content := _content(response)) <= _MOST else None
    chunks: list[bytes] = []
    rest = aiter(stream)
    is_whole = True
    patience = time.monotonic() + _PATIENCE
    async for chunk in rest:
        chunks.append(chunk)
        if sum(map(len, chunks)) > _MOST or time.monotonic() > patience:
            is_whole = False
            break
    response.stream = _AsyncReplayed(chunks, rest, stream)
    return b"".join(chunks) if is_whole else None


_TELLS = re.compile('"counterseal/1/(clock|over)"')
"""What the signature of a refusal has that tells the service's clock."""

_MOST = 4_096
"""The longest content of a refusal that is looked at, in bytes."""

_PATIENCE = 5.0
"""The longest time for it, in seconds."""

_LONGEST = 3_600_000
"""What took longer took too long in any case, in milliseconds: a clock may be set by decades meanwhile."""


class SessionAuth(httpx.Auth):
    """Access tokens of a session, refreshed once for all requests that need it.

    `load` gives the refresh token that is stored, or None; `save` stores one, or forgets it for None, and is called
    before the access token that came with it is used. A request that is refused with 401 refreshes once and is sent
    again; where the session is over, `binding_login_needed` is raised. Nothing is sent to other hosts than that of
    `url`, and those of `authorities`.
    """

    requires_request_body = True

    def __init__(
        self,
        url: str,
        *,
        load: Callable[[], str | None],
        save: Callable[[str | None], None],
        device_secret: bytes | None = None,
        authorities: Collection[str] = (),
        clock: Clock | None = None,
    ) -> None:
        self._url = httpx.URL(url)
        self._authorities = {self._url.netloc.decode("ascii"), *authorities}
        self._load = load
        self._save = save
        self._device_secret = device_secret
        self._clock = clock or (lambda: time.time_ns() // 1_000_000)
        self._access: str | None = None
        self._expires = 0
        self._lock = threading.Lock()
        self._turn = asyncio.Lock()

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.read()
        if not self._is_ours(request):
            yield request
            return
        refused = None
        while True:
            with self._lock:
                if asking := self._asking(refused):
                    answer = yield asking
                    answer.read()
                    self._take(answer)
                used = self._bear(request)
            response = yield request
            if response.status_code != HTTPStatus.UNAUTHORIZED or refused is not None:
                return
            refused = used

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        await request.aread()
        if not self._is_ours(request):
            yield request
            return
        refused = None
        while True:
            async with self._turn:
                if asking := self._asking(refused):
                    answer = yield asking
                    await answer.aread()
                    self._take(answer)
                used = self._bear(request)
            response = yield request
            if response.status_code != HTTPStatus.UNAUTHORIZED or refused is not None:
                return
            refused = used

    def _is_ours(self, request: httpx.Request) -> bool:
        return request.url.netloc.decode("ascii") in self._authorities and request.url.scheme == self._url.scheme

    def _asking(self, refused: str | None) -> httpx.Request | None:
        """The request that refreshes, unless there is a good access token that was not refused."""
        if self._access is not None and self._access != refused and self._clock() < self._expires - _EARLY:
            return None
        token = self._load()
        if token is None:
            raise RefreshError("binding_login_needed")
        asked = {"refresh_token": token}
        if self._device_secret is not None:
            asked["device_secret"] = self._device_secret.hex()
        return httpx.Request("POST", self._url, json=asked)

    def _take(self, answer: httpx.Response) -> None:
        """Takes over what the service answered."""
        if answer.headers.get("cs-forget") == "1":
            self._save(None)
            self._access = None
            raise RefreshError("binding_login_needed")
        try:
            told = answer.json() if answer.status_code == HTTPStatus.OK else {}
            access, expires, fresh = told["access_token"], told["expires"], told["refresh_token"]
        except (ValueError, TypeError, KeyError):
            raise RefreshError("binding_refresh_failed") from None
        if fresh is not None:
            self._save(fresh)
        self._access, self._expires = access, expires

    def _bear(self, request: httpx.Request) -> str | None:
        request.headers["authorization"] = f"Bearer {self._access}"
        return self._access


_EARLY = 30_000
"""Who has less left than this, in milliseconds, is refreshed before the request is sent."""
