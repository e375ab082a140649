"""Refusals: their codes, families and texts."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import get_args

import pytest

from counterseal import errors
from counterseal._codes import CODES
from counterseal.errors import ArgumentError, CodeName, CountersealError, RequestError
from counterseal.replay import Ring
from counterseal.request import Key, KeyVault, Policy, Signer
from counterseal.stores import Memory
from support import AUTHORITY, NOW, SECRET, Sent, key, verifier

FAMILIES = [getattr(errors, name) for name in errors.__all__ if name.endswith("Error") and name != "CountersealError"]


def refused() -> RequestError:
    """A replay that was refused."""
    sent, server = Sent().signed(), verifier()
    sent.verify(server)
    with pytest.raises(RequestError) as caught:
        sent.verify(server)
    return caught.value


def test_a_refusal_says_what_whose_fault_and_what_the_peer_may_be_told() -> None:
    error = refused()
    assert (error.code, error.blame, error.public, error.http) == ("request_replayed", "peer", "request_replayed", 401)
    assert error.fix
    assert str(error).startswith("request_replayed: ")
    assert error.fix in str(error)
    assert error.detail["key"] == "worker-7"
    assert error.event is not None
    assert error.retry_after is None


def test_each_family_is_one_class_under_one_base() -> None:
    cases: list[tuple[Callable[[], object], str]] = [
        (lambda: Key("a", 1), "ArgumentError"),  # type: ignore[arg-type]
        (lambda: Policy([]), "PolicyError"),
        (lambda: Policy.parse("{"), "PolicyError"),
        (lambda: Ring(per_second=1, owner_cap=2**32 - 1, past_seconds=301), "ArgumentError"),
        (lambda: Sent().verify(verifier()), "RequestError"),
        (lambda: Signer(key()).sign("GET", "https", AUTHORITY, "no path", now=NOW), "SignError"),
        (lambda: Key("a", b"short"), "SigningKeyError"),
        (lambda: KeyVault(SECRET).load("none").run(Memory()), "SigningKeyError"),
    ]
    for call, family in cases:
        with pytest.raises(CountersealError) as caught:
            call()
        assert type(caught.value).__name__ == family
        assert type(caught.value).__bases__ == (CountersealError,)
        assert type(caught.value).__module__ == "counterseal.errors"


def test_every_code_is_in_the_literal_and_has_all_of_its_members() -> None:
    assert set(get_args(CodeName)) == set(CODES)
    for blame, public, http, means, fix in CODES.values():
        assert blame in ("environment", "integrator", "peer")
        assert 400 <= http < 600
        assert public
        assert means
        assert fix


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.__name__)
def test_every_code_can_be_raised_from_python_too(family: type[CountersealError]) -> None:
    for code in get_args(CodeName):
        error = family(code)
        assert (error.code, error.blame, error.public, error.http) == (code, *CODES[code][:3])
        assert str(error) == f"{code}: {CODES[code][3]}; {CODES[code][4]}"


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda error: pickle.loads(pickle.dumps(error))])
def test_a_refusal_survives_pickling_and_copying_with_all_it_says(again: type) -> None:
    error = refused()
    twin = again(error)
    assert type(twin) is type(error)
    assert vars(twin) == vars(error)
    assert str(twin) == str(error)


def test_a_refusal_can_be_the_cause_of_another_error() -> None:
    def handle() -> None:
        try:
            Policy([])
        except CountersealError as error:
            raise LookupError from error

    with pytest.raises(LookupError) as caught:
        handle()
    assert isinstance(caught.value.__cause__, CountersealError)
    assert caught.value.__cause__.code == "request_policy_authorities"


def test_what_may_pass_says_when_to_try_again() -> None:
    waiting = Sent().signed().begin(verifier())
    waiting.answer(None)
    with pytest.raises(CountersealError) as caught:
        waiting.verdict()
    assert (caught.value.code, caught.value.http) == ("request_store_unavailable", 503)
    assert caught.value.retry_after == 5


def test_a_wrong_call_is_a_type_error_as_in_all_of_python() -> None:
    with pytest.raises(TypeError):
        Key("a")  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        Key("a", SECRET, 0)  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        Policy([AUTHORITY], surprise=1)  # type: ignore[call-arg]


def test_a_code_alone_makes_a_refusal() -> None:
    error = ArgumentError("binding_body_consumed")
    assert (error.http, error.detail, error.event) == (500, {}, None)
