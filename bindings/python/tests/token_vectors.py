"""The operations of the room `jwt`, for `run_vectors.py`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from counterseal.errors import TokenError
from counterseal.jwt import (
    Authorized,
    Requirement,
    TokenKey,
    TokenKeys,
    TokenMinter,
    TokenPolicy,
    TokenSigner,
    TokenVerifier,
    bearer,
)

Case = dict[str, Any]

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
CLAIMS = ["subject", "life_seconds", "until", "user_ver", "access_key", "session", "generation", "claims"]


def verify(case: Case, _: object) -> Case:
    """What a token says that is genuine."""
    members = dict(case["input"])
    policy = TokenPolicy(**case["policy"])
    verifier = TokenVerifier(policy, keys_of(members.pop("keys")), cache=0)
    verified = verifier.verify(members.pop("token"), **shown(members), now=case["now"])
    return {name: getattr(verified, name) for name in PROOF}


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
    policy = TokenPolicy(**case["policy"])
    verifier = TokenVerifier(policy, keys_of(members.pop("keys")), cache=0)
    requirement = Requirement(**members.pop("requirement"))
    verified = verifier.verify(members.pop("token"), now=now)
    proof = tuple(members.pop("proof")) if "proof" in members else None
    no_more(members)
    return lambda: requirement.check(verified, proof=proof, now=now)


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
