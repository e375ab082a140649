"""Signing with httpx.

::

    client = httpx.Client(auth=SignatureAuth(signer))

Each attempt is signed anew, with a new nonce and the time at which it leaves. httpx follows redirects
below its auth layer, with the fields of the first request, and verifiers refuse those; where you
follow redirects, use the transports instead, which sign whatever leaves for an authority that you name, as its `Host`
field is written (lower-case, without scheme and default port)::

    client = httpx.Client(transport=SigningTransport(signer, ["api.example"]), follow_redirects=True)

Where a service refuses a request for its time and signs that, the request is signed anew by the service's clock, once,
and later requests keep to that clock. With `verify_responses` each answer must be signed by the service for this very
request: its content is read to the end, whatever else is raised as `ResponseError`, and the proof is
`response.extensions["counterseal.verified"]`.
"""

from __future__ import annotations

import math
import time
from collections.abc import AsyncGenerator, Callable, Collection, Generator
from http import HTTPStatus

import httpx

from counterseal.errors import ArgumentError, ResponseError
from counterseal.request import Policy, Sent, Signer

__all__ = ["AsyncSigningTransport", "SignatureAuth", "SigningTransport"]

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
            if attempt.wants_content(response):
                response.read()
                attempt.handle(response)

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        await request.aread()
        for attempt in self._signing.attempts(request):
            response = yield request
            if attempt.wants_content(response):
                await response.aread()
                attempt.handle(response)


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
            if attempt.wants_content(response):
                response.read()
                attempt.handle(response)
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
            if attempt.wants_content(response):
                await response.aread()
                attempt.handle(response)
        return response

    async def aclose(self) -> None:
        await self._transport.aclose()


def _checked(authorities: Collection[str]) -> frozenset[str]:
    """The authorities, each as a `Host` field names it: a misspelt one would leave its requests unsigned."""
    if isinstance(authorities, str):
        raise ArgumentError("binding_argument_type", detail=[("authorities", "a list, and no str")])
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
        self._signer = signer
        self._clock = clock
        self._seeds = seeds
        self._authorities = authorities
        self.verifies = verify_responses
        self._offsets: dict[str, int] = {}
        """How far the clocks of services are ahead of this one, in milliseconds."""

    def attempts(self, request: httpx.Request) -> Generator[_Attempt, None, None]:
        """Signs the request, and once more if the service's clock is another."""
        attempt = self._attempt(request)
        yield attempt
        if attempt.clock is None:
            return
        self._offsets[request.headers["host"]] = attempt.clock - self._own_time()
        yield self._attempt(request, again=True)

    def _attempt(self, request: httpx.Request, *, again: bool = False) -> _Attempt:
        """Puts new signature fields in the place of those of an earlier attempt."""
        for name in ("content-digest", "signature-input", "signature"):
            request.headers.pop(name, None)
        authority = request.headers["host"]
        if self._authorities is not None and authority not in self._authorities:
            return _Attempt(None)
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
            now=self._own_time() + self._offsets.get(authority, 0),
            seed=self._seeds() if self._seeds else None,
        )
        request.headers.update(sent.headers)
        return _Attempt(sent, verifies=self.verifies, again=again)

    def _own_time(self) -> int:
        return self._clock() if self._clock else time.time_ns() // 1_000_000


class _Attempt:
    """A request on its way."""

    def __init__(self, sent: Sent | None, *, verifies: bool = False, again: bool = False) -> None:
        self._sent = sent
        self._verifies = verifies
        self._again = again
        self._began = time.monotonic()
        self._took = 0
        self.clock: int | None = None
        """The service's clock in milliseconds, where its refusal told it."""

    def wants_content(self, response: httpx.Response) -> bool:
        """Whether the response must be read before it is handed on."""
        self._took = math.ceil((time.monotonic() - self._began) * 1000)
        return self._sent is not None and (self._verifies or self._may_tell(response))

    def _may_tell(self, response: httpx.Response) -> bool:
        told = response.status_code == HTTPStatus.UNAUTHORIZED and not self._again
        return told and _CLOCK in response.headers.get("signature-input", "")

    def handle(self, response: httpx.Response) -> None:
        """Takes the response, which was read."""
        if self._sent is None:
            return
        answered = response.status_code, response.headers.raw, response.content
        if self._may_tell(response):
            try:
                self.clock = self._sent.clock(*answered, round_trip_ms=self._took)
            except ResponseError:
                # A forgery, or one that was held back: the refusal stands as it is.
                self.clock = None
            else:
                return
        if self._verifies:
            response.extensions["counterseal.verified"] = self._sent.check(*answered)


_CLOCK = '"counterseal/1/clock"'
"""What the signature of a refusal has that tells the service's clock."""
