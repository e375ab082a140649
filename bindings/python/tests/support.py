"""What the tests share: an instant, keys, and requests as plain data."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from counterseal import request
from counterseal.jwt import Minted, TokenMinter, TokenPolicy, TokenSigner, TokenVerifier
from counterseal.request import Key, Policy, Signer, Verified, Verifier
from counterseal.stores import Memory, Waiting

NOW = 2_500_000_000_000
SECRET = bytes(range(32))
AUTHORITY = "api.example"


@dataclass(frozen=True)
class Sent:
    """A request as it goes over the wire."""

    method: str = "POST"
    scheme: str = "https"
    authority: str = AUTHORITY
    path: str = "/v1/jobs"
    query: str = "state=open"
    headers: dict[str, str] = field(default_factory=lambda: {"content-type": "application/json"})
    body: bytes = b'{"job": 42}'

    def parts(self) -> tuple[Any, ...]:
        """The arguments that stand for it."""
        return self.method, self.scheme, self.authority, self.path, self.query, self.headers, self.body

    def signed(self, signer: Signer | None = None, *, now: int = NOW, seed: bytes | None = None) -> Sent:
        """The same request with its signature."""
        fields = (signer or Signer(key())).sign(*self.parts(), now=now, seed=seed)
        return replace(self, headers={**self.headers, **fields})

    def verify(self, verifier: Verifier, *, now: int = NOW) -> Verified:
        """What a verifier makes of it."""
        return verifier.verify(*self.parts(), now=now)

    def begin(self, verifier: Verifier, *, now: int = NOW) -> Waiting[Verified]:
        """The decision about it, before the claim."""
        return verifier.begin(*self.parts(), now=now)


def exchanged() -> tuple[request.Sent, request.VerifiedResponse]:
    """A request that was sent, and its response."""
    plain = Sent()
    sent = Signer(key()).send(*plain.parts(), now=NOW)
    received = replace(plain, headers={**plain.headers, **sent.headers})
    fields = received.verify(verifier()).sign_response(200, b"{}", now=NOW)
    return sent, sent.check(200, fields, b"{}")


def content() -> request.Content:
    """A request whose content is still to come."""
    *head, _ = Sent().signed().parts()
    return verifier().begin_content(*head, now=NOW)


def key(id: str = "worker-7", secret: bytes = SECRET, **more: Any) -> Key:  # noqa: A002 - Key's own word
    """A key that began when the tests' stores did, so that it has no past that they could have missed."""
    return Key(id, secret, **{"since": NOW, **more})


def verifier(*keys: Key, **policy: Any) -> Verifier:
    """A verifier over a store of its own."""
    return Verifier(Policy([AUTHORITY], **policy), list(keys or [key()]), Memory(now=NOW))


def token_policy(profile: Any = "access", **members: Any) -> TokenPolicy:
    """What the tests' tokens are."""
    return TokenPolicy(profile, **{"issuer": "https://login.example", "audience": "orders", **members})


def token_signer() -> TokenSigner:
    """What signs them."""
    return TokenSigner.hmac("login-1", "HS256", SECRET)


def minted(signer: TokenSigner | None = None, *, now: int = NOW, **claims: Any) -> Minted:
    """A token about a user, for 15 minutes."""
    minter = TokenMinter(signer or token_signer(), token_policy())
    return minter.mint("user-7", now=now, **{"life_seconds": 900, **claims})


def token_verifier(signer: TokenSigner | None = None, **options: Any) -> TokenVerifier:
    """What verifies them."""
    return TokenVerifier(token_policy(), [(signer or token_signer()).key], **options)
