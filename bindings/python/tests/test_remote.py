"""Tokens of an issuer of others, whose keys are fetched over a real connection."""
# Without postponed annotations: FastAPI cannot see names that are local to a function.

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Annotated, Any

import httpx
import pytest
from fastapi import FastAPI, Response, Security
from fastapi.responses import RedirectResponse

from counterseal.errors import CountersealError, TokenError
from counterseal.fastapi import AccessToken, install
from counterseal.httpx import RemoteVerifier
from counterseal.jwt import KeyFetcher, TokenSigner, VerifiedToken
from servers import serving
from support import NOW, minted, token_policy
from test_jwt import SIGNERS, encoded, pem

HOUR = 3_600_000


def jwk(signer: TokenSigner, kid: str) -> dict[str, str]:
    """The public half of a signer of Ed25519, under this id."""
    private = PRIVATE[signer.key.id]
    point = private.public_key().public_bytes_raw()
    return {"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": kid, "x": encoded(point)}


def _pair(kid: str) -> TokenSigner:
    from cryptography.hazmat.primitives.asymmetric import ed25519

    PRIVATE[kid] = ed25519.Ed25519PrivateKey.generate()
    return TokenSigner.private(kid, pem(PRIVATE[kid]))


PRIVATE: dict[str, Any] = {}
FIRST, SECOND = _pair("first"), _pair("second")


class Issuer:
    """An issuer that answers as it is told, and counts how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.clock = NOW
        self.answer: Callable[[], Awaitable[Response]] = self.keys
        self.published = [jwk(FIRST, "first")]

    async def keys(self) -> Response:
        """What it publishes."""
        return Response(json.dumps({"keys": self.published}), media_type="application/jwk-set+json")

    @asynccontextmanager
    async def verifier(self, **options: Any) -> AsyncIterator[RemoteVerifier]:
        """A verifier of its tokens."""
        app = FastAPI()

        @app.get("/keys")
        async def keys() -> Response:
            self.asked += 1
            return await self.answer()

        with serving(app) as port:
            url = f"http://127.0.0.1:{port}/keys"
            options = {"timeout_seconds": 1, **options}
            fetcher = KeyFetcher("https://login.example", url, loopback=True, now=NOW, **options)
            verifier = RemoteVerifier(token_policy(), fetcher, clock=lambda: self.clock)
            try:
                yield verifier
            finally:
                await verifier.aclose()

    async def said(self, verifier: RemoteVerifier, signer: TokenSigner) -> str:
        """The subject of a token, or why it is refused."""
        try:
            return (await verifier.verify(minted(signer, now=self.clock).token)).subject
        except TokenError as refused:
            return refused.code


def test_keys_are_fetched_when_the_first_token_comes_and_when_one_is_unknown() -> None:
    async def run() -> None:
        issuer = Issuer()
        async with issuer.verifier() as verifier:
            several = await asyncio.gather(*[issuer.said(verifier, FIRST) for _ in range(20)])
            assert (set(several), issuer.asked) == ({"user-7"}, 1)
            issuer.published.append(jwk(SECOND, "second"))
            issuer.clock += 31_000
            assert await issuer.said(verifier, SECOND) == "user-7"
            assert issuer.asked == 2

    asyncio.run(run())


def test_o03_a_flood_of_unknown_keys_asks_the_issuer_seldom() -> None:
    async def run() -> None:
        issuer = Issuer()
        async with issuer.verifier() as verifier:
            assert await issuer.said(verifier, FIRST) == "user-7"
            strangers = [TokenSigner.hmac(f"stranger-{at}", "HS256", bytes(32)) for at in range(200)]
            for stranger in strangers:
                assert await issuer.said(verifier, stranger) == "jwt_key_unknown"
                issuer.clock += 100
            assert issuer.asked <= 2

    asyncio.run(run())


def test_o07_a_key_that_is_withdrawn_is_refused_once_keys_are_fetched_anew() -> None:
    async def run() -> None:
        issuer = Issuer()
        async with issuer.verifier() as verifier:
            assert await issuer.said(verifier, FIRST) == "user-7"
            issuer.published = [jwk(SECOND, "second")]
            issuer.clock += 11 * 60_000
            await issuer.said(verifier, SECOND)
            assert await issuer.said(verifier, SECOND) == "user-7"
            assert await issuer.said(verifier, FIRST) == "jwt_key_unknown"

    asyncio.run(run())


async def slow() -> Response:
    """It takes longer than anybody waits."""
    await asyncio.sleep(3)
    return Response("{}")


async def huge() -> Response:
    """It has more than anybody reads."""
    return Response(b" " * 400_000, media_type="application/json")


async def elsewhere() -> Response:
    """It sends its clients to a place of its own."""
    return RedirectResponse("http://169.254.169.254/latest")


async def page() -> Response:
    """It is no set of keys."""
    return Response("<html>", media_type="text/html")


async def secret() -> Response:
    """It publishes what nobody may see."""
    return Response(json.dumps({"keys": [{**jwk(FIRST, "first"), "d": "AA"}]}), media_type="application/json")


async def broken() -> Response:
    """It has no keys today."""
    return Response(status_code=500)


ANSWERS = {
    "jwt_fetch_timeout": slow,
    "jwt_fetch_too_large": huge,
    "jwt_fetch_redirect": elsewhere,
    "jwt_fetch_content_type": page,
    "jwt_fetch_secret": secret,
    "jwt_fetch_status": broken,
}


@pytest.mark.parametrize("code", ANSWERS)
def test_o06_an_answer_that_is_none_keeps_the_keys_until_they_are_too_old(code: str) -> None:
    async def run() -> None:
        issuer = Issuer()
        async with issuer.verifier() as verifier:
            issuer.answer = ANSWERS[code]
            assert await issuer.said(verifier, FIRST) == "jwt_keys_unavailable"
            error = verifier._fetcher.last_error
            assert error is not None
            assert error.code == code
            assert str(error).count(error.fix) == 1
            issuer.answer = issuer.keys
            issuer.clock += 61_000
            assert await issuer.said(verifier, FIRST) == "user-7"
            issuer.answer = ANSWERS[code]
            issuer.clock += HOUR - 1
            assert await issuer.said(verifier, FIRST) == "user-7"
            issuer.clock += 1
            assert await issuer.said(verifier, FIRST) == "jwt_keys_stale"

    asyncio.run(run())


def test_an_issuer_that_is_away_is_named_by_its_cause() -> None:
    async def run() -> None:
        fetcher = KeyFetcher("https://login.example", "http://127.0.0.1:9/keys", loopback=True, now=NOW)
        verifier = RemoteVerifier(token_policy(), fetcher, clock=lambda: NOW)
        with pytest.raises(TokenError) as caught:
            await verifier.verify(minted(SIGNERS["EdDSA"]).token)
        assert (caught.value.code, caught.value.http) == ("jwt_keys_unavailable", 503)
        assert fetcher.last_error is not None
        assert fetcher.last_error.code == "jwt_fetch_connection"
        await verifier.aclose()

    asyncio.run(run())


def test_o05_where_keys_are_is_said_by_the_integrator_and_never_by_a_token() -> None:
    for url in (
        "http://iss.example/keys",
        "https://iss.example@evil.test/keys",
        "https://iss.example%2f.evil/keys",
        "",
        "x",
    ):
        with pytest.raises(TokenError) as caught:
            KeyFetcher("https://iss.example", url, now=NOW)
        assert caught.value.code == "jwt_fetch_setup_url"


def test_keys_of_another_issuer_are_not_taken() -> None:
    async def run() -> None:
        fetcher = KeyFetcher("https://other.example", "http://127.0.0.1:9/keys", loopback=True, now=NOW)
        with pytest.raises(CountersealError) as caught:
            RemoteVerifier(token_policy(), fetcher)
        assert caught.value.code == "binding_argument_choice"

    asyncio.run(run())


def test_a_route_takes_tokens_of_an_issuer_of_others() -> None:
    async def run() -> None:
        issuer = Issuer()
        async with issuer.verifier() as verifier:
            app = FastAPI()
            install(app)
            tokens = AccessToken(verifier)

            @app.get("/me")
            async def me(verified: Annotated[VerifiedToken, Security(tokens)]) -> str:
                return verified.subject

            async with httpx.AsyncClient(
                transport=httpx.ASGITransport(app), base_url="http://orders.example"
            ) as client:
                fields = {"authorization": f"Bearer {minted(FIRST, now=NOW).token}"}
                assert (await client.get("/me", headers=fields)).json() == "user-7"
                fields = {"authorization": f"Bearer {minted(SECOND, now=NOW).token}"}
                refused = await client.get("/me", headers=fields)
                assert (refused.status_code, refused.json()["code"]) == (401, "invalid_token")

    asyncio.run(run())
