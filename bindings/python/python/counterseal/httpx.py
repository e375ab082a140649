"""Signing with httpx.

::

    client = httpx.Client(auth=SignatureAuth(signer))

Each attempt is signed anew, with a new nonce and the time at which it leaves. httpx follows redirects
below its auth layer, with the fields of the first request, and verifiers refuse those; where you
follow redirects, use the transports instead, which sign whatever leaves for an authority that you name, as its `Host`
field is written (lower-case, without scheme and default port)::

    client = httpx.Client(transport=SigningTransport(signer, ["api.example"]), follow_redirects=True)
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator

import httpx

from counterseal.errors import ArgumentError
from counterseal.request import Policy, Signer

__all__ = ["AsyncSigningTransport", "SignatureAuth", "SigningTransport"]

Clock = Callable[[], int]
Seeds = Callable[[], bytes]


class SignatureAuth(httpx.Auth):
    """Signs each request that httpx sends."""

    requires_request_body = True

    def __init__(self, signer: Signer, *, clock: Clock | None = None, seeds: Seeds | None = None) -> None:
        self._signing = _Signing(signer, clock, seeds)

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        self._signing.sign(request)
        yield request


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
    ) -> None:
        self._signing = _Signing(signer, clock, seeds, _checked(authorities))
        self._transport = transport or httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self._signing.sign(request)
        return self._transport.handle_request(request)

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
    ) -> None:
        self._signing = _Signing(signer, clock, seeds, _checked(authorities))
        self._transport = transport or httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        self._signing.sign(request)
        return await self._transport.handle_async_request(request)

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
        self, signer: Signer, clock: Clock | None, seeds: Seeds | None, authorities: frozenset[str] | None = None
    ) -> None:
        self._signer = signer
        self._clock = clock
        self._seeds = seeds
        self._authorities = authorities

    def sign(self, request: httpx.Request) -> None:
        """Puts new signature fields in the place of those of an earlier attempt."""
        for name in ("content-digest", "signature-input", "signature"):
            request.headers.pop(name, None)
        authority = request.headers["host"]
        if self._authorities is not None and authority not in self._authorities:
            return
        # httpx's extension for targets that its URLs cannot express.
        target = request.extensions.get("target", request.url.raw_path)
        path, _, query = target.partition("?" if isinstance(target, str) else b"?")
        signed = self._signer.sign(
            request.method,
            request.url.scheme,
            authority,
            path,
            query,
            request.headers.raw,
            request.content,
            now=self._clock() if self._clock else None,
            seed=self._seeds() if self._seeds else None,
        )
        request.headers.update(signed)
