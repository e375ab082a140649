"""Tokens and their keys for `canary.py`: minted, verified, changed, sent, and set up with what they cannot be."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Annotated

import httpx
from fastapi import Depends, FastAPI, HTTPException

from counterseal.fastapi import AccessToken, install
from counterseal.jwt import (
    Authorized,
    KeyFetcher,
    Requirement,
    TokenKey,
    TokenKeys,
    TokenMinter,
    TokenPolicy,
    TokenSigner,
    TokenVerifier,
)
from servers import serving
from support import NOW

ISSUER = "https://iss.example"
Refuse = Callable[[Callable[[], object]], None]


def tell(
    add: Callable[..., None], refuse: Refuse, answer: Callable[[httpx.Response], None], secrets: list[str]
) -> None:
    """The secret of an HMAC, the private part of a pair, a claim of a genuine token, and what strangers send."""
    key, private, claim, junk = secrets
    policy = TokenPolicy("access", issuer=ISSUER, audience="api")
    hmac_signer, pair = TokenSigner.hmac("k1", "HS256", key.encode()), TokenSigner.private("k2", pem(private).encode())
    verifier = TokenVerifier(policy, TokenKeys([hmac_signer.key, pair.key]))
    add(policy, hmac_signer, pair, hmac_signer.key, pair.key, verifier)
    tokens = [junk, f"{junk}.{junk}.{junk}", *signed(key, claim, junk)]
    for signer in (hmac_signer, pair):
        minter = TokenMinter(signer, policy)
        minted = minter.mint("user-7", life_seconds=300, claims={"x": claim, "scope": junk}, now=NOW)
        add(minter, minted)
        verified = verifier.verify(minted.token, now=NOW)
        refuse(lambda verified=verified: Requirement(["a:b"]).check(verified, now=NOW))  # type: ignore[misc]
        tokens += [minted.token, minted.token + "AA", minted.token.replace(".ey", ".eyJ4")]
    fetcher = KeyFetcher(ISSUER, f"{ISSUER}/keys", now=NOW)
    add(fetcher)
    for token in tokens:
        for now in (NOW, NOW + 3_600_000):
            refuse(lambda token=token, now=now: verifier.verify(token, now=now).key_id)  # type: ignore[misc]
        refuse(lambda token=token: fetcher.handle_wanted(token, now=NOW))  # type: ignore[misc]
    setups(refuse, junk)
    served(verifier, tokens, answer)


def served(verifier: TokenVerifier, tokens: list[str], answer: Callable[[httpx.Response], None]) -> None:
    """What a service answers and logs; the audit log is on standard error."""
    app = FastAPI()
    install(app)
    access = AccessToken(verifier, clock=lambda: NOW)

    @app.get("/v1/orders")
    async def orders(by: Annotated[object, Depends(access)]) -> str:
        return "done"

    @app.get("/v1/grants")
    async def grants(by: Annotated[Authorized, Depends(access.requiring(Requirement(["a:b"])))]) -> str:
        raise HTTPException(500, by.token.subject)

    with serving(app, access_log=False) as port, httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
        for token in tokens:
            for path in ("/v1/orders", "/v1/grants"):
                answer(client.get(path, headers={"authorization": f"Bearer {token}"}))
            answer(client.get("/v1/orders", headers={"authorization": f"Basic {token}"}))
            answer(client.get("/v1/orders", headers={"authorization": f"Bearer {token}!"}))


def signed(key: str, claim: str, junk: str) -> list[str]:
    """Tokens that are signed, with what nobody asked for in each place."""
    header = {"alg": "HS256", "kid": "k1", "typ": "at+jwt"}
    times = {"iat": NOW // 1000, "exp": NOW // 1000 + 60}
    claims = {"iss": ISSUER, "sub": "user-7", "aud": "api", "jti": "a", "x": claim, **times}
    headers = [header | {name: junk} for name in ("kid", "alg", "typ", junk)]
    payloads = [claims | {name: junk} for name in ("iss", "aud", "exp", "iat", "cnf", "user_ver")]
    payloads += [claims | {"sub": [junk]}, claims | {"jti": junk * 10}]
    parts = [(json.dumps(other), json.dumps(claims)) for other in headers]
    parts += [(json.dumps(header), json.dumps(other)) for other in payloads]
    parts += [(json.dumps(header), junk + json.dumps(claims)), (json.dumps(header), f'{{"{junk}":1,"{junk}":2}}')]
    return [sign(key, *part) for part in parts]


def sign(key: str, header: str, payload: str) -> str:
    """A token of these two texts."""
    parts = [base64.urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in (header, payload)]
    tag = hmac.new(key.encode(), ".".join(parts).encode(), hashlib.sha256).digest()
    return ".".join([*parts, base64.urlsafe_b64encode(tag).decode().rstrip("=")])


def setups(refuse: Refuse, junk: str) -> None:
    """What is no key, no policy and no claim."""
    jwk = json.dumps({"kty": "oct", "alg": "HS256", "kid": "a", "k": junk, "d": junk})
    other = json.dumps({"kty": junk, "alg": "EdDSA", "kid": junk, "x": junk})
    policy = TokenPolicy("access", issuer=ISSUER, audience="api")
    minter = TokenMinter(TokenSigner.hmac("k1", "HS256", junk.encode()), policy)
    wrong: list[Callable[[], object]] = [
        lambda: TokenKey.hmac("a", "HS384", junk[:47].encode()),
        lambda: TokenKey.hmac("a", "HS256", junk[:31].encode()),
        lambda: TokenKey.hmac("a", junk, junk.encode()),  # type: ignore[arg-type]
        lambda: TokenKey.hmac(junk + " ", "HS256", junk.encode()),
        lambda: TokenKey.public("a", "ES256", junk),
        lambda: TokenSigner.private("a", junk.encode()),
        lambda: TokenKey.from_jwk(junk),
        lambda: TokenKey.from_jwk(jwk),
        lambda: TokenKey.from_jwk(other),
        lambda: TokenKeys.from_jwks(f'{{"keys":[{jwk}]}}'),
        lambda: TokenKeys.from_jwks(f'{{"keys":[{other}]}}'),
        lambda: TokenPolicy("access", issuer=junk * 20, audience="api"),
        lambda: TokenPolicy("access", issuer=ISSUER, audience=junk * 20),
        lambda: TokenPolicy("access", issuer=ISSUER, audience="api", typ=junk + " "),
        lambda: TokenPolicy(junk, issuer=ISSUER, audience="api"),  # type: ignore[arg-type]
        lambda: KeyFetcher(ISSUER, f"http://{junk}/"),
        lambda: minter.mint(junk * 10, life_seconds=60, now=NOW),
        lambda: minter.mint("user-7", life_seconds=60, claims=junk, now=NOW),
        lambda: minter.mint("user-7", life_seconds=60, claims={"iss": junk}, now=NOW),
        lambda: Requirement([junk + " "]),
    ]
    for call in wrong:
        refuse(call)


def pem(text: str) -> str:
    """A key of Ed25519 whose private part is the middle of the text (RFC 8410 section 7)."""
    der = bytes.fromhex("302e020100300506032b657004220420") + text.encode()[8:40]
    return f"-----BEGIN PRIVATE KEY-----\n{base64.b64encode(der).decode()}\n-----END PRIVATE KEY-----\n"
