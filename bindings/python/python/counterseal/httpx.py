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
import json
import math
import re
import threading
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection, Generator, Iterator
from http import HTTPStatus
from weakref import WeakKeyDictionary

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

    `load` gives the refresh token that is stored, or None; it is asked for each request, so that a login or a logout
    counts at once. `save` stores one, or forgets it for None, and is called before the access token that came with it
    is used. A request that is refused with 401 refreshes once and is sent again; where the session is over,
    `binding_login_needed` is raised. Tokens go to the host of `url` and to `authorities` only; a refresh that is
    redirected fails. Threads and event loops may share it.

    What it does not protect: whoever can read what `load` reads has the session; bind it by `device_secret`, and keep
    the two apart.
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
        if isinstance(authorities, str) or not (device_secret is None or isinstance(device_secret, bytes)):
            raise ArgumentError("binding_argument_type")
        self._url = _place(url)
        hosts = (_place(f"{self._url.scheme}://{authority}").netloc for authority in authorities)
        self._authorities = {self._url.netloc, *hosts}
        self._load = load
        self._save = save
        self._device_secret = device_secret
        self._clock = clock or (lambda: time.time_ns() // 1_000_000)
        self._access: str | None = None
        self._of: str | None = None
        """The refresh token that is stored beside it."""
        self._good = 0
        """Until when this host's clock says that it is good."""
        # A hook of the client may send something while it refreshes.
        self._lock = threading.RLock()
        self._turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.read()
        if not self._is_ours(request):
            yield request
            return
        refused = None
        while True:
            with self._lock:
                for asking in self._asks(refused):
                    answer = yield asking.request
                    answer.read()
                    if self._take(answer, asking):
                        break
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
        turn = self._turns.setdefault(asyncio.get_running_loop(), asyncio.Lock())
        while True:
            async with turn:
                for asking in self._asks(refused):
                    answer = yield asking.request
                    await answer.aread()
                    if self._take(answer, asking):
                        break
                used = self._bear(request)
            response = yield request
            if response.status_code != HTTPStatus.UNAUTHORIZED or refused is not None:
                return
            refused = used

    def _is_ours(self, request: httpx.Request) -> bool:
        return request.url.netloc in self._authorities and request.url.scheme == self._url.scheme

    def _asks(self, refused: str | None) -> Iterator[_Refresh]:
        """What refreshes, until there is an access token. One that was made for this request is good, whatever the
        clocks say."""
        for _ in range(_TURNS):
            if (asking := self._asking(refused)) is None:
                return
            yield asking
        raise RefreshError("binding_refresh_failed")

    def _asking(self, refused: str | None) -> _Refresh | None:
        """What refreshes, unless there is a good access token of the stored session that was not refused."""
        token = self._load()
        if token is None:
            self._access = None
            raise RefreshError("binding_login_needed")
        if not isinstance(token, str):
            raise ArgumentError("binding_argument_type")
        is_good = self._of == token and self._access not in (None, refused)
        if is_good and self._clock() < self._good:
            return None
        return _Refresh(self._url, token, self._device_secret)

    def _take(self, answer: httpx.Response, asked: _Refresh) -> bool:
        """Takes over what the service answered, unless the session is over or somebody logged in or out meanwhile."""
        if self._load() != asked.token:
            return False
        if answer.headers.get("cs-forget") == "1" and answer.request.url == self._url:
            self._save(None)
            return False
        told = _told(answer, self._url)
        if told is None:
            raise RefreshError("binding_refresh_failed")
        access, expires, fresh = told
        if fresh is not None:
            self._save(fresh)
        left = expires - self._clock()
        self._access, self._of = access, fresh or asked.token
        self._good = expires - min(_EARLY, left // 4)
        return True

    def _bear(self, request: httpx.Request) -> str | None:
        request.headers["authorization"] = f"Bearer {self._access}"
        return self._access


class _Refresh:
    """A request for tokens, and the token that it presents."""

    def __init__(self, url: httpx.URL, token: str, device_secret: bytes | None) -> None:
        asked = {"refresh_token": token}
        if device_secret is not None:
            asked["device_secret"] = device_secret.hex()
        content = json.dumps(asked).encode()
        fields = {"content-type": "application/json", "content-length": str(len(content))}
        self.token = token
        self.request = httpx.Request("POST", url, headers=fields, stream=_Once(content))


class _Once(httpx.SyncByteStream, httpx.AsyncByteStream):
    """Content that is sent once: a redirect would take it to somebody else."""

    def __init__(self, content: bytes) -> None:
        self._content: bytes | None = content

    def _taken(self) -> bytes:
        content, self._content = self._content, None
        if content is None:
            raise httpx.StreamConsumed
        return content

    def __iter__(self) -> Iterator[bytes]:
        yield self._taken()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._taken()


def _told(answer: httpx.Response, url: httpx.URL) -> tuple[str, int, str | None] | None:
    """What the service answered, if it refreshed."""
    if answer.status_code != HTTPStatus.OK or answer.request.url != url:
        return None
    try:
        told = answer.json()
    except (ValueError, RecursionError):
        return None
    if not isinstance(told, dict):
        return None
    access, expires, fresh = (told.get(name) for name in ("access_token", "expires", "refresh_token"))
    if not (isinstance(access, str) and access.isascii() and access.isprintable()):
        return None
    if not isinstance(expires, int) or isinstance(expires, bool) or not isinstance(fresh, str | None):
        return None
    return access, expires, fresh


def _place(url: str) -> httpx.URL:
    """An absolute URL without names of users."""
    try:
        place = httpx.URL(url)
    except (httpx.InvalidURL, TypeError):
        raise ArgumentError("binding_argument_type") from None
    if not place.is_absolute_url or place.userinfo:
        raise ArgumentError("binding_argument_type")
    return place


_EARLY = 30_000
"""Who has less left than this, in milliseconds, or than a quarter of what it had, is refreshed before it is used."""

_TURNS = 3
"""How often is begun anew where somebody logs in or out meanwhile."""
