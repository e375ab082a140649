"""Runs files of vectors and prints what came of each case, a line of JSON each: `run_vectors.py FILE_OR_DIRECTORY..`

`vectors/README.md` says what a case is. Nothing is judged here. What is no file of vectors ends the run with one line
on standard error and exit code 2.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import session_vectors
import token_vectors
from counterseal.errors import CountersealError, LimitError
from counterseal.limit import Admitted, Limit, client_address
from counterseal.request import ForeignPolicy, Key, Policy, Profile, Sent, Signer, Verified, Verifier
from counterseal.stores import Waiting
from counterseal.webhook import Receiver, Sender

SCHEMA = "counterseal/vectors/1"
MEMBERS = {"id", "flags", "policy", "now", "seed", "keys", "input", "replies", "expect"}
OPTIONAL = {"raw", "sockets"}
ROWS = {word: [[word]] for word in ("fresh", "held", "stale", "full", "owner_full")} | {"unavailable": None}
# What a file can do wrong while it is read and run, where a refusal of ours is a verdict.
BROKEN = (OSError, ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError)

Case = dict[str, Any]


class Asked:
    """How often a decision asked the store."""

    count = 0


def verify(case: Case, asked: Asked) -> Case:
    """A proof, and the claim that it made."""
    return verified(Policy.parse(document(case)), case, asked)


def verify_foreign(case: Case, asked: Asked) -> Case:
    """The same for a request that another signer signed."""
    return verified(ForeignPolicy(**case["policy"]), case, asked)


def answer_foreign(case: Case, asked: Asked) -> Case:
    """A response to such a request."""
    verifier = Verifier(ForeignPolicy(**case["policy"]), keys_of(case))
    waiting = verifier.begin(*parts(case["input"]), now=case["now"])
    claimed(waiting, case, asked)
    return headers(waiting.verdict().sign_response(200, b"", now=case["now"]))


def verified(policy: Policy | ForeignPolicy, case: Case, asked: Asked) -> Case:
    """A proof, and the claim that it made; content that comes in pieces after its head must come to the same."""
    verifier = Verifier(policy, keys_of(case))
    request, now = parts(case["input"]), case["now"]
    at_once = refusal(lambda: verifier.begin(*request, now=now))
    pieces = refusal(lambda: in_pieces(verifier, request, now))
    if at_once != pieces:
        raise ValueError(f"{case['id']}: {pieces} in pieces, {at_once} at once")
    waiting = verifier.begin(*request, now=now)
    claim = claimed(waiting, case, asked)
    proof = waiting.verdict()
    return {
        "key_id": proof.key_id,
        "scope": proof.scope,
        "created": proof.created,
        "expires": proof.expires,
        "nonce": proof.nonce.hex(),
        "covered": [list(pair) for pair in proof.covered],
        "claim": claim,
    }


def in_pieces(verifier: Verifier, request: tuple[Any, ...], now: int) -> None:
    """Begins the request, whose head announces its content."""
    method, scheme, authority, path, query, lines, body = request
    announced = [line for line in lines if line[0].lower() != b"content-length"]
    announced.append((b"Content-Length", str(len(body)).encode()))
    lines = announced if len(announced) <= 256 else lines
    content = verifier.begin_content(method, scheme, authority, path, query, lines, now=now)
    for at in range(0, len(body), 3):
        content.update(body[at : at + 3])
    content.finish()


def refusal(begin: Callable[[], object]) -> str | None:
    """The code of what is refused."""
    try:
        begin()
    except CountersealError as refused:
        return refused.code
    return None


def sent_by(case: Case) -> Sent:
    """The request that was sent."""
    (key,) = case["keys"]
    return Signer(key_of(key)).send(*parts(case["input"]["request"]), now=case["now"], seed=bytes.fromhex(case["seed"]))


def response(case: Case) -> tuple[Any, ...]:
    """What came back."""
    members = case["input"]
    lines = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in members["headers"]]
    return members["status"], lines, members["body"].encode("latin-1")


def check(case: Case, _: Asked) -> Case:
    """What is known of a response."""
    proof = sent_by(case).check(*response(case))
    return {"key_id": proof.key_id, "status": proof.status, "created": proof.created}


def clock(case: Case, _: Asked) -> Case:
    """The service's clock."""
    now, sign_anew = sent_by(case).clock(*response(case), round_trip_ms=case["input"]["round_trip"])
    return {"clock": now, "sign_anew": sign_anew}


def served(case: Case) -> tuple[Verifier, tuple[Any, ...]]:
    """The service, and the request as it comes."""
    *target, lines, body = parts(case["input"]["request"])
    fields = [(name.encode(), value.encode()) for name, value in sent_by(case).headers.items()]
    policy = Policy([case["input"]["request"]["authority"]])
    return Verifier(policy, keys_of(case)), (*target, [*lines, *fields], body)


def respond(case: Case, _: Asked) -> Case:
    """The fields that sign a response."""
    verifier, request = served(case)
    waiting = verifier.begin(*request, now=case["now"])
    waiting.answer([["fresh"]])
    proof: Verified = waiting.verdict()
    status, _lines, body = response(case)
    return headers(proof.sign_response(status, body, now=case["now"]))


def refuse(case: Case, _: Asked) -> Case:
    """The fields that sign a refusal; none when it is none for the time."""
    verifier, request = served(case)
    status, _lines, content = response(case)
    signed = verifier.sign_refusal(*request, status=status, content=content, now=case["input"]["served_at"])
    return {"headers": None} if signed is None else headers(signed)


def headers(fields: dict[str, str]) -> Case:
    """Names and values, in their order."""
    return {"headers": [list(field) for field in fields.items()]}


def claimed(waiting: Waiting[Any], case: Case, asked: Asked) -> Case:
    """The claim that a decision makes; the store answers as the case says."""
    statement = waiting.statement("sqlite")
    assert statement is not None
    space, key, born, since, until = statement[2]
    asked.count += 1
    waiting.answer(ROWS[case["replies"][0] if case["replies"] else "fresh"])
    return {"space": space, "key": bytes(key).hex(), "born": born, "since": since, "until": until}  # type: ignore[arg-type]


def sign(case: Case, _: Asked) -> Case:
    """The fields that a signer adds."""
    (key,) = case["keys"]
    members = dict(case["input"])
    life = members.pop("life_seconds", None)
    profile = Profile.parse(document(case))
    signer = Signer(key_of(key), profile, life_seconds=life)
    fields = signer.sign(*parts(members), now=case["now"], seed=bytes.fromhex(case["seed"]))
    return {"headers": [list(field) for field in fields.items()]}


def policy(case: Case, _: Asked) -> Case:
    """What a policy allows."""
    return {"body_limit_bytes": Policy.parse(case["input"]["text"]).body_limit_bytes}


def profile(case: Case, _: Asked) -> Case:
    """Nothing, if it can be."""
    Profile.parse(case["input"]["text"])
    return {}


def key(case: Case, _: Asked) -> Case:
    """What a key tells of itself."""
    (members,) = case["keys"]
    made = key_of(members)
    return {name: getattr(made, name) for name in ("id", "since", "until", "scope", "revoked")}


def keys(case: Case, _: Asked) -> Case:
    """The ids of a set of keys."""
    return {"ids": sorted(Verifier(Policy(["api.example"]), keys_of(case)).key_ids)}


def address(case: Case, _: Asked) -> Case:
    """Whom a connection counts for."""
    peer, field, values, hops = (case["input"][name] for name in ("peer", "field", "values", "hops"))
    return {"address": client_address(peer, values, hops=hops, field=field)}


def admit(case: Case, asked: Asked) -> Case:
    """The charges that were made, and what is left."""
    waiting, charges = counted(case, asked)
    admitted = waiting.verdict()
    return {"charges": charges, "left": admitted.left, "stepped_aside": admitted.stepped_aside}


def tell(case: Case, asked: Asked) -> Case:
    """What the caller is told, whether the request passed or not."""
    waiting, _ = counted(case, asked)
    try:
        admitted = waiting.verdict()
    except LimitError as refused:
        return {"code": refused.code, "headers": [list(field) for field in refused.headers.items()]}
    return {"code": None, "headers": [list(field) for field in admitted.headers.items()]}


def counted(case: Case, asked: Asked) -> tuple[Waiting[Admitted], list[Case]]:
    """A request that was counted as far as its store answered, and its charges."""
    members = case["policy"]
    site = members.get("site")
    limit = Limit(**{**members, "site": site and (site["burst"], site["every_ms"])})
    options = {"cost": case["input"]["cost"], "is_crowded": case["input"]["is_crowded"], "now": case["now"]}
    ((kind, whom),) = case["input"]["whom"].items()
    count = {"address": limit.by_address, "key": limit.by_key, "name": limit.by_name}[kind]
    waiting = count(whom, **options)
    charges: list[Case] = []
    while statement := waiting.statement("sqlite"):
        charge = charged(statement[2])
        reply = case["replies"][asked.count] if asked.count < len(case["replies"]) else None
        asked.count += 1
        charges.append(charge)
        waiting.answer(level(charge, reply))
    return waiting, charges


def charged(values: list[Any]) -> Case:
    """The charge that a statement of SQLite makes."""
    space, key, now, full, last, need, jumped = values
    return {
        "space": space,
        "key": bytes(key).hex(),
        "now": now,
        "full": full,
        "last": last,
        "need": need,
        "jumped": jumped,
    }


def level(charge: Case, reply: Any) -> list[list[Any]] | None:
    """What a store says: the level that was left behind; without a reply the cell was empty."""
    if reply == "unavailable":
        return None
    ((word, found),) = (reply or {"taken": charge["now"] + charge["need"]}).items()
    return [[found, int(word == "taken")]]


def send(case: Case, _: Asked) -> Case:
    """The fields that sign a message."""
    members = case["input"]
    fields = Sender(members["secrets"]).sign(members["id"], members["body"].encode("latin-1"), now=case["now"])
    return {"headers": [list(field) for field in fields.items()]}


def receive(case: Case, asked: Asked) -> Case:
    """A message, and the claim that was made."""
    members, options = case["input"], dict(case["policy"])
    receiver = Receiver(options.pop("endpoint"), members["secrets"], **options)
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in members["headers"]]
    waiting = receiver.begin(headers, members["body"].encode("latin-1"), now=case["now"])
    claim = claimed(waiting, case, asked)
    received = waiting.verdict()
    return {"endpoint": received.endpoint, "id": received.id, "created": received.created, "claim": claim}


OPERATIONS: dict[tuple[str, str], Callable[[Case, Asked], Case]] = {
    ("foreign", "answer"): answer_foreign,
    ("foreign", "verify"): verify_foreign,
    ("jwt", "bearer"): token_vectors.bearer_of,
    ("jwt", "cached"): token_vectors.cached,
    ("jwt", "challenge"): token_vectors.challenge,
    ("jwt", "fetch"): token_vectors.fetch,
    ("jwt", "keys"): token_vectors.keys,
    ("jwt", "mint"): token_vectors.mint,
    ("jwt", "nearest"): token_vectors.nearest,
    ("jwt", "oidc"): token_vectors.oidc,
    ("jwt", "require"): token_vectors.require,
    ("jwt", "ring"): token_vectors.ring,
    ("jwt", "stand"): token_vectors.stand,
    ("jwt", "standing"): token_vectors.standing,
    ("jwt", "verify"): token_vectors.verify,
    ("limit", "address"): address,
    ("limit", "admit"): admit,
    ("limit", "tell"): tell,
    ("refresh", "sessions"): session_vectors.sessions,
    ("response", "check"): check,
    ("response", "clock"): clock,
    ("response", "refuse"): refuse,
    ("response", "respond"): respond,
    ("webhook", "receive"): receive,
    ("webhook", "send"): send,
    ("request", "verify"): verify,
    ("request", "sign"): sign,
    ("request", "policy"): policy,
    ("request", "profile"): profile,
    ("request", "key"): key,
    ("request", "keys"): keys,
}


def parts(members: Case) -> tuple[Any, ...]:
    """The arguments that stand for a request, as bytes where they may be bytes."""
    names = ("method", "scheme", "authority", "path", "query", "headers", "body")
    if set(members) != set(names):
        raise ValueError("the input is no request")
    raw = {name: members[name].encode("latin-1") for name in names if name not in ("scheme", "headers")}
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in members["headers"]]
    return tuple({**raw, "scheme": members["scheme"], "headers": headers}[name] for name in names)


def document(case: Case) -> str:
    """The policy or profile of a case, as the text that a parser takes."""
    if not isinstance(case["policy"], dict):
        raise TypeError("the operation takes a policy")
    return json.dumps(case["policy"])


def keys_of(case: Case) -> list[Key]:
    """The known keys."""
    return [key_of(members) for members in case["keys"]]


def key_of(members: Case) -> Key:
    """The key of these members."""
    more = {name: value for name, value in members.items() if name not in ("id", "secret")}
    return Key(members["id"], bytes.fromhex(members["secret"]), **more)


def observe(run: Callable[[Case, Asked], Case], case: Case) -> Case:
    """What comes of a case."""
    asked = Asked()
    try:
        seen = {"verdict": "accept", "code": None, "public": None, "output": run(case, asked)}
    except CountersealError as refused:
        seen = {"verdict": "reject", "code": refused.code, "public": refused.public, "output": None}
    return {**seen, "asked": asked.count}


def lines(path: Path) -> Iterator[str]:
    """What comes of each case of a file."""
    file = json.loads(path.read_bytes())
    if file["schema"] != SCHEMA:
        raise ValueError("no file of vectors")
    run = OPERATIONS.get((file["room"], file["op"]))
    if run is None:
        raise ValueError("no such room or operation")
    for case in file["cases"]:
        if not MEMBERS <= set(case) <= MEMBERS | OPTIONAL:
            raise ValueError("a case has members missing or too many")
        yield json.dumps({"file": str(path), "id": case["id"], "lang": "python", **observe(run, case)})


def files(words: list[str]) -> Iterator[Path]:
    """The files, and those of each directory in the order of their names."""
    for word in words:
        path = Path(word)
        yield from sorted(path.glob("*.json")) if path.is_dir() else [path]


def is_run(path: Path) -> bool:
    """Prints what comes of a file, or why it is none."""
    try:
        for line in lines(path):
            print(line)
    except BROKEN as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        sys.stderr.write(f"{path}: {reason}\n")
        return False
    return True


def main(words: list[str]) -> int:
    """The exit code."""
    if not words:
        sys.stderr.write("usage: run_vectors.py FILE_OR_DIRECTORY..\n")
        return 2
    return 0 if all(is_run(path) for path in files(words)) else 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
