"""Verifying tokens of an issuer of others, whose keys are fetched with httpx."""

from __future__ import annotations

import asyncio
import logging
import re
import ssl
import time
from collections.abc import Callable
from typing import Generic, Literal, TypeAlias, TypeVar

import httpx

from counterseal.errors import ArgumentError, TokenError
from counterseal.jwt import AdmittedJob, KeyFetcher, OidcPolicy, TokenKeys, TokenPolicy, TokenVerifier, VerifiedToken
from counterseal.types import Buffer

_log = logging.getLogger("counterseal.keys")


Proof = TypeVar("Proof")
_Shown: TypeAlias = "tuple[Buffer | None, Buffer | None] | None"


class _Remote(Generic[Proof]):
    """Keeps the keys of an issuer fresh, and verifies with them."""

    def __init__(
        self,
        issuer: str,
        fetcher: KeyFetcher,
        client: httpx.AsyncClient | None,
        clock: Callable[[], int] | None,
    ) -> None:
        if fetcher.issuer != issuer:
            # Keys of another issuer would sign for this one.
            raise ArgumentError("binding_argument_choice", detail=[("fetcher", "one for the policy's issuer")])
        self._issuer = issuer
        self._fetcher = fetcher
        self._client = client or httpx.AsyncClient(follow_redirects=False)
        self._clock = clock
        self._fetching: asyncio.Task[None] | None = None

    @property
    def issuer(self) -> str:
        """Whose tokens they are."""
        return self._issuer

    async def _verified(self, token: str, shown: _Shown = None) -> Proof:
        self._refresh()
        if self._fetcher.generation == 0:
            await self._arrival()
        try:
            return self._verify(token, shown)
        except TokenError as refused:
            if refused.code != "jwt_key_unknown" or not self._fetcher.handle_wanted(token, now=self._now()):
                raise
        self._start()
        await self._arrival()
        return self._verify(token, shown)

    async def follow(self) -> None:
        """Keeps the keys fresh for as long as it runs."""
        while True:
            self._refresh()
            await self._arrival()
            due = self._fetcher.next_timeout
            await asyncio.sleep(1.0 if due is None else min(60.0, max(1.0, (due - self._time()) / 1000)))

    async def aclose(self) -> None:
        """Ends a fetch that is under way, and the client."""
        if self._fetching is not None:
            self._fetching.cancel()
        await self._client.aclose()

    def _verify(self, token: str, shown: _Shown) -> Proof:
        now = self._now()
        return self._judge(token, self._fetcher.keys(now=now), shown, now)

    def _judge(self, token: str, keys: TokenKeys, shown: _Shown, now: int | None) -> Proof:
        raise NotImplementedError

    def _refresh(self) -> None:
        """Starts a fetch that is due."""
        due = self._fetcher.next_timeout
        if due is not None and due <= self._time():
            self._fetcher.handle_timeout(now=self._now())
        self._start()

    def _start(self) -> None:
        order = self._fetcher.order()
        if order is not None:
            self._fetching = asyncio.create_task(self._fetch(*order))

    async def _arrival(self) -> None:
        """Waits for a fetch that is under way; whoever waits may be cancelled without ending it."""
        if self._fetching is not None:
            await asyncio.wait({self._fetching})

    async def _fetch(self, number: int, url: str, timeout_ms: int, max_bytes: int) -> None:
        try:
            response, body = await asyncio.wait_for(self._get(url, max_bytes), timeout_ms / 1000)
        except Exception as error:  # whatever a client of others raises is no answer
            self._fetcher.handle_failure(number, _cause(error), now=self._now())
        else:
            self._answered(number, response, body)
        if self._fetcher.last_error is not None:
            _log.warning("the keys of %s were not fetched: %s", self._issuer, self._fetcher.last_error)

    async def _get(self, url: str, max_bytes: int) -> tuple[httpx.Response, bytes]:
        headers = {"accept": "application/jwk-set+json, application/json"}
        body = bytearray()
        async with self._client.stream("GET", url, headers=headers, follow_redirects=False) as response:
            async for piece in response.aiter_bytes():
                body += piece[: max_bytes + 1 - len(body)]
                if len(body) > max_bytes:
                    break
        return response, bytes(body)

    def _answered(self, number: int, response: httpx.Response, body: bytes) -> None:
        age = _MAX_AGE.search(response.headers.get("cache-control", ""))
        try:
            self._fetcher.handle_response(
                number,
                response.status_code,
                body,
                content_type=response.headers.get("content-type"),
                url=response.headers.get("location", str(response.url)),
                max_age_seconds=int(age[1]) if age else None,
                now=self._now(),
            )
        except TokenError:
            # It is the fetcher's `last_error`, and the keys before are kept.
            return

    def _now(self) -> int | None:
        return self._clock() if self._clock else None

    def _time(self) -> int:
        return self._clock() if self._clock else time.time_ns() // 1_000_000


class RemoteVerifier(_Remote[VerifiedToken]):
    """Verifies tokens of one issuer of others, and keeps its keys fresh.

    Keys are fetched when the first token comes, anew every ten minutes, and when a token names a key that is unknown:
    at most every 30 seconds, whatever strangers send. While an issuer is away its keys serve for an hour, unless the
    fetcher was told otherwise. `follow` fetches without waiting for a token; start it in the application's lifespan.

    It belongs to one event loop. `client` is one of yours that follows no redirects and keeps to no cache.
    """

    def __init__(
        self,
        policy: TokenPolicy,
        fetcher: KeyFetcher,
        *,
        client: httpx.AsyncClient | None = None,
        cache: int | None = None,
        clock: Callable[[], int] | None = None,
    ) -> None:
        super().__init__(policy.issuer, fetcher, client, clock)
        self._policy = policy
        self._cache = cache
        self._verifier: TokenVerifier | None = None
        self._generation = 0

    async def verify(
        self, token: str, *, certificate: Buffer | None = None, key: Buffer | None = None
    ) -> VerifiedToken:
        """The proof that `token` is genuine; raises `jwt_keys_unavailable` while there are no keys, and
        `jwt_keys_stale` when they are too old. `certificate` and `key` are as `TokenVerifier.verify` has them."""
        return await self._verified(token, (certificate, key))

    def _judge(self, token: str, keys: TokenKeys, shown: _Shown, now: int | None) -> VerifiedToken:
        certificate, key = shown or (None, None)
        return self._with(keys).verify(token, certificate=certificate, key=key, now=now)

    def _with(self, keys: TokenKeys) -> TokenVerifier:
        generation = self._fetcher.generation
        if self._verifier is None:
            self._verifier = TokenVerifier(self._policy, keys, cache=self._cache)
        elif generation != self._generation:
            self._verifier.replace_keys(keys)
        self._generation = generation
        return self._verifier


class OidcVerifier(_Remote[AdmittedJob]):
    """Admits jobs of CI, and other tokens of an issuer of others, by a policy of rules; it keeps the issuer's keys
    fresh as `RemoteVerifier` does. A proof is of one showing: none is kept."""

    def __init__(
        self,
        policy: OidcPolicy,
        fetcher: KeyFetcher,
        *,
        client: httpx.AsyncClient | None = None,
        clock: Callable[[], int] | None = None,
    ) -> None:
        super().__init__(policy.issuer, fetcher, client, clock)
        self._policy = policy

    async def verify(self, token: str) -> AdmittedJob:
        """The proof that `token` is admitted; raises `jwt_keys_unavailable` while there are no keys, and
        `jwt_keys_stale` when they are too old."""
        return await self._verified(token)

    def _judge(self, token: str, keys: TokenKeys, _: _Shown, now: int | None) -> AdmittedJob:
        return self._policy.verify(token, keys, now=now)


def _cause(error: Exception) -> Literal["connection", "redirect", "timeout", "tls"]:
    if isinstance(error, TimeoutError | asyncio.TimeoutError | httpx.TimeoutException):
        return "timeout"
    if isinstance(error, httpx.TooManyRedirects):
        return "redirect"
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return "tls"
        cause = cause.__cause__ or cause.__context__
    return "connection"


_MAX_AGE = re.compile(r"(?:^|[,\s])max-age=([0-9]{1,9})(?:$|[,\s])", re.IGNORECASE)
