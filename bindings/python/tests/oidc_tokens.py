"""Tokens of jobs, shaped as the live issuer of GitHub writes them. All values are made up."""

import json
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from counterseal.jwt import AdmittedJob, GithubRule, OidcPolicy, TokenKeys
from support import NOW
from test_jwt import encoded

AUDIENCE = "https://deploy.example"
ISSUER = "https://token.actions.githubusercontent.com"
FILE = "octo-org/octo-repo/.github/workflows/deploy.yml"
COMMIT = "5f2c1e0d9b8a7f6e5d4c3b2a19080706f5e4d3c2"
PRIVATE = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def jwks() -> str:
    """What the issuer publishes."""
    numbers = PRIVATE.public_key().public_numbers()
    parts = {"n": encoded(numbers.n.to_bytes(256, "big")), "e": encoded(numbers.e.to_bytes(3, "big"))}
    return json.dumps({"keys": [{"kty": "RSA", "alg": "RS256", "use": "sig", "kid": "gh-1", **parts}]})


def live(*, now: int = NOW, **changes: Any) -> dict[str, Any]:
    """The claims of a push to main, deployed to production; a change to None takes one away."""
    claims = {
        "actor": "octocat",
        "actor_id": "12",
        "aud": AUDIENCE,
        "base_ref": "",
        "check_run_id": "46180044111",
        "environment": "production",
        "environment_node_id": "EN_kwDOAAAASs4AAAAB",
        "event_name": "push",
        "exp": now // 1_000 + 21_600,
        "head_ref": "",
        "iat": now // 1_000,
        "iss": ISSUER,
        "job_workflow_ref": f"{FILE}@refs/heads/main",
        "job_workflow_sha": COMMIT,
        "jti": "b1c2d3e4-0011-2233-4455-66778899aabb",
        "nbf": now // 1_000 - 300,
        "ref": "refs/heads/main",
        "ref_protected": "true",
        "ref_type": "branch",
        "repository": "octo-org/octo-repo",
        "repository_id": "74",
        "repository_owner": "octo-org",
        "repository_owner_id": "65",
        "repository_visibility": "private",
        "run_attempt": "1",
        "run_id": "16404123456",
        "run_number": "10",
        "runner_environment": "github-hosted",
        "sha": COMMIT,
        "sub": "repo:octo-org/octo-repo:environment:production",
        "workflow": "deploy",
        "workflow_ref": f"{FILE}@refs/heads/main",
        "workflow_sha": COMMIT,
        **changes,
    }
    return {name: value for name, value in claims.items() if value is not None}


def token(claims: dict[str, Any]) -> str:
    """These claims, signed with the header that the live issuer writes."""
    header = {"typ": "JWT", "alg": "RS256", "x5t": "nfrCbIp3mYw3", "kid": "gh-1"}
    signed = ".".join(encoded(json.dumps(part).encode()) for part in (header, claims))
    return f"{signed}.{encoded(PRIVATE.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


def jobs(*rules: GithubRule) -> OidcPolicy:
    """A policy of these rules, or of the one for jobs of main."""
    main = GithubRule("main", repository=(74, 65), refs=["refs/heads/main"])
    return OidcPolicy.github(AUDIENCE, list(rules) or [main])


def admitted() -> AdmittedJob:
    """The live job."""
    return jobs().verify(token(live()), TokenKeys.from_jwks(jwks()), now=NOW)
