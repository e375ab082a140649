"""Nothing that is written, kept or handed out holds a secret, and nothing holds what a peer sent."""

from __future__ import annotations

import base64
import copy
import gc
import io
import json
import logging
import pickle
import secrets
import string
import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from pprint import pformat
from typing import Any

import pytest

from counterseal.errors import CountersealError
from counterseal.jwt import TokenKeys, TokenMinter, TokenRing, TokenSigner, TokenVerifier
from counterseal.refresh import Refresher
from counterseal.replay import Ring, SharedRing
from counterseal.request import Key, KeyVault, Policy, Signer, Verifier
from counterseal.stores import Memory, Sqlite, drive
from support import AUTHORITY, NOW, Sent, token_policy

KEY = Key("worker-7", b"hunter2-hunter2-hunter2-hunter2-", since=NOW)
TOKENS = TokenSigner.hmac("login-1", "HS256", b"hunter2-hunter2-hunter2-hunter2-")
HOLDERS = [
    KEY,
    Signer(KEY),
    Verifier(Policy([AUTHORITY]), [KEY], Memory(now=NOW)),
    KeyVault(b"hunter2-hunter2-hunter2-hunter2-"),
    Sent().signed(Signer(KEY)).begin(Verifier(Policy([AUTHORITY]), [KEY])),
    Ring(now=NOW, seed=b"hunter2-hunter2-"),
    Memory(now=NOW),
    TOKENS,
    TOKENS.key,
    TokenKeys([TOKENS.key]),
    TokenMinter(TOKENS, token_policy()),
    TokenVerifier(token_policy(), [TOKENS.key]),
    TokenRing("https://iss.example", b"hunter2-hunter2-hunter2-hunter2-"),
    Refresher(confirmation="wired", within_seconds=60, signing=(1, b"hunter2-hunter2-hunter2-hunter2-")),
]
COPIES: list[Callable[[Any], object]] = [
    copy.copy,
    copy.deepcopy,
    *[
        lambda thing, protocol=protocol: pickle.dumps(thing, protocol)
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1)
    ],
]


@pytest.mark.parametrize("holder", HOLDERS, ids=lambda holder: type(holder).__name__)
def test_b13_what_holds_a_key_is_neither_pickled_nor_copied(holder: object) -> None:
    for attempt in COPIES:
        with pytest.raises(CountersealError) as refused:
            attempt(holder)
        assert refused.value.code == "binding_secret_copied"


@pytest.mark.parametrize("holder", HOLDERS, ids=lambda holder: type(holder).__name__)
def test_b13_no_text_of_what_holds_a_key_shows_it(holder: object) -> None:
    texts = [repr(holder), str(holder), f"{holder}", pformat(holder), repr([holder]), repr(dir(holder))]
    members = [name for name in dir(holder) if not name.startswith("__")]
    texts += [repr(getattr(holder, name)) for name in members]
    assert "hunter2" not in "".join(texts)
    with pytest.raises(TypeError):
        vars(holder)
    with pytest.raises(TypeError):
        json.dumps(holder)
    assert "hunter2" not in json.dumps([holder], default=repr)


def test_a_proof_is_not_copied_either() -> None:
    server = Verifier(Policy([AUTHORITY]), [KEY], Memory(now=NOW))
    proof = Sent().signed(Signer(KEY)).verify(server)
    with pytest.raises(CountersealError) as refused:
        pickle.dumps(proof)
    assert refused.value.code == "binding_secret_copied"


class Session:
    """A session with planted secrets, and all that it wrote."""

    def __init__(self) -> None:
        # Twenty, each in a place of its own, and 32 bytes long; each is random, so a hit is no accident.
        names = ["signer", "stranger", "sealing", "wrong_sealing", "successor", "ring", "authorization", "cookie"]
        names += ["body", "path", "query", "key_id", "method", "nonce", "tampered", "agent", "cell", "media", "host"]
        names += ["text"]
        self.planted = {name: secrets.token_hex(16) for name in names}
        self.planted["method"] = "".join(secrets.choice(string.ascii_uppercase) for _ in range(32))
        self.written = io.StringIO()

    def secret(self, name: str) -> bytes:
        """A planted secret, as bytes."""
        return self.planted[name].encode()

    def write(self, *things: object) -> None:
        """Takes all texts of these things."""
        for thing in things:
            self.written.write(f"{thing!r}\n{thing!s}\n")

    def refuse(self, call: Callable[[], object]) -> CountersealError:
        """Takes all that a refused call says, its traceback included."""
        with pytest.raises(CountersealError) as refused:
            call()
        error = refused.value
        self.write(error, vars(error), error.args)
        # The lines of the source and the values of locals are the test's own; the frames' texts are not.
        self.written.write("".join(traceback.format_exception_only(type(error), error)))
        return error

    def hits(self) -> list[str]:
        """The secrets that something written holds, as they are or in hex or base64."""
        text = self.written.getvalue()
        return [name for name, secret in self.planted.items() if any(form in text for form in forms(secret))]


def forms(secret: str) -> Iterator[str]:
    """How either half of a secret might come out."""
    for half in (secret[:16], secret[16:]):
        yield half
        yield half.upper()
        yield half.encode().hex()
        yield base64.b64encode(half[:15].encode()).decode()


@pytest.fixture
def session() -> Iterator[Session]:
    """A session whose log goes into what it wrote."""
    session = Session()
    handler = logging.StreamHandler(session.written)
    logging.getLogger().addHandler(handler)
    level = logging.getLogger().level
    logging.getLogger().setLevel(logging.DEBUG)
    yield session
    logging.getLogger().setLevel(level)
    logging.getLogger().removeHandler(handler)


def test_a01_none_of_twenty_planted_secrets_comes_out_of_a_session(session: Session, tmp_path: Path) -> None:
    key = Key("worker-7", session.secret("signer"), since=NOW)
    signer = Signer(key)
    ring = Ring(now=NOW, seed=session.secret("ring")[:16])
    server = Verifier(Policy([AUTHORITY]), [key], ring)
    session.write(key, signer, ring, ring.gauge(), server)

    headers = {
        "content-type": "text/plain",
        "authorization": f"Bearer {session.planted['authorization']}",
        "cookie": session.planted["cookie"],
        "user-agent": session.planted["agent"],
    }
    sent = Sent(headers=headers, body=session.secret("body")).signed(signer)
    session.write(server.verify(*sent.parts(), now=NOW))
    session.refuse(lambda: sent.verify(server))
    session.refuse(lambda: sent.verify(server, now=NOW + 120_000))

    changed: dict[str, dict[str, Any]] = {
        "path": {"path": f"/{session.planted['path']}"},
        "query": {"query": session.planted["query"]},
        "method": {"method": session.planted["method"]},
        "tampered": {"body": session.secret("tampered")},
        "host": {"authority": session.planted["host"]},
        "media": {"headers": {**sent.headers, "content-type": session.planted["media"]}},
    }
    for change in changed.values():
        session.refuse(lambda change=change: replace(sent, **change).verify(server))  # type: ignore[misc]
        if not change.keys() & {"authority", "method", "path"}:  # method and path are what an explanation is about
            session.write(server.explain(*replace(sent, **change).parts()))
    stranger = Signer(Key(session.planted["key_id"], session.secret("stranger"), since=NOW))
    session.refuse(lambda: Sent().signed(stranger).verify(server))
    session.refuse(lambda: Sent().signed(Signer(Key("worker-7", session.secret("stranger")))).verify(server))
    session.refuse(lambda: Key(session.planted["key_id"] + "\n", session.secret("stranger")))
    session.refuse(lambda: Key("a", session.planted["stranger"]))  # type: ignore[arg-type]
    session.refuse(lambda: signer.sign("GET", "https", AUTHORITY, "/", seed=session.secret("nonce")))
    session.refuse(lambda: Policy.parse(session.planted["text"]))

    store = Memory(now=NOW)
    vault, wrong = KeyVault(session.secret("sealing")), KeyVault(session.secret("wrong_sealing"))
    session.write(vault, vault.save("worker-7", session.secret("signer"), since=NOW).run(store))
    session.write(vault.rotate("worker-7", "worker-8", session.secret("successor"), old_until=NOW).run(store))
    session.write(vault.load("worker-8").run(store))
    session.refuse(lambda: wrong.load("worker-8").run(store))

    def failing(_text: str, _values: list[Any]) -> list[Any]:
        raise OSError

    waiting = Sent().signed(signer).begin(server)
    session.write(waiting, waiting.statement("postgres"))
    session.refuse(lambda: drive(waiting, "sqlite", failing))
    cells = Sent().signed(signer).begin(server)
    cells.answer([[session.planted["cell"]]])
    session.refuse(cells.verdict)
    session.refuse(lambda: Sent().signed(signer).begin(server).answer([[object()]]))  # type: ignore[list-item]
    (tmp_path / "file").touch()
    session.refuse(lambda: SharedRing(tmp_path / "file" / session.planted["path"]))
    session.refuse(lambda: Sqlite(tmp_path / "file" / session.planted["path"]))
    assert session.hits() == []


def test_a01_the_search_would_find_a_secret_in_each_of_its_forms(session: Session) -> None:
    for form in forms(session.planted["signer"]):
        session.written.write(form)
        assert session.hits() == ["signer"]
        session.written.truncate(0)


@pytest.mark.parametrize("name", ["\n", "\r\n", "\x1b[31m", "\N{RIGHT-TO-LEFT OVERRIDE}", '"}', "\x00", "\\u000a"])
def test_a02_an_event_is_one_line_of_json_whatever_the_peer_sends(name: str) -> None:
    server = Verifier(Policy([AUTHORITY]), [KEY], Memory(now=NOW))
    signed = Sent().signed(Signer(KEY))
    hostile = signed.headers["signature-input"].replace('keyid="worker-7"', f'keyid="{name}"')
    for change in (
        {"headers": {**signed.headers, "signature-input": hostile}},
        {"headers": {**signed.headers, "user-agent": name}},
        {"path": f"/{name}"},
        {"query": name},
        {"authority": name},
        {"method": name},
        {"body": name.encode()},
    ):
        try:
            event: str | None = replace(signed, **change).verify(server).event
        except CountersealError as refused:
            event = refused.event
        assert event is not None
        assert event.isascii()
        assert event.isprintable()
        assert isinstance(json.loads(event), dict)


def test_objects_do_not_leak_when_decisions_are_dropped() -> None:
    server = Verifier(Policy([AUTHORITY]), [KEY])
    signed = Sent().signed(Signer(KEY))
    gc.collect()
    before = len(gc.get_objects())
    for _ in range(1_000):
        signed.begin(server)
    gc.collect()
    assert len(gc.get_objects()) - before < 100
