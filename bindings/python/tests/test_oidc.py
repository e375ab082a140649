"""Rows O17 and O19 of the catalogue: which genuine tokens of CI systems and of other issuers are admitted."""

import asyncio
import json
from functools import partial
from typing import Any

import pytest
from fastapi import FastAPI, Response

from counterseal.errors import ArgumentError, CountersealError, TokenError
from counterseal.httpx import OidcVerifier
from counterseal.jwt import (
    AdmittedJob,
    ClaimRule,
    GithubRule,
    KeyFetcher,
    OidcPolicy,
    TokenKeys,
    TokenMinter,
    TokenVerifier,
)
from oidc_tokens import AUDIENCE, COMMIT, FILE, ISSUER, admitted, jobs, jwks, live, token
from servers import serving
from support import NOW, token_policy
from test_jwt import SIGNERS, refused

KEYS = TokenKeys.from_jwks(jwks())
HOUR = 3_600_000


def main(name: str = "main", **options: Any) -> GithubRule:
    """A rule for jobs of main."""
    return GithubRule(name, repository=(74, 65), **{"refs": ["refs/heads/main"], **options})


def judged(policy: OidcPolicy, **changes: Any) -> str:
    """The rule that admits the live token with these changes; or the rule that came nearest, and the claim."""
    try:
        return policy.verify(token(live(**changes)), KEYS, now=NOW).rule
    except TokenError as error:
        if error.code != "jwt_oidc_denied":
            return error.code
        assert (error.http, error.public, error.blame) == (403, "access_denied", "peer")
        assert error.event is not None
        assert json.loads(error.event)["event"] == "jwt_oidc_denied"
        return " ".join([error.detail.get("rule", "-"), error.detail["claim"]])


def test_a_live_token_is_admitted_by_a_rule_that_says_all_of_it() -> None:
    rule = main(
        repository_names=["octo-org/octo-repo"],
        events=["push"],
        only_protected=True,
        workflow=f"{FILE}@refs/heads/main",
        called_workflow=f"{FILE}@{COMMIT}",
        environments=["production"],
        runners=["github-hosted"],
    )
    job = jobs(rule).verify(token(live()), KEYS, now=NOW)
    assert (job.rule, job.token.subject, job.token.claims["run_id"]) == (
        "main",
        "repo:octo-org/octo-repo:environment:production",
        "16404123456",
    )
    assert job.until == job.token.expires == NOW + 6 * HOUR


@pytest.mark.parametrize(
    ("changes", "claim"),
    [
        ({"repository_owner_id": "66"}, "repository_owner_id"),
        ({"repository_id": "75"}, "repository_id"),
        ({"event_name": "pull_request_target"}, "event_name"),
        ({"sub": "repo:octo-org/other:environment:production"}, "sub"),
        ({"ref": "refs/heads/mainly"}, "ref"),
        ({"ref": "refs/heads/main/x"}, "ref"),
        ({"ref_protected": "false"}, "ref_protected"),
        ({"runner_environment": "self-hosted"}, "runner_environment"),
    ],
)
def test_o17_a_condition_that_is_not_met_is_named_with_its_rule_and_no_value(
    changes: dict[str, Any], claim: str
) -> None:
    policy = jobs(main(only_protected=True, runners=["github-hosted"]))
    assert judged(policy, **changes) == f"main {claim}"
    with pytest.raises(TokenError) as caught:
        policy.verify(token(live(**changes)), KEYS, now=NOW)
    for value in changes.values():
        assert value not in f"{caught.value} {caught.value.event}"


def test_o17_of_several_rules_the_nearest_is_named() -> None:
    other = GithubRule("other", repository=(75, 65), refs=["refs/heads/main"])
    tags = main("tags", refs=["refs/tags/v*"])
    policy = jobs(other, tags, main("strict", runners=["self-hosted"]))
    assert judged(policy) == "strict runner_environment"
    assert judged(policy, ref="refs/tags/v1", ref_type="tag") == "tags"
    assert judged(policy, ref="refs/tags/w1", ref_type="tag") == "tags ref"
    assert judged(policy, actor=None) == "- actor"


def test_o19_rules_that_admit_more_than_somebody_meant_cannot_be_set_up() -> None:
    for code, rules in (
        ("jwt_setup_rule_ids", [GithubRule("a", any_ref=True)]),
        ("jwt_setup_rule_ids", [GithubRule("a", repository=(0, 65), any_ref=True)]),
        ("jwt_setup_rule_ids", [GithubRule("a", repository_names=["octo-org/octo-repo"], any_ref=True)]),
        ("jwt_setup_rule_open", [GithubRule("a", repository=(74, 65))]),
        ("jwt_setup_rule_open", [main("a", any_ref=True)]),
        ("jwt_setup_rule_pattern", [GithubRule("a", repository=(74, 65), refs=["*"])]),
        ("jwt_setup_rule_pattern", [GithubRule("a", repository=(74, 65), workflow=f"{FILE}@v1")]),
        ("jwt_setup_rule", [GithubRule("a", repository=(74, 65), refs=[])]),
        ("jwt_setup_rule_name", [GithubRule("a b", repository=(74, 65), any_ref=True)]),
        ("jwt_setup_rules", [main(), main()]),
        ("jwt_setup_rules", []),
    ):
        assert refused(partial(OidcPolicy.github, AUDIENCE, rules)) == code
    assert refused(partial(OidcPolicy.github, "", [main()])).startswith("jwt_setup")
    assert refused(partial(OidcPolicy.github, AUDIENCE, [main()], max_age_seconds=0)) == "jwt_setup_window"
    assert judged(jobs(GithubRule("all", any_repository_of=65, any_ref=True))) == "all"


def test_o17_a_token_is_genuine_for_us_and_not_over_first() -> None:
    policy = jobs()
    assert judged(policy, aud="https://other.example") == "jwt_audience"
    assert judged(policy, iss="https://login.example") == "jwt_issuer"
    forged = token(live())[:-4] + "AAAA"
    assert refused(partial(policy.verify, forged, KEYS, now=NOW)) == "jwt_signature"
    with pytest.raises(TokenError) as caught:
        policy.verify(token(live()), KEYS, now=NOW + 6 * HOUR)
    assert (caught.value.code, caught.value.http) == ("jwt_expired", 401)
    assert caught.value.headers == {"www-authenticate": 'Bearer error="invalid_token"'}
    aged = OidcPolicy.github(AUDIENCE, [main()], max_age_seconds=60)
    assert refused(partial(aged.verify, token(live()), KEYS, now=NOW + 61_000)) == "jwt_oidc_denied"


def test_what_is_minted_for_a_job_ends_with_its_token() -> None:
    policy = token_policy("job")
    job, signer = admitted(), SIGNERS["EdDSA"]
    late = job.until - 60_000
    minted = TokenMinter(signer, policy).mint(job.rule, life_seconds=3_600, until=job.until, now=late)
    assert (minted.expires, minted.decided_by) == (job.until, "until")
    assert TokenVerifier(policy, [signer.key]).verify(minted.token, now=late).expires == job.until


def test_an_enterprise_has_an_issuer_of_its_own() -> None:
    issuer = f"{ISSUER}/octocat-inc"
    policy = OidcPolicy.github(AUDIENCE, [main()], issuer=issuer)
    assert (policy.issuer, jobs().issuer) == (issuer, ISSUER)
    assert (judged(policy), judged(policy, iss=issuer)) == ("jwt_issuer", "main")


def test_o17_tokens_of_any_issuer_are_admitted_by_claims() -> None:
    rule = ClaimRule(
        "deploy",
        equals={"project_id": ["4711"], "ref_protected": ["true"]},
        has={"groups": "deployers"},
        like={"ref": ["release/*"]},
    )
    policy = OidcPolicy.of_issuer("https://ci.example", AUDIENCE, [rule])
    said = {"iss": "https://ci.example", "project_id": "4711", "groups": ["a", "deployers"], "ref": "release/7"}
    said = {**said, "sub": "project:4711"}
    assert judged(policy, **said) == "deploy"
    for change, claim in (
        ({"project_id": 4711}, "project_id"),
        ({"groups": ["deployers", 1]}, "groups"),
        ({"groups": "deployers"}, "groups"),
        ({"ref": "release/7/x"}, "ref"),
        ({"ref": None}, "ref"),
    ):
        assert judged(policy, **{**said, **change}) == f"deploy {claim}"
    for code, bad in (
        ("jwt_setup_rule_open", ClaimRule("a")),
        ("jwt_setup_rule", ClaimRule("a", equals={"b": []})),
        ("jwt_setup_rule_pattern", ClaimRule("a", like={"sub": ["project:*"]})),
        ("jwt_setup_rule_pattern", ClaimRule("a", like={"ref": ["*"]})),
    ):
        assert refused(partial(OidcPolicy.of_issuer, "https://ci.example", AUDIENCE, [bad])) == code


def test_rules_are_of_their_own_kind() -> None:
    rule: Any = ClaimRule("a", equals={"b": ["c"]})
    for call in (
        partial(OidcPolicy.github, AUDIENCE, [rule]),
        partial(OidcPolicy.github, AUDIENCE, rule),
        partial(OidcPolicy.github, AUDIENCE, [main()], issuer=7),  # type: ignore[arg-type]
        partial(OidcPolicy.of_issuer, ISSUER, AUDIENCE, [main()]),  # type: ignore[list-item]
        partial(ClaimRule, "a", equals=[("b", ["c"])]),  # type: ignore[arg-type]
        partial(ClaimRule, "a", equals={1: ["c"]}),  # type: ignore[dict-item]
        partial(ClaimRule, "a", has={"b": ["c"]}),  # type: ignore[dict-item]
        partial(GithubRule, "a", repository=(74,)),  # type: ignore[arg-type]
        partial(GithubRule, "a", repository=("74", "65")),  # type: ignore[arg-type]
        partial(GithubRule, "a", refs="refs/heads/main"),
    ):
        with pytest.raises(ArgumentError) as caught:
            call()
        assert caught.value.code == "binding_argument_type"
    with pytest.raises(ArgumentError) as caught:
        GithubRule("a", repository=(-1, 65))
    assert caught.value.code == "binding_argument_range"


def test_keys_of_ci_are_fetched() -> None:
    app = FastAPI()

    @app.get("/jwks")
    async def published() -> Response:
        return Response(jwks(), media_type="application/json")

    async def run(port: int) -> AdmittedJob:
        fetcher = KeyFetcher(ISSUER, f"http://127.0.0.1:{port}/jwks", loopback=True, now=NOW)
        verifier = OidcVerifier(jobs(), fetcher, clock=lambda: NOW)
        try:
            with pytest.raises(CountersealError) as caught:
                await verifier.verify(token(live(ref="refs/heads/x")))
            assert caught.value.detail["claim"] == "ref"
            return await verifier.verify(token(live()))
        finally:
            await verifier.aclose()

    with serving(app) as port:
        assert asyncio.run(run(port)).rule == "main"
