"""The operations of the room `jwt`, for `run_vectors.py`."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any, Protocol

from counterseal.errors import CountersealError, TokenError
from counterseal.jwt import (
    AdmittedJob,
    Authorized,
    ClaimRule,
    GithubRule,
    KeyFetcher,
    LiveToken,
    OidcPolicy,
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
)
from counterseal.stores import Memory, Waiting

Case = dict[str, Any]


class Asked(Protocol):
    """How often a decision asked the store."""

    count: int


PROOF = [
    "key_id",
    "subject",
    "id",
    "session",
    "access_key",
    "user_ver",
    "generation",
    "issued",
    "begins",
    "expires",
    "bound_by",
]
CHANGES = {"register": 1, "bump": 1, "disable": 1, "enable": 1, "deny": 1, "register_key": 2, "disable_key": 1}
CLAIMS = ["subject", "life_seconds", "until", "user_ver", "access_key", "session", "generation", "claims"]


def verify(case: Case, _: object) -> Case:
    """What a token says that is genuine; a verifier that keeps proofs must say the same when it comes again."""
    members = dict(case["input"])
    policy, token = TokenPolicy(**case["policy"]), members.pop("token")
    keys = keys_of(members.pop("keys"))
    peer = shown(members)
    keeping = TokenVerifier(policy, keys, cache=4)
    first, again = (came(lambda: keeping.verify(token, **peer, now=case["now"])) for _ in range(2))
    verifier = TokenVerifier(policy, keys, cache=0)
    if not first == again == came(lambda: verifier.verify(token, **peer, now=case["now"])):
        raise ValueError(f"{case['id']}: {first}, and {again} when it comes again")
    return proof_of(verifier.verify(token, **peer, now=case["now"]))


def proof_of(token: VerifiedToken) -> Case:
    """What a token says that is genuine."""
    return {name: getattr(token, name) for name in PROOF}


def came(verify: Callable[[], VerifiedToken]) -> Case:
    """A code, or a proof and no code."""
    try:
        return {"code": None, "proof": proof_of(verify())}
    except TokenError as refused:
        return {"code": refused.code}


def cached(case: Case, _: object) -> Case:
    """What each step comes to, by verifiers that keep their proofs."""
    members = dict(case["input"])
    keys, places, tokens = keys_of(members.pop("keys")), members.pop("places"), members.pop("tokens")
    policies = [case["policy"], *members.pop("others", [])]
    verifiers = [TokenVerifier(TokenPolicy(**policy), keys, cache=places) for policy in policies]
    told = [kept(verifiers[step["verifier"]], step, tokens) for step in members.pop("steps")]
    no_more(members)
    return {"steps": told}


def kept(verifier: TokenVerifier, step: Case, tokens: list[str]) -> Case:
    """What one step comes to."""
    if step["do"] == "verify":
        return came(lambda: verifier.verify(tokens[step["token"]], now=step["at"]))
    try:
        verifier.replace_keys(keys_of(step["keys"]))
    except CountersealError as refused:
        return {"code": refused.code}
    return {"code": None}


def mint(case: Case, _: object) -> Case:
    """A token; of one by a library that draws a number for each signature, what was signed."""
    members = dict(case["input"])
    policy = TokenPolicy(**case["policy"])
    signer = signer_of(members.pop("signer"))
    subject = members.pop("subject")
    claims = {name: members.pop(name) for name in CLAIMS if name in members}
    now, bound = case["now"], shown(members)
    minter = TokenMinter(signer, policy)
    minted = minter.mint(subject, **claims, **bound, now=now, seed=bytes.fromhex(case["seed"]))
    TokenVerifier(policy, [signer.key], cache=0).verify(minted.token, **bound, now=now)
    is_drawn = signer.key.algorithm.startswith("ES")
    told = {"signed": minted.token.rpartition(".")[0]} if is_drawn else {"token": minted.token}
    return {**told, "expires": minted.expires, "decided_by": minted.decided_by}


def keys(case: Case, _: object) -> Case:
    """The ids of keys, and the algorithms of those that are given one by one."""
    (members,) = case["input"].values()
    if isinstance(members, dict):
        return {"ids": keys_of(members).ids}
    made = [key_of(key) for key in members]
    return {"ids": TokenKeys(made).ids, "algorithms": [key.algorithm for key in made]}


def bearer_of(case: Case, _: object) -> Case:
    """The token of a request."""
    (lines,) = case["input"].values()
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in lines]
    return {"token": bearer(headers, now=case["now"])}


def require(case: Case, _: object) -> Case:
    """When the bearer of a token that grants what is required authenticated."""
    return {"authenticated": required(case)().authenticated}


def challenge(case: Case, _: object) -> Case:
    """What the client is told, whether its token grants what is required or not."""
    check = required(case)
    try:
        check()
    except TokenError as refused:
        return {"code": refused.code, "challenge": refused.headers["www-authenticate"]}
    return {"code": None, "challenge": None}


def required(case: Case) -> Callable[[], Authorized]:
    """Whether the bearer may; what cannot be set up and what is not genuine ends here."""
    members, now = dict(case["input"]), case["now"]
    requirement = Requirement(**members.pop("requirement"))
    (token,) = verified(case["policy"], members.pop("keys"), [members.pop("token")], now)
    proof = tuple(members.pop("proof")) if "proof" in members else None
    no_more(members)
    return lambda: requirement.check(token, proof=proof, now=now)


def fetch(case: Case, _: object) -> Case:
    """What comes of each event, and the answers to questions in between."""
    members, now = dict(case["input"]), case["now"]
    fetcher = KeyFetcher(**members.pop("fetcher"), now=now, seed=bytes.fromhex(case["seed"]))
    told = [fetched(fetcher, dict(step)) for step in members.pop("steps")]
    no_more(members)
    return {"steps": told}


def fetched(fetcher: KeyFetcher, step: Case) -> Case:
    """What comes of one step."""
    at, does = step.pop("at"), step.pop("do")
    match does:
        case "error":
            error = fetcher.last_error
            return {"code": None if error is None else error.code}
        case "keys":
            try:
                ids = fetcher.keys(now=at).ids
            except TokenError as refused:
                return {"code": refused.code}
            return {"code": None, "ids": ids, "generation": fetcher.generation}
        case "next":
            return {"next": fetcher.next_timeout}
        case "failure":
            fetcher.handle_failure(step.pop("order"), step.pop("cause"), now=at)
            came: Case = {}
        case "response":
            came = responded(fetcher, step, at)
        case "timeout":
            fetcher.handle_timeout(now=at)
            came = {}
        case "wanted":
            came = {"hope": fetcher.handle_wanted(step.pop("token"), now=at)}
        case _:
            raise ValueError("no such step")
    order = fetcher.order()
    names = ["number", "url", "timeout", "max_bytes"]
    return {**came, "order": None if order is None else dict(zip(names, order, strict=True))}


def responded(fetcher: KeyFetcher, step: Case, at: int) -> Case:
    """Whether an answer has other keys, or why it is no set of keys."""
    order, status = step.pop("order"), step.pop("status")
    body = step.pop("body").encode("latin-1") + b" " * step.pop("blanks", 0)
    try:
        return {"code": None, "is_new": fetcher.handle_response(order, status, body, **step, now=at)}
    except TokenError as refused:
        return {"code": refused.code, "is_new": False}


def oidc(case: Case, _: object) -> Case:
    """Which rule admits a token, and until when."""
    job = admitted(case)()
    return {"rule": job.rule, "until": job.until}


def nearest(case: Case, _: object) -> Case:
    """The rule that admits a token; or the one that came nearest, and its claim."""
    verify = admitted(case)
    try:
        return {"code": None, "rule": verify().rule, "claim": None}
    except TokenError as refused:
        return {"code": refused.code, "rule": refused.detail.get("rule"), "claim": refused.detail.get("claim")}


def admitted(case: Case) -> Callable[[], AdmittedJob]:
    """Whether a token is admitted; what cannot be set up ends here."""
    members, now = dict(case["input"]), case["now"]
    options = dict(members.pop("oidc"))
    audience, github, claims = options.pop("audience"), options.pop("github", None), options.pop("claims", None)
    if claims is None:
        policy = OidcPolicy.github(audience, [GithubRule(**rule) for rule in github], **options)
    else:
        rules = [ClaimRule(**{name: paired(value) for name, value in rule.items()}) for rule in claims]
        policy = OidcPolicy.of_issuer(options.pop("issuer"), audience, rules, **options)
    keys, token = keys_of(members.pop("keys")), members.pop("token")
    no_more(members)
    return lambda: policy.verify(token, keys, now=now)


def paired(value: Any) -> Any:
    """Pairs as a dict; a name stays a name."""
    return dict(value) if isinstance(value, list) else value


def ring(case: Case, _: object) -> Case:
    """What becomes of an issuer's keys."""
    members, store = dict(case["input"]), Memory(now=case["now"])
    host = TokenRing("https://iss.example", bytes(32), **members.pop("ring"))
    told = [turned(host, store, step) for step in members.pop("steps")]
    no_more(members)
    return {"steps": told}


def turned(host: TokenRing, store: Memory, step: Case) -> Case:
    """What one step comes to, for a host that has just read its store."""
    now = step["at"]
    match step["do"]:
        case "rotate":
            return {"code": outcome(host.rotate(pem=step["pem"], held=True, now=now), store, None, "", "")}
        case "revoke":
            return {"code": outcome(host.revoke(step["id"], now=now), store, None, "", "")}
        case "keys":
            host.load(now=now).run(store)
            return {"keys": host.keys(now=now)}
        case "mint":
            host.load(now=now).run(store)
            policy = TokenPolicy("job", issuer="https://iss.example", audience="api")
            made = TokenMinter(host, policy).mint("user-7", life_seconds=step["life_seconds"], now=now)
            return {"expires": made.expires, "decided_by": made.decided_by}
        case _:
            host.load(now=now).run(store)
            published = host.published(now=now)
            names = ["body", "content_type", "etag", "cache_control"]
            told = {name: getattr(published, name) for name in names}
            return {**told, "is_known": published.is_known(step.get("if_none_match", []))}


def stand(case: Case, asked: Asked) -> Case:
    """The rows that a token stands by; the store answers as the case says."""
    members = dict(case["input"])
    (token,) = verified(case["policy"], members.pop("keys"), [members.pop("token")], case["now"])
    tenant = members["standing"]["tenant"]
    waiting = Standing(**members.pop("standing")).begin(token, now=case["now"])
    no_more(members)
    statement = waiting.statement("sqlite")
    assert statement is not None
    asked.count += 1
    waiting.answer(rows_of(case["replies"][0] if case["replies"] else "unavailable", tenant, token.subject))
    waiting.verdict()
    return {"rows": [None if row is None else bytes(row).hex() for row in statement[2]]}  # type: ignore[arg-type]


def standing(case: Case, _: object) -> Case:
    """What becomes of each step, over one store and one cache."""
    members, now = dict(case["input"]), case["now"]
    tokens = verified(case["policy"], members.pop("keys"), members.pop("tokens"), now)
    tenant = members["standing"]["tenant"]
    desk, store = Standing(**members.pop("standing")), Memory(now=now)
    waiting: list[tuple[Waiting[LiveToken], str]] = []
    told = []

    def begin(step: Case) -> Case:
        token = tokens[step["token"]]
        look = desk.begin(token, now=step["at"])
        waiting.append((look, token.subject))
        return {"asked": look.statement("sqlite") is not None}

    def finish(step: Case) -> Case:
        look, subject = waiting.pop()
        return {"code": outcome(look, store, step.get("reply"), tenant, subject)}

    for step in members.pop("steps"):
        match step["do"]:
            case "begin":
                told.append(begin(step))
            case "finish":
                told.append(finish(step))
            case "stand":
                told.append(begin(step) | finish(step))
            case change:
                told.append({"code": outcome(changing(desk, change, step), store, step.get("reply"), tenant, "")})
    no_more(members)
    return {"steps": told}


def changing(desk: Standing, change: str, step: Case) -> Waiting[None]:
    """A change that was begun."""
    begin: Callable[..., Waiting[None]] = getattr(desk, change)
    arguments = [value for name, value in step.items() if name in ("access_key", "id", "subject")]
    assert len(arguments) == CHANGES[change]
    options = {"expires": step["expires"]} if change == "deny" else {}
    return begin(*arguments, **options, now=step["at"])


def outcome(waiting: Waiting[Any], store: Memory, reply: Any, tenant: str, subject: str) -> str | None:
    """The code of what was asked, by the store or by what it is said to answer."""
    try:
        if reply is None or waiting.statement("sqlite") is None:
            waiting.run(store)
        else:
            waiting.answer(rows_of(reply, tenant, subject))
            waiting.verdict()
    except CountersealError as refused:
        return refused.code
    return None


def rows_of(reply: Any, tenant: str, subject: str) -> list[list[Any]] | None:
    """The one row of a look, in which each part ends with its version."""
    if reply == "unavailable":
        return None
    (stored,) = reply.values()
    user, key = stored.get("subject"), stored.get("access_key")
    row, cells = bytes(16), []
    cells += [None] * 7 if user is None else [row, tenant, subject, user["user_ver"], user.get("disabled"), 0, 1]
    cells += [row, tenant, "id", 0, 1] if stored.get("denied") else [None] * 5
    if key is None:
        return [cells + [None] * 7]
    owner = row_of("counterseal/subject/1", tenant, subject if key["is_own"] else "another")
    return [[*cells, row, tenant, "key", owner, key.get("disabled"), 0, 1]]


def row_of(label: str, tenant: str, name: str) -> bytes:
    """The id of a row, as docs/spec/access.md A-8 has it."""
    parts = [text.encode() for text in (tenant, name)]
    framed = b"".join(len(part).to_bytes(8, "big") + part for part in parts)
    return hashlib.sha256(label.encode() + framed).digest()[:16]


def verified(policy: Case, keys: Any, tokens: list[str], now: int) -> list[VerifiedToken]:
    """Genuine tokens."""
    verifier = TokenVerifier(TokenPolicy(**policy), keys_of(keys), cache=0)
    return [verifier.verify(token, now=now) for token in tokens]


def no_more(members: Case) -> None:
    """The operation took all members of its input."""
    if members:
        raise ValueError("the input has other members than the operation takes")


def shown(members: Case) -> dict[str, Any]:
    """The thumbprint that the peer has shown, or that a token is to be bound to; nothing else may be left."""
    if not set(members) <= {"certificate", "key"}:
        raise ValueError("the input has other members than the operation takes")
    return {name: bytes.fromhex(value) for name, value in members.items()}


def keys_of(members: Any) -> TokenKeys:
    """A set, or keys one by one."""
    if isinstance(members, dict):
        if "bundle" in members:
            return TokenKeys.from_spiffe_bundle(members["bundle"])
        return TokenKeys.from_jwks(members["jwks"])
    return TokenKeys([key_of(key) for key in members])


def key_of(members: Case) -> TokenKey:
    """The key of these members."""
    if "jwk" in members:
        return TokenKey.from_jwk(members["jwk"])
    key, algorithm = members["id"], members["algorithm"]
    if "pem" in members:
        return TokenKey.public(key, algorithm, members["pem"])
    return TokenKey.hmac(key, algorithm, bytes.fromhex(members["secret"]))


def signer_of(members: Case) -> TokenSigner:
    """What signs."""
    if "pem" in members:
        return TokenSigner.private(members["id"], members["pem"].encode())
    return TokenSigner.hmac(members["id"], members["algorithm"], bytes.fromhex(members["secret"]))
