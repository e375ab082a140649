"""Access tokens: minted, verified, kept, and behind FastAPI."""
# Without postponed annotations: FastAPI cannot see names that are local to a function.

import base64
import json
import re
from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, cast

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from fastapi import Depends, FastAPI, Security
from pydantic import BaseModel

from counterseal.errors import CountersealError, TokenError
from counterseal.fastapi import AccessToken, install
from counterseal.jwt import (
    Authorized,
    Requirement,
    Standing,
    TokenKey,
    TokenKeys,
    TokenMinter,
    TokenPolicy,
    TokenSigner,
    TokenVerifier,
    VerifiedToken,
    bearer,
    inspect,
)
from counterseal.stores import Memory, Sqlite
from jobs import many
from support import NOW, SECRET, minted, token_policy, token_signer, token_verifier

MINUTE = 60_000


def refused(verify: Callable[[], object]) -> str:
    """The code of a refusal."""
    with pytest.raises(TokenError) as caught:
        verify()
    return caught.value.code


def pem(key: Any) -> bytes:
    """A private key as PKCS#8."""
    return bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


SIGNERS = {
    "HS256": token_signer(),
    "HS384": TokenSigner.hmac("a", "HS384", SECRET + SECRET),
    "HS512": TokenSigner.hmac("a", "HS512", SECRET + SECRET),
    "ES256": TokenSigner.private("a", pem(ec.generate_private_key(ec.SECP256R1()))),
    "ES384": TokenSigner.private("a", pem(ec.generate_private_key(ec.SECP384R1()))),
    "EdDSA": TokenSigner.private("a", pem(ed25519.Ed25519PrivateKey.generate())),
}


@pytest.mark.parametrize("algorithm", SIGNERS)
def test_what_is_minted_is_verified(algorithm: str) -> None:
    signer = SIGNERS[algorithm]
    made = minted(
        signer, user_ver=3, access_key="akid-1", session="s-1", generation=2, claims={"scope": "a b", "n": [1, None]}
    )
    verified = token_verifier(signer).verify(made.token, now=NOW)
    assert signer.key.algorithm == algorithm
    assert (verified.subject, verified.key_id) == ("user-7", signer.key.id)
    assert (verified.user_ver, verified.access_key, verified.session, verified.generation) == (3, "akid-1", "s-1", 2)
    assert (verified.issued, verified.begins, verified.expires) == (NOW, NOW, NOW + 15 * MINUTE)
    assert verified.claims == json.loads(verified.payload)
    assert (verified.claims["scope"], verified.claims["n"], verified.claims["jti"]) == ("a b", [1, None], verified.id)


def test_equal_inputs_make_equal_tokens() -> None:
    assert minted(seed=bytes(16)).token == minted(seed=bytes(16)).token != minted(seed=bytes(15) + b"1").token


def test_a_token_lives_no_longer_than_anything_allows() -> None:
    assert (minted(life_seconds=60).decided_by, minted(life_seconds=7_200).decided_by) == ("asked", "policy")
    assert minted(life_seconds=7_200).expires == NOW + 30 * MINUTE
    made = minted(until=NOW + MINUTE)
    assert (made.expires, made.decided_by) == (NOW + MINUTE, "until")
    assert refused(lambda: minted(until=NOW)) == "lifetime_empty"


def test_claims_that_no_verifier_would_take_are_not_minted() -> None:
    unfit: list[Any] = [{"exp": 1}, {"akid": 7}, [], "[]", "{}{}", {"a": float("nan")}, {"a": "\ud800"}]
    for claims in unfit:
        assert refused(partial(minted, claims=claims)) == "jwt_setup_claim"
    foreign: list[Any] = [{"a": object()}, {1j: 1}, object()]
    for claims in foreign:
        with pytest.raises(CountersealError) as caught:
            minted(claims=claims)
        assert caught.value.code == "binding_argument_type"


def test_each_rule_has_its_code() -> None:
    token = minted().token
    verify = token_verifier().verify
    other = TokenSigner.hmac("login-1", "HS256", bytes(32))
    stranger = TokenSigner.hmac("login-2", "HS256", SECRET)
    for_others = TokenMinter(token_signer(), token_policy(audience="billing")).mint("u", life_seconds=9, now=NOW)
    by_others = TokenMinter(token_signer(), token_policy(issuer="https://x")).mint("u", life_seconds=9, now=NOW)
    of_kind = TokenMinter(token_signer(), token_policy("job")).mint("u", life_seconds=9, now=NOW)
    cases = {
        "jwt_malformed": lambda: verify("a.b"),
        "jwt_too_large": lambda: verify("a" * 8_193),
        "jwt_signature": lambda: verify(minted(other).token, now=NOW),
        "jwt_key_unknown": lambda: verify(minted(stranger).token, now=NOW),
        "jwt_audience": lambda: verify(for_others.token, now=NOW),
        "jwt_issuer": lambda: verify(by_others.token, now=NOW),
        "jwt_type": lambda: verify(of_kind.token, now=NOW),
        "jwt_expired": lambda: verify(token, now=NOW + 15 * MINUTE + 30_000),
        "jwt_not_yet_valid": lambda: verify(token, now=NOW - 30_001),
    }
    assert {code: refused(case) for code, case in cases.items()} == {code: code for code in cases}
    assert verify(token, now=NOW + 15 * MINUTE + 29_999).subject == "user-7"
    assert verify(token, now=NOW - 30_000).subject == "user-7"


def test_a_refusal_tells_what_was_compared_and_how_to_come_back() -> None:
    with pytest.raises(TokenError) as caught:
        token_verifier().verify(minted().token, now=NOW + 16 * MINUTE)
    error = caught.value
    assert (error.http, error.blame, error.public) == (401, "peer", "token_expired")
    assert error.detail == {"key": "login-1", "expires": str(NOW + 15 * MINUTE)}
    assert error.headers == {"www-authenticate": 'Bearer error="invalid_token"'}
    assert json.loads(error.event or "")["event"] == "jwt_expired"
    assert minted().token not in str(error)


def test_an_audience_is_matched_as_the_policy_says() -> None:
    two = TokenMinter(token_signer(), token_policy(audience=["a", "b"])).mint("u", life_seconds=9, now=NOW).token

    def verify(names: Any, rule: Any) -> object:
        policy = token_policy(audience=names, match_audience=rule)
        return TokenVerifier(policy, [token_signer().key]).verify(two, now=NOW)

    for names, rule in ((["a"], "any"), (["a", "x"], "any"), (["a", "b"], "all"), (["b", "a", "x"], "only")):
        assert verify(names, rule)
    for names, rule in ((["x"], "any"), (["a", "x"], "all"), (["a"], "only")):
        assert refused(partial(verify, names, rule)) == "jwt_audience"


def test_a_bound_token_needs_its_key() -> None:
    verify, certificate, key = token_verifier().verify, bytes(32), b"k" * 32
    bound = minted(certificate=certificate).token
    assert verify(bound, certificate=certificate, now=NOW).bound_by == "x5t#S256"
    assert verify(minted(key=key).token, key=key, now=NOW).bound_by == "jkt"
    others: list[dict[str, bytes]] = [{}, {"certificate": key}, {"key": certificate}]
    for shown in others:
        assert refused(partial(verify, bound, now=NOW, **cast(Any, shown))) == "jwt_binding"
    assert refused(lambda: verify(minted().token, certificate=certificate, now=NOW)) == "jwt_binding"
    with pytest.raises(CountersealError):
        verify(bound, certificate=certificate, key=key, now=NOW)


def test_a_proof_that_was_kept_is_the_same_one_while_it_holds() -> None:
    verifier, token = token_verifier(), minted().token
    first = verifier.verify(token, now=NOW)
    assert verifier.verify(token, now=NOW + 1) is first
    assert refused(lambda: verifier.verify(token, now=NOW + 16 * MINUTE)) == "jwt_expired"
    assert refused(lambda: verifier.verify(token, now=NOW - MINUTE)) == "jwt_not_yet_valid"
    assert refused(lambda: verifier.verify(token, certificate=bytes(32), now=NOW)) == "jwt_binding"
    assert token_verifier(cache=0).verify(token, now=NOW) is not first


def test_o16_a_proof_is_kept_for_one_verifier_and_its_keys() -> None:
    verifier, token = token_verifier(), minted().token
    verifier.verify(token, now=NOW)
    verifier.replace_keys([TokenSigner.hmac("login-1", "HS256", bytes(32)).key])
    assert refused(lambda: verifier.verify(token, now=NOW)) == "jwt_signature"
    other = TokenVerifier(token_policy(audience="billing"), [token_signer().key])
    assert refused(lambda: other.verify(token, now=NOW)) == "jwt_audience"


def test_c34_no_parameter_takes_a_pattern() -> None:
    for pattern in (re.compile(".*"), re.compile("(a+)+$")):
        for members in ({"issuer": pattern, "audience": "api"}, {"issuer": "i", "audience": [pattern]}):
            with pytest.raises(CountersealError) as caught:
                TokenPolicy("access", **cast("Any", members))
            assert caught.value.code == "binding_argument_type"
    # And a text that looks like one is a name.
    policy = TokenPolicy("access", issuer="https://login.example", audience=".*")
    with pytest.raises(TokenError) as refused:
        TokenVerifier(policy, [token_signer().key]).verify(minted().token, now=NOW)
    assert refused.value.code == "jwt_audience"


def test_c36_a_refusal_has_nothing_of_the_token() -> None:
    token = minted(claims={"nick": "canary"}).token
    with pytest.raises(TokenError) as caught:
        token_verifier().verify(token, now=NOW + 3_600_000)
    told = (str(caught.value), caught.value.event, dict(caught.value.detail), caught.value.args)
    assert caught.value.code == "jwt_expired"
    assert not any(part in str(told) for part in ("canary", "user-7", *token.split(".")))
    assert not any(hasattr(caught.value, name) for name in ("claims", "payload", "token"))


def test_a_cache_that_is_full_begins_anew() -> None:
    verifier = token_verifier(cache=2)
    tokens = [minted().token for _ in range(5)]
    assert all(verifier.verify(token, now=NOW).subject == "user-7" for token in tokens * 2)


def test_a_text_that_says_it_equals_anything_finds_no_proof_of_others() -> None:
    class Liar(str):
        """Equal to everything."""

        __slots__ = ()
        __hash__ = str.__hash__

        def __eq__(self, other: object) -> bool:
            return True

    class Twin(Liar):
        """With the hash of another text."""

        __slots__ = ()

        def __hash__(self) -> int:
            return hash(TOKEN)

    verifier = token_verifier()
    verifier.verify(TOKEN, now=NOW)
    assert refused(lambda: verifier.verify(Twin("a.b.c"), now=NOW)) == "jwt_malformed"
    assert verifier.verify(Liar(TOKEN), now=NOW).subject == "user-7"


TOKEN = minted().token


def test_keys_come_from_pem_and_jwk_each_for_one_algorithm() -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    key = TokenKey.public("a", "ES256", public)
    signer = TokenSigner.private("a", pem(private).decode())
    assert TokenVerifier(token_policy(), [key]).verify(minted(signer).token, now=NOW)
    for algorithm in ("ES384", "EdDSA", "RS256", "HS256", "none", "es256"):
        assert refused(partial(TokenKey.public, "a", cast(Any, algorithm), public)).startswith(
            ("jwt_setup_algorithm", "public_key_")
        )
    numbers = private.public_key().public_numbers()
    jwk = {"kty": "EC", "crv": "P-256", "alg": "ES256", "kid": "a", "use": "sig"}
    jwk |= {name: encoded(getattr(numbers, name).to_bytes(32, "big")) for name in ("x", "y")}
    keys = TokenKeys.from_jwks(json.dumps({"keys": [jwk]}))
    assert keys.ids == ["a"]
    assert TokenVerifier(token_policy(), keys).verify(minted(signer).token, now=NOW)
    assert refused(lambda: TokenKey.from_jwk(json.dumps({**jwk, "d": "AA"}))) == "jwt_setup_jwk"
    assert refused(lambda: TokenKeys([key, key])) == "jwt_setup_keys"
    assert refused(lambda: TokenKeys([])) == "jwt_setup_keys"


def test_a_workload_has_a_name_of_its_trust_domain() -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    numbers = private.public_key().public_numbers()
    jwk = {"kty": "EC", "crv": "P-256", "kid": "a", "use": "jwt-svid"}
    jwk |= {name: encoded(getattr(numbers, name).to_bytes(32, "big")) for name in ("x", "y")}
    keys = TokenKeys.from_spiffe_bundle(json.dumps({"spiffe_sequence": 1, "keys": [jwk]}))
    policy = TokenPolicy("svid", issuer="spiffe://td.example", audience="orders")
    minter = TokenMinter(TokenSigner.private("a", pem(private)), policy)
    token = minter.mint("spiffe://td.example/worker/7", life_seconds=300, now=NOW).token
    verified = TokenVerifier(policy, keys).verify(token, now=NOW)
    assert (verified.subject, verified.claims.get("iss")) == ("spiffe://td.example/worker/7", None)
    other = TokenPolicy("svid", issuer="spiffe://other.example", audience="orders")
    assert refused(lambda: TokenVerifier(other, keys).verify(token, now=NOW)) == "jwt_trust_domain"
    for subject, code in [
        ("worker-7", "spiffe_scheme"),
        ("spiffe://td.example/../7", "spiffe_dots"),
        ("spiffe://other.example/7", "jwt_setup_trust_domain"),
    ]:
        assert refused(partial(minter.mint, subject, life_seconds=300, now=NOW)) == code
    secret = TokenMinter(token_signer(), policy)
    assert refused(partial(secret.mint, "spiffe://td.example/7", life_seconds=300)) == "jwt_setup_algorithm"
    assert refused(lambda: TokenKeys.from_jwks(json.dumps({"keys": [jwk]}))) == "jwt_setup_keys"


def test_an_explanation_says_what_was_compared() -> None:
    verifier, token = token_verifier(), minted().token
    taken = verifier.explain(token, now=NOW)
    assert taken.startswith("taken\npassed size: ")
    assert "REFUSED" not in taken
    late = verifier.explain(token, now=NOW + 60 * MINUTE)
    seconds = NOW // 1000
    assert late.startswith("refused: jwt_expired\n")
    assert f"REFUSED end: exp {seconds + 900}, leeway 30, now {seconds + 3600}\nskipped begin" in late
    bound = minted(key=bytes(32)).token
    assert verifier.explain(bound, now=NOW).startswith("refused: jwt_binding")
    assert verifier.explain(bound, key=bytes(32), now=NOW).startswith("taken")
    assert verifier.explain("", now=NOW).startswith("refused: jwt_malformed")
    # It says what there is to say, whatever a proof that was kept says.
    kept = token_verifier(cache=1)
    assert kept.verify(token, now=NOW)
    assert kept.explain(token, now=NOW) == taken
    assert not any(text.count(token.rsplit(".", 1)[1]) for text in (taken, late))


def test_inspecting_needs_no_key_and_verifies_nothing() -> None:
    token = minted(claims={"scope": "read\nwrite"}).token
    text = inspect(token)
    assert text.startswith("nothing of this is verified: anybody may have written it\n")
    assert '\n  sub "user-7"\n' in text
    assert '\n  scope "read\\nwrite"' in text
    assert "signature: 32 bytes, not shown" in text
    assert token.rsplit(".", 1)[1] not in text
    assert "2 parts" in inspect("a.b")


def test_a_weak_key_is_none() -> None:
    assert refused(lambda: TokenKey.hmac("a", "HS256", bytes(31))) == "key_too_short"
    assert refused(lambda: TokenSigner.hmac("a", "HS512", bytes(63))) == "key_too_short"
    weak = rsa.generate_private_key(public_exponent=3, key_size=2048).public_key()
    text = weak.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    assert refused(lambda: TokenKey.public("a", "RS256", text)).startswith("public_key_")


def encoded(data: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def test_a_bearer_token_stands_in_one_field() -> None:
    assert bearer({"Authorization": "Bearer a.b.c"}) == "a.b.c"
    assert bearer([(b"authorization", b"bearer a.b.c"), (b"host", b"x")]) == "a.b.c"
    with pytest.raises(TokenError) as caught:
        bearer({"authorization": "Basic dTpw"})
    assert (caught.value.code, caught.value.headers) == ("jwt_missing", {"www-authenticate": "Bearer"})
    twice = [("authorization", "Bearer a"), ("Authorization", "Bearer b")]
    assert refused(lambda: bearer(twice)) == "jwt_malformed"


class Order(BaseModel):
    """What the application's tokens say."""

    sub: str
    scope: str
    user_ver: int = 0


def service(scheme: AccessToken) -> FastAPI:
    """A service that wants tokens."""
    app = FastAPI()
    install(app)

    @app.get("/who")
    async def who(token: Annotated[VerifiedToken, Security(scheme)]) -> str:
        return token.subject

    @app.get("/order")
    async def order(claims: Annotated[Order, Depends(scheme.of(Order))]) -> dict[str, Any]:
        return claims.model_dump()

    return app


def get(path: str, token: str | None, **options: Any) -> Any:
    """The answer of such a service."""
    headers = {} if token is None else {"authorization": f"Bearer {token}"}
    app = service(AccessToken(token_verifier(), **{"clock": lambda: NOW, **options}))
    return many(app, [{"method": "GET", "url": path, "headers": headers}])[0]


def test_a_handler_gets_the_proof_or_the_claims_of_its_model() -> None:
    token = minted(user_ver=3, claims={"scope": "a"}).token
    assert get("/who", token).json() == "user-7"
    assert get("/order", token).json() == {"sub": "user-7", "scope": "a", "user_ver": 3}


def test_a_stranger_is_told_to_come_back_with_a_token() -> None:
    events: list[str] = []
    answer = get("/who", None, on_event=events.append)
    assert (answer.status_code, answer.json()["code"]) == (401, "missing_token")
    assert answer.headers["www-authenticate"] == "Bearer"
    answer = get("/who", minted(now=NOW - 60 * MINUTE).token, on_event=events.append)
    assert (answer.status_code, answer.json()["code"]) == (401, "token_expired")
    assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'
    answer = get("/order", minted().token, on_event=events.append)
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")
    assert [json.loads(event)["event"] for event in events] == ["jwt_missing", "jwt_expired"]


def test_a_certificate_is_asked_for_where_tokens_are_bound() -> None:
    token = minted(certificate=bytes(32)).token
    assert get("/who", token, certificate=lambda _: bytes(32)).json() == "user-7"
    assert get("/who", token).status_code == 401


def test_the_scheme_is_in_the_openapi_document() -> None:
    document = get("/openapi.json", None).json()
    scheme = document["components"]["securitySchemes"]["AccessToken"]
    assert (scheme["type"], scheme["scheme"], scheme["bearerFormat"]) == ("http", "bearer", "JWT")
    assert document["paths"]["/who"]["get"]["security"] == [{"AccessToken": []}]
    assert document["paths"]["/order"]["get"]["security"] == [{"AccessToken": []}]


def stood(**options: Any) -> tuple[Standing, Memory]:
    """A standing in whose store the user of the tests is."""
    standing, store = Standing("login", **options), Memory(now=NOW)
    standing.register("user-7", now=NOW).run(store)
    return standing, store


def alive(standing: Standing, store: Memory | Sqlite, token: str, *, now: int = NOW) -> str:
    """Who may act, or why nobody may."""
    verified = token_verifier().verify(token, now=now)
    try:
        return standing.begin(verified, now=now).run(store).token.subject
    except TokenError as error:
        assert str(error).count(error.fix) == 1
        return error.code


@pytest.mark.parametrize("cache_seconds", [0, 5])
def test_c31_a_bumped_version_ends_the_session_at_once(cache_seconds: int) -> None:
    standing, store = stood(cache_seconds=cache_seconds)
    old = minted(user_ver=0).token
    assert alive(standing, store, old) == alive(standing, store, old) == "user-7"
    assert standing.version_of("user-7", now=NOW).run(store) == 0
    standing.bump("user-7", now=NOW).run(store)
    assert standing.version_of("user-7", now=NOW).run(store) == 1
    assert alive(standing, store, old) == "jwt_user_ver"
    assert alive(standing, store, minted(user_ver=1).token) == "user-7"
    assert alive(standing, store, minted(user_ver=2).token) == "jwt_user_ver_ahead"
    standing.disable("user-7", now=NOW).run(store)
    assert alive(standing, store, minted(user_ver=2).token) == "jwt_subject_disabled"
    assert refused(lambda: standing.version_of("user-7", now=NOW).run(store)) == "jwt_subject_disabled"
    assert refused(lambda: standing.version_of("user-8", now=NOW).run(store)) == "jwt_subject_unknown"
    standing.enable("user-7", now=NOW).run(store)
    assert alive(standing, store, minted(user_ver=2).token) == "user-7"


def test_c32_a_denied_token_and_a_disabled_key_are_over() -> None:
    standing, store = stood(cache_seconds=5)
    token, other = minted().token, minted().token
    assert alive(standing, store, token) == alive(standing, store, other) == "user-7"
    verified = token_verifier().verify(token, now=NOW)
    standing.deny(verified.id or "", expires=verified.expires, now=NOW).run(store)
    assert (alive(standing, store, token), alive(standing, store, other)) == ("jwt_denied", "user-7")
    by_key = minted(access_key="yubikey-1").token
    assert alive(standing, store, by_key) == "jwt_access_key"
    standing.register_key("yubikey-1", "user-7", now=NOW).run(store)
    assert alive(standing, store, by_key) == "user-7"
    standing.disable_key("yubikey-1", now=NOW).run(store)
    assert alive(standing, store, by_key) == "jwt_access_key"


def test_a_stranger_to_the_store_may_not_act_unless_it_is_said() -> None:
    store = Memory(now=NOW)
    assert alive(Standing("login"), store, minted().token) == "jwt_subject_unknown"
    assert alive(Standing("login", any_subject=True), store, minted().token) == "user-7"
    assert alive(Standing("other", any_subject=True, with_access_key=True), store, minted().token) == "jwt_access_key"


def test_a_store_that_does_not_answer_lets_nobody_act() -> None:
    asked = Standing("login").begin(token_verifier().verify(minted().token, now=NOW), now=NOW)
    statement = asked.statement("postgres")
    assert statement is not None
    asked.answer(None)
    with pytest.raises(CountersealError) as caught:
        asked.verdict()
    assert (caught.value.code, caught.value.http) == ("store_unavailable", 503)


def test_a_token_does_what_it_grants() -> None:
    verify = token_verifier().verify
    token = verify(minted(claims={"scope": "orders:* users:read"}).token, now=NOW)
    assert Requirement(["orders:write", "users:read"]).check(token, now=NOW).token.subject == "user-7"
    assert Requirement(["users:write", "orders:read"], any=True).check(token, now=NOW).authenticated is None
    with pytest.raises(TokenError) as caught:
        Requirement(["users:write"]).check(token, now=NOW)
    assert (caught.value.code, caught.value.http) == ("jwt_permission_missing", 403)
    assert caught.value.headers["www-authenticate"].startswith('Bearer error="insufficient_scope"')
    for permissions in ([], ["a b"], ["orders:*"]):
        assert refused(partial(Requirement, permissions)).startswith("jwt_setup_permission")


def test_p05_a_step_up_is_fresh_and_of_the_same_session() -> None:
    erase = Requirement(["docs:erase"], max_age_seconds=300, methods=["hwk"])
    said = {"scope": "docs:erase", "amr": ["hwk"], "auth_time": NOW // 1000 - 100}
    token = token_verifier().verify(minted(session="s-1", claims=said).token, now=NOW)
    assert erase.check(token, now=NOW).authenticated == NOW - 100_000
    old = token_verifier().verify(minted(session="s-1", claims={"scope": "docs:erase"}).token, now=NOW)
    with pytest.raises(TokenError) as caught:
        erase.check(old, now=NOW)
    assert (caught.value.code, caught.value.public) == ("jwt_mfa_required", "mfa_required")
    assert "insufficient_user_authentication" in caught.value.headers["www-authenticate"]
    assert erase.check(old, proof=("s-1", "user-7", "hwk", NOW - 1_000), now=NOW).authenticated == NOW - 1_000
    for proof in (
        ("s-2", "user-7", "hwk", NOW),
        ("s-1", "user-8", "hwk", NOW),
        ("s-1", "user-7", "hwk", NOW - 301_000),
    ):
        assert refused(partial(erase.check, old, proof=proof, now=NOW)) == "jwt_mfa_required"


def test_a_route_asks_the_store_and_the_grants() -> None:
    standing, store = stood()
    scheme = AccessToken(token_verifier(), standing=standing, store=store, clock=lambda: NOW)
    app = service(scheme)
    write = Annotated[Authorized, Depends(scheme.requiring(Requirement(["orders:write"])))]

    @app.post("/orders")
    async def create(by: write) -> str:
        return by.token.subject

    def post(token: str) -> Any:
        return many(app, [{"method": "POST", "url": "/orders", "headers": {"authorization": f"Bearer {token}"}}])[0]

    token = minted(claims={"scope": "orders:write"}).token
    assert post(token).json() == "user-7"
    answer = post(minted(claims={"scope": "orders:read"}).token)
    assert (answer.status_code, answer.json()["code"]) == (403, "insufficient_scope")
    standing.bump("user-7", now=NOW).run(store)
    answer = post(token)
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, 'Bearer error="invalid_token"')
    with pytest.raises(CountersealError):
        AccessToken(token_verifier(), standing=standing)
