"""Access tokens, minted and verified.

::

    signer = TokenSigner.private("key-2026-11", pem)
    policy = TokenPolicy("access", issuer="https://login.example", audience="orders")

    minted = TokenMinter(signer, policy).mint("user-7", life_seconds=900, user_ver=3, claims={"scope": "orders:read"})
    minted.token, minted.expires

    verifier = TokenVerifier(policy, [signer.key])
    verified = verifier.verify(minted.token)        # whatever fails raises TokenError
    verified.subject, verified.claims["scope"]

A policy is of a profile: `access` (RFC 9068, 30 minutes at most), `app` (30 minutes), `provisioner` (2 minutes), `job`
(2 hours), and `openid` for the ID tokens of others (24 hours). Issuer, audience, times and id are always required, and
a key is of one algorithm. `svid` is for the JWT-SVIDs of a SPIFFE trust domain (an hour)::

    policy = TokenPolicy("svid", issuer="spiffe://example.org", audience="orders")
    verifier = TokenVerifier(policy, TokenKeys.from_spiffe_bundle(bundle))
    verifier.verify(token).subject                  # "spiffe://example.org/worker/7"

A verifier keeps proofs by their tokens (`cache=`), so that a token that comes again costs no signature; its times are
looked at each time. `counterseal.fastapi.AccessToken` is the dependency for FastAPI.

Why a token is refused, for your log: `verifier.explain(token)` tells each check with what it compared. `inspect(token)`
shows what stands in one without any key; nothing of that is verified.

Tokens of others are verified by `counterseal.httpx.RemoteVerifier`, which fetches the issuer's keys.

Keys that are rotated are a ring, in a store that all hosts of the issuer share::

    ring = TokenRing("https://login.example", sealing_key)
    ring.rotate().run(store)                        # the one command; the first key signs at once
    minter, verifier = TokenMinter(ring, policy), TokenVerifier(policy, ring)
    ring.published().body                           # what GET /.well-known/jwks.json answers

A key is published before it signs and after it did, and each host reads the ring each minute: `counterseal.fastapi`
has the route and the reading (`published_keys`, `follow_ring`).

Whether a genuine token may still act is for a store to say, in one look; whether it may do this, for its grants::

    standing = Standing("login", cache_seconds=5)
    live = standing.begin(verified).run(store)      # or drive_async(..) on a database of your own
    Requirement(["orders:write"], max_age_seconds=300, methods=["hwk"]).check(live)

    version = standing.version_of("user-7").run(store)  # what the next token has as `user_ver`
    standing.bump("user-7").run(store)              # all tokens of this user are over

A process that bumps, disables or denies sees it at once, others up to `cache_seconds` later.

Jobs of CI come in by rules over what their tokens say, and what is minted for one ends with its token::

    release = GithubRule("release", repository=(74, 65), refs=["refs/heads/main"], only_protected=True)
    jobs = OidcPolicy.github("https://deploy.example", [release])
    job = jobs.verify(token, keys)                  # `counterseal.httpx.OidcVerifier` fetches the keys
    TokenMinter(signer, TokenPolicy("job", ..)).mint("deploy", life_seconds=3600, until=job.until)

What it does not protect: a token that was stolen is genuine until it is over or taken back; keep them short, or bind
them to a key.
"""

from counterseal._counterseal import (
    AdmittedJob,
    Authorized,
    ClaimRule,
    GithubRule,
    KeyFetcher,
    LiveToken,
    Minted,
    OidcPolicy,
    PublishedKeys,
    Requirement,
    Standing,
    TokenKey,
    TokenKeys,
    TokenMinter,
    TokenPolicy,
    TokenRing,
    TokenSigner,
    TokenVerifier,
    VerifiedToken,
    bearer,
    inspect,
)

__all__ = [
    "AdmittedJob",
    "Authorized",
    "ClaimRule",
    "GithubRule",
    "KeyFetcher",
    "LiveToken",
    "Minted",
    "OidcPolicy",
    "PublishedKeys",
    "Requirement",
    "Standing",
    "TokenKey",
    "TokenKeys",
    "TokenMinter",
    "TokenPolicy",
    "TokenRing",
    "TokenSigner",
    "TokenVerifier",
    "VerifiedToken",
    "bearer",
    "inspect",
]
