"""Arguments that cannot be: each is refused under a code of ours, and no foreign exception comes out."""

from __future__ import annotations

import array
import asyncio
import contextlib
import math
import mmap
import os
import sys
from collections import OrderedDict, UserDict, UserString, deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from counterseal.errors import ArgumentError, CountersealError, SigningKeyError
from counterseal.httpx import AsyncSigningTransport, SignatureAuth, SigningTransport
from counterseal.limit import Admitted, Cells, Limit, SharedCells
from counterseal.replay import Ring, SharedRing
from counterseal.request import Key, KeyVault, Policy, Profile, Signer, Verified, Verifier, end_key, revoke_key
from counterseal.stores import Memory, Sqlite, Waiting, drive, drive_async, migrations, sweeping
from counterseal.stores.asyncpg import Postgres
from counterseal.stores.redis import Redis
from counterseal.webhook import Received, Receiver, Sender
from support import AUTHORITY, NOW, SECRET, Sent, key, verifier

SURROGATE = "\ud800"


def code_of(call: Callable[[], object]) -> str:
    """The code under which a call is refused."""
    with pytest.raises(CountersealError) as refused:
        call()
    return refused.value.code


def sign(**change: Any) -> Callable[[], object]:
    """Signing with one part changed."""
    parts = dict(
        zip(("method", "scheme", "authority", "path", "query", "headers", "body"), Sent().parts(), strict=True)
    )
    return lambda: Signer(key()).sign(**{**parts, "now": NOW, **change})


class Text(str):
    """A text whose methods are hostile."""

    __slots__ = ()

    def __len__(self) -> int:
        raise RuntimeError

    def __str__(self) -> str:
        raise RuntimeError

    def __iter__(self) -> Iterator[str]:
        raise RuntimeError

    def encode(self, *_: object) -> bytes:
        raise RuntimeError


class Number(int):
    """A number whose methods are hostile."""

    def __index__(self) -> int:
        raise RuntimeError

    def __int__(self) -> int:
        raise RuntimeError


class Bytes(bytes):
    """Bytes whose methods are hostile."""

    def __len__(self) -> int:
        raise RuntimeError

    def __bytes__(self) -> bytes:
        raise RuntimeError

    def __iter__(self) -> Iterator[int]:
        raise RuntimeError


class Fields(dict[str, str]):
    """A dict whose methods are hostile."""

    def __len__(self) -> int:
        raise RuntimeError

    def __iter__(self) -> Iterator[str]:
        raise RuntimeError

    def items(self) -> Any:
        raise RuntimeError

    def keys(self) -> Any:
        raise RuntimeError

    def __getitem__(self, name: str) -> str:
        raise RuntimeError


class Items(list[Any]):
    """A list whose methods are hostile."""

    def __len__(self) -> int:
        raise RuntimeError

    def __iter__(self) -> Iterator[Any]:
        raise RuntimeError

    def __getitem__(self, index: Any) -> Any:
        raise RuntimeError


class Pathlike:
    """A path that does what it is told to."""

    def __init__(self, result: object) -> None:
        self.result = result

    def __fspath__(self) -> Any:
        if isinstance(self.result, BaseException):
            raise self.result
        return os.fspath(self) if self.result is self else self.result


class Liar:
    """An object that claims to be of another class, and fails at everything."""

    def __init__(self, claimed: type) -> None:
        object.__setattr__(self, "claimed", claimed)

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        return object.__getattribute__(self, "claimed")

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(name)


@pytest.mark.parametrize("name", ["method", "authority", "path", "query", "scheme"])
def test_b03_a_lone_surrogate_is_refused(name: str) -> None:
    assert code_of(sign(**{name: SURROGATE})) == "binding_argument_text"


def test_b03_a_lone_surrogate_is_refused_in_every_text() -> None:
    calls: list[Callable[[], object]] = [
        lambda: Key(SURROGATE, SECRET),
        lambda: Key("a", SECRET, scope=SURROGATE),
        lambda: Policy([SURROGATE]),
        lambda: Policy.parse(SURROGATE),
        lambda: Profile(cover=[SURROGATE]),
        lambda: SharedRing(SURROGATE),
        lambda: Sqlite(Path(SURROGATE)),
        lambda: KeyVault(SECRET).load(SURROGATE),
        lambda: end_key(SURROGATE, NOW),
        lambda: Sent().signed().begin(verifier()).statement(SURROGATE),  # type: ignore[arg-type]
        lambda: Sent().signed().begin(verifier()).answer([[SURROGATE]]),
        sign(headers={SURROGATE: "x"}),
        sign(headers={"x": SURROGATE}),
        sign(headers=[("x", SURROGATE)]),
    ]
    assert {code_of(call) for call in calls} == {"binding_argument_text"}


@pytest.mark.parametrize("text", ["\0", "a\0b", "a\nb", "ä", "\N{RIGHT-TO-LEFT OVERRIDE}", "💥"])
def test_b02_a_nul_or_anything_but_visible_ascii_has_a_code_wherever_it_stands(text: str) -> None:
    for name in ("method", "authority", "path", "query"):
        assert code_of(sign(**{name: text})).startswith("request_sign_")
    assert code_of(sign(scheme=text)) == "binding_argument_choice"
    assert code_of(lambda: Key(text, SECRET)) == "key_id_invalid"
    assert code_of(lambda: Key("a", SECRET, scope=text)) == "request_key_scope_invalid"
    assert code_of(lambda: Policy([text])) == "request_policy_authorities"


def test_b02_a_path_with_a_nul_is_refused_before_the_system_is_asked() -> None:
    for make in (SharedRing, Sqlite):
        assert code_of(lambda make=make: make("a\0b")) == "binding_argument_text"  # type: ignore[misc]
        assert code_of(lambda make=make: make("")) == "binding_argument_length"  # type: ignore[misc]
        assert code_of(lambda make=make: make("a" * 5_000)) == "binding_argument_length"  # type: ignore[misc]


WRONG_NUMBERS: list[tuple[Any, str]] = [
    (True, "binding_argument_type"),
    (False, "binding_argument_type"),
    ("1", "binding_argument_type"),
    (b"1", "binding_argument_type"),
    (1j, "binding_argument_type"),
    (object(), "binding_argument_type"),
    (1.5, "binding_argument_range"),
    (1.0, "binding_argument_range"),
    (math.nan, "binding_argument_range"),
    (math.inf, "binding_argument_range"),
    (-1, "binding_argument_range"),
    (2**63, "binding_argument_range"),
    (2**64, "binding_argument_range"),
    (-(2**63) - 1, "binding_argument_range"),
    (10**400, "binding_argument_range"),
    (Number(-1), "binding_argument_range"),
]


@pytest.mark.parametrize(("number", "code"), WRONG_NUMBERS, ids=lambda value: repr(value)[:20])
def test_b07_a_number_is_a_whole_one_in_its_range(number: Any, code: str, tmp_path: Path) -> None:
    sent, vault = Sent().signed(), KeyVault(SECRET)
    calls: list[Callable[[], object]] = [
        lambda: Key("a", SECRET, since=number),
        lambda: Key("a", SECRET, until=number),
        lambda: Policy([AUTHORITY], past_seconds=number),
        lambda: Policy([AUTHORITY], future_seconds=number),
        lambda: Policy([AUTHORITY], retain_seconds=number),
        lambda: Policy([AUTHORITY], body_limit_bytes=number),
        lambda: Signer(key(), life_seconds=number),
        sign(now=number),
        lambda: sent.verify(verifier(), now=number),
        lambda: sent.begin(verifier(), now=number),
        lambda: verifier().key_to_load(*sent.parts(), now=number),
        lambda: verifier().key_to_refresh(now=number),
        lambda: Verifier(Policy([AUTHORITY]), refresh_seconds=number),
        lambda: vault.save("a", SECRET, since=number),
        lambda: vault.save("a", SECRET, until=number),
        lambda: vault.rotate("a", "b", SECRET, old_until=number),
        lambda: end_key("a", number),
        lambda: revoke_key("a", now=number),
        lambda: Ring(per_second=number),
        lambda: Ring(owner_cap=number),
        lambda: Ring(past_seconds=number),
        lambda: Memory(capacity=number),
        lambda: Memory(now=number),
        lambda: SharedRing(tmp_path / "ring", now=number),
        lambda: Sqlite(tmp_path / "db", future_seconds=number),
        lambda: Memory().sweep(limit=number),
        lambda: migrations("sqlite", now=number),
        lambda: sweeping("sqlite", limit=number),
    ]
    assert {code_of(call) for call in calls} == {code}


@pytest.mark.parametrize("number", [0, 2**31, 2**32, 2**53, 253_402_300_800_000])
def test_b07_a_number_that_is_one_but_makes_no_sense_has_a_code_too(number: int) -> None:
    sensible = {"binding_argument_range", "request_policy_limits"}
    assert code_of(lambda: Policy([AUTHORITY], past_seconds=number)) in sensible
    assert code_of(lambda: Policy([AUTHORITY], retain_seconds=number)) in sensible
    assert code_of(lambda: Signer(key(), life_seconds=number)) in sensible
    assert code_of(lambda: Ring(per_second=number)) in {"binding_argument_range", "replay_size_invalid"}


@pytest.mark.parametrize(
    "value",
    [None, 1, "text", object(), [1], {}, array.array("d", [1.0]), bytes, Liar(bytes), UserString("x")],
    ids=lambda value: type(value).__name__,
)
def test_b01_bytes_are_bytes_bytearray_or_memoryview(value: Any) -> None:
    calls = [lambda: Key("a", value), lambda: KeyVault(value)]
    if value is not None:
        calls += [sign(body=value), sign(seed=value)]
    assert {code_of(call) for call in calls} == {"binding_argument_type"}


def test_b05_a_released_memoryview_is_refused() -> None:
    view = memoryview(bytearray(SECRET))
    view.release()
    assert code_of(lambda: Key("a", view)) == "binding_argument_type"
    assert code_of(sign(body=view)) == "binding_argument_type"
    assert code_of(sign(seed=view)) == "binding_argument_type"


def test_b05_lengths_are_checked_before_anything_is_copied() -> None:
    for secret in (b"", bytes(31), bytearray(31), memoryview(bytes(31))):
        with pytest.raises(SigningKeyError) as refused:
            Key("a", secret)
        assert refused.value.code == "key_too_short"
    for seed in (b"", bytes(15), bytes(17)):
        assert code_of(sign(seed=seed)) == "binding_argument_length"
    huge = memoryview(bytearray(64 * 1024 * 1024 + 2))
    assert code_of(sign(body=huge)) == "binding_argument_length"
    # Four gigabytes that take no memory, since nobody touches them.
    assert code_of(sign(body=memoryview(mmap.mmap(-1, 2**32 + 1)))) == "binding_argument_length"


def test_b05_views_of_other_items_and_shapes_are_their_bytes() -> None:
    numbers = memoryview(array.array("I", range(8)))
    assert Key("a", numbers).id == "a"
    assert Key("a", memoryview(bytes(64)).cast("B", (8, 8))).id == "a"
    assert Key("a", memoryview(bytes(64))[::2]).id == "a"


def test_b08_hostile_methods_of_subclasses_are_never_called(tmp_path: Path) -> None:
    assert Key(Text("worker-7"), Bytes(SECRET), since=Number(NOW), scope=Text("s")).scope == "s"
    assert Policy(Items([Text(AUTHORITY)]), cover=Items([Text("x-a")]), past_seconds=Number(30)) is not None
    fields = sign(
        method=Text("POST"),
        path=Text("/"),
        query=Bytes(b"a=1"),
        headers=Fields({Text("content-type"): Text("text/plain")}),
        body=Bytes(b"body"),
        now=Number(NOW),
    )()
    assert isinstance(fields, dict)
    assert sign(headers=Items([Items(["content-type", Text("text/plain")])]))()
    assert Verifier(Policy([AUTHORITY]), Items([key()]), Memory(now=Number(NOW))).key_ids == ["worker-7"]
    Sent().signed().begin(verifier()).answer(Items([Items([Text("fresh")])]))
    assert SharedRing(Text(tmp_path / "ring")).gauge()["live"] == 0


@pytest.mark.parametrize(
    "headers",
    [
        1,
        "text",
        {"a", "b"},
        iter([("a", "b")]),
        (pair for pair in [("a", "b")]),
        UserDict({"a": "b"}),
        deque([("a", "b")]),
        [("a",)],
        [("a", "b", "c")],
        ["ab"],
        [None],
        [("a", None)],
        [(1, "b")],
        {"a": 1},
        {1: "a"},
        {"a": ["b"]},
        Liar(dict),
    ],
    ids=lambda value: type(value).__name__,
)
def test_b08_field_lines_are_a_dict_or_pairs_and_nothing_else_is_iterated(headers: Any) -> None:
    assert code_of(sign(headers=headers)) == "binding_argument_type"


def test_b08_an_ordered_dict_keeps_its_order_and_names_of_objects_mean_nothing() -> None:
    names = ["__proto__", "__class__", "__dict__", "constructor"]
    assert isinstance(sign(headers=OrderedDict((name, "x") for name in names))(), dict)
    assert code_of(lambda: Policy.parse('{"__proto__": {}}')) == "policy_member"
    assert code_of(lambda: Policy.parse('{"__class__": 1, "authorities": ["a"]}')) == "policy_member"


def test_b08_lists_that_hold_themselves_or_too_much_are_refused() -> None:
    circle: list[Any] = []
    circle.append(circle)
    assert code_of(sign(headers=circle)) == "binding_argument_type"
    assert code_of(lambda: Policy(circle)) == "binding_argument_type"
    assert code_of(lambda: Sent().signed().begin(verifier()).answer(circle)) == "binding_argument_type"
    assert code_of(sign(headers=[("a", "b")] * 65_537)) == "binding_argument_length"
    assert code_of(lambda: Verifier(Policy([AUTHORITY]), [key()] * 65_537)) == "binding_argument_length"


@pytest.mark.parametrize(
    "path",
    [
        None,
        1,
        b"/tmp/ring",
        object(),
        Pathlike(RuntimeError()),
        Pathlike(RecursionError()),
        Pathlike(b"ring"),
        Pathlike(None),
    ],
    ids=repr,
)
def test_b08_a_path_is_text_or_a_pathlike_of_text(path: Any) -> None:
    for make in (SharedRing, Sqlite):
        assert code_of(lambda make=make: make(path)) == "binding_argument_type"  # type: ignore[misc]


def test_b08_a_path_that_never_ends_is_refused() -> None:
    path = Pathlike(None)
    path.result = path
    assert code_of(lambda: SharedRing(path)) == "binding_argument_type"


def test_b08_objects_of_other_classes_are_refused_whatever_they_claim() -> None:
    calls: list[Callable[[], object]] = [
        lambda: Signer(Liar(Key)),  # type: ignore[arg-type]
        lambda: Signer(key(), Liar(Profile)),  # type: ignore[arg-type]
        lambda: Verifier(Liar(Policy)),  # type: ignore[arg-type]
        lambda: Verifier(Policy([AUTHORITY]), [Liar(Key)]),  # type: ignore[list-item]
        lambda: Verifier(Policy([AUTHORITY]), [], Liar(Memory)),  # type: ignore[arg-type]
        lambda: verifier().put_key(Liar(Key)),  # type: ignore[arg-type]
        lambda: Sent().signed().begin(verifier()).run(Liar(Memory)),  # type: ignore[arg-type]
        lambda: Policy([AUTHORITY], cover_scheme=1),  # type: ignore[arg-type]
        lambda: Key("a", SECRET, revoked="yes"),  # type: ignore[arg-type]
        lambda: Ring(one_per_worker=1),  # type: ignore[arg-type]
    ]
    assert {code_of(call) for call in calls} == {"binding_argument_type"}


def test_a_word_that_may_not_be_said_is_refused() -> None:
    calls: list[Callable[[], object]] = [
        sign(scheme="HTTPS"),
        sign(scheme="ftp"),
        sign(scheme=""),
        lambda: Policy([AUTHORITY], audience="host"),  # type: ignore[arg-type]
        lambda: Policy([AUTHORITY], digest="md5"),  # type: ignore[arg-type]
        lambda: migrations("mysql"),  # type: ignore[arg-type]
        lambda: sweeping("Postgres"),  # type: ignore[arg-type]
    ]
    assert {code_of(call) for call in calls} == {"binding_argument_choice"}


def test_a_proof_and_a_decision_have_no_constructor_and_nothing_can_be_derived() -> None:
    for made_by_us in (Admitted, Received, Verified, Waiting):
        with pytest.raises(TypeError):
            made_by_us()
    for final in (
        Admitted,
        Cells,
        Limit,
        Received,
        Receiver,
        Sender,
        SharedCells,
        Key,
        Policy,
        Profile,
        Signer,
        Verified,
        Verifier,
        Waiting,
        KeyVault,
        Ring,
        SharedRing,
        Memory,
        Sqlite,
    ):
        with pytest.raises(TypeError):
            type("Derived", (final,), {})


def test_objects_are_frozen() -> None:
    for thing in (key(), Policy([AUTHORITY]), verifier(), Sent().signed().verify(verifier())):
        with pytest.raises(AttributeError):
            thing.key_id = "other"  # type: ignore[misc, union-attr]
        with pytest.raises(AttributeError):
            thing.surprise = 1  # type: ignore[union-attr]


def test_an_argument_error_names_the_argument_and_not_its_value() -> None:
    with pytest.raises(ArgumentError) as refused:
        Key("a", "hunter2hunter2hunter2hunter2hunter2")  # type: ignore[arg-type]
    assert "secret" in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_the_stack_may_be_almost_used_up() -> None:
    def deeper(left: int) -> object:
        return deeper(left - 1) if left else Sent().signed().verify(verifier())

    depth = sys.getrecursionlimit()
    for left in range(depth - 120, depth, 7):
        with contextlib.suppress(RecursionError):
            deeper(left)


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("pool", lambda: Postgres(None)),  # type: ignore[arg-type]
        ("timeout", lambda: Postgres(Pool(), timeout="x")),  # type: ignore[arg-type]
        ("timeout", lambda: Postgres(Pool(), timeout=0)),
        ("clock", lambda: Postgres(Pool(), clock=5)),  # type: ignore[arg-type]
        ("future_seconds", lambda: Postgres(Pool(), future_seconds=301)),
        ("client", lambda: Redis(None)),  # type: ignore[arg-type]
        ("client", lambda: Redis(redis.Redis())),
        ("waiting", lambda: drive(7, "sqlite", list)),  # type: ignore[arg-type]
        ("waiting", lambda: asyncio.run(drive_async(7, "sqlite", list))),  # type: ignore[arg-type]
        ("signer", lambda: SignatureAuth(7)),  # type: ignore[arg-type]
        ("clock", lambda: SignatureAuth(Signer(key()), clock=5)),  # type: ignore[arg-type]
        ("seeds", lambda: SigningTransport(Signer(key()), ["a"], seeds=b"x")),  # type: ignore[arg-type]
        ("authorities", lambda: SigningTransport(Signer(key()), None)),  # type: ignore[arg-type]
        ("authorities", lambda: AsyncSigningTransport(Signer(key()), [])),
    ],
)
def test_what_an_adapter_is_made_of_is_checked_where_it_is_made(name: str, make: Callable[[], object]) -> None:
    with pytest.raises(ArgumentError) as refused:
        make()
    assert name in f"{refused.value} {refused.value.detail}"


class Pool:
    """What a store of Postgres looks for in a pool."""

    def acquire(self, *, timeout: float | None = None) -> Any: ...
