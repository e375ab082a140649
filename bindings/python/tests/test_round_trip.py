"""Signing and verifying, in every form that the arguments may have."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from counterseal.errors import CountersealError
from counterseal.replay import Ring
from counterseal.request import Key, Policy, Profile, Signer, Verifier
from counterseal.stores import Memory
from support import AUTHORITY, NOW, SECRET, Sent, key, verifier


def test_a_signed_request_is_accepted_once() -> None:
    sent, server = Sent().signed(), verifier()
    proof = sent.verify(server)
    assert (proof.key_id, proof.scope, proof.created, proof.expires) == ("worker-7", "", NOW, NOW + 60_000)
    assert proof.component("@path") == "/v1/jobs"
    assert proof.component("@query") == "?state=open"
    assert proof.component("x-other") is None
    with pytest.raises(CountersealError) as refused:
        sent.verify(server)
    assert refused.value.code == "request_replayed"


def test_the_proof_tells_what_was_covered_in_signing_order() -> None:
    proof = Sent().signed(seed=b"n" * 16).verify(verifier())
    names = [name for name, _ in proof.covered]
    assert names == ["@method", "@authority", "@path", "@query", "content-type", "content-digest"]
    assert proof.nonce == b"n" * 16
    event = json.loads(proof.event)
    assert (event["event"], event["key"], event["at"]) == ("request_accepted", "worker-7", NOW)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"method": "PUT"}, "request_mac_mismatch"),
        ({"authority": "other.example"}, "request_authority_unknown"),
        ({"path": "/v1/jobs/"}, "request_mac_mismatch"),
        ({"query": "state=all"}, "request_mac_mismatch"),
        ({"query": ""}, "request_mac_mismatch"),
        ({"body": b'{"job": 43}'}, "request_body_mismatch"),
        ({"body": b""}, "request_body_mismatch"),
    ],
)
def test_a_change_to_what_is_covered_is_refused(change: dict[str, object], code: str) -> None:
    with pytest.raises(CountersealError) as refused:
        replace(Sent().signed(), **change).verify(verifier())  # type: ignore[arg-type]
    assert refused.value.code == code


@pytest.mark.parametrize("late", [-60_001, 60_001])
def test_a_request_out_of_its_window_is_refused_with_the_values_compared(late: int) -> None:
    signer = Signer(key(), life_seconds=120)
    with pytest.raises(CountersealError) as refused:
        Sent().signed(signer).verify(verifier(key(since=0)), now=NOW + late)
    assert refused.value.code == "request_outside_window"
    assert refused.value.detail["created"] == str(NOW)


@pytest.mark.parametrize("late", [-60_000, 0, 60_000])
def test_the_edges_of_the_window_are_in_it(late: int) -> None:
    signer = Signer(Key("worker-7", SECRET), life_seconds=120)
    server = Verifier(Policy([AUTHORITY]), [key(since=NOW - 60_000)], Memory(now=NOW - 200_000))
    assert Sent().signed(signer).verify(server, now=NOW + late).created == NOW


@pytest.mark.parametrize(
    "form",
    [bytes, bytearray, memoryview, lambda b: memoryview(b"_" + b + b"_")[1:-1], lambda b: memoryview(b[::-1])[::-1]],
    ids=["bytes", "bytearray", "memoryview", "slice", "reversed"],
)
def test_bytes_may_come_in_any_buffer(form: type[bytes]) -> None:
    sent = Sent()
    signer = Signer(Key("worker-7", form(SECRET), since=NOW))
    seed = form(b"s" * 16)
    path, query, body = form(sent.path.encode()), form(sent.query.encode()), form(sent.body)
    headers = [(form(name.encode()), form(value.encode())) for name, value in sent.headers.items()]
    fields = signer.sign(form(b"POST"), "https", form(b"api.example"), path, query, headers, body, now=NOW, seed=seed)
    assert fields == Signer(key()).sign(*sent.parts(), now=NOW, seed=b"s" * 16)
    signed = headers + [(form(name.encode()), form(value.encode())) for name, value in fields.items()]
    proof = verifier().verify(form(b"POST"), "https", form(b"api.example"), path, query, tuple(signed), body, now=NOW)
    assert proof.key_id == "worker-7"


def test_equal_inputs_give_equal_signatures() -> None:
    signer, other = Signer(key()), Signer(key())
    assert Sent().signed(signer, seed=b"1" * 16) == Sent().signed(other, seed=b"1" * 16)
    assert Sent().signed(signer, seed=b"1" * 16) != Sent().signed(signer, seed=b"2" * 16)


def test_without_now_and_seed_the_host_gives_them() -> None:
    server = Verifier(Policy([AUTHORITY]), [Key("worker-7", SECRET)], Ring())
    signer = Signer(Key("worker-7", SECRET))
    sent = Sent()
    first, second = signer.sign(*sent.parts()), signer.sign(*sent.parts())
    assert first["signature-input"] != second["signature-input"]
    with pytest.raises(CountersealError) as refused:
        server.verify(*replace(sent, headers={**sent.headers, **first}).parts())
    assert refused.value.code == "request_store_warming"  # the key may have signed before the ring was made


def test_keys_are_loaded_again_as_often_as_it_is_said() -> None:
    for seconds in (1, 300):
        server = Verifier(Policy([AUTHORITY]), [key()], refresh_seconds=seconds)
        assert server.key_to_refresh(now=NOW) == "worker-7"
        assert server.key_to_refresh(now=NOW + seconds * 1_000 - 1) is None
        assert server.key_to_refresh(now=NOW + seconds * 1_000) == "worker-7"
        server.replace_keys([key("worker-8")])
        assert server.key_to_refresh(now=NOW) == "worker-8"
        assert server.key_to_refresh(now=NOW + seconds * 1_000 - 1) is None


def test_a_policy_covers_what_it_names_and_gives_its_profile_to_the_signer() -> None:
    policy = Policy([AUTHORITY], cover=["idempotency-key"], cover_scheme=True, digest="sha-512")
    headers = {"content-type": "text/plain", "idempotency-key": "7"}
    server = Verifier(policy, [key()], Memory(now=NOW))
    for profile in (policy, policy.profile, Profile(cover=("idempotency-key",), cover_scheme=True, digest="sha-512")):
        sent = Sent(headers=headers).signed(Signer(key(), profile))
        assert sent.headers["content-digest"].startswith("sha-512=")
        assert sent.verify(server).component("idempotency-key") == "7"
    with pytest.raises(CountersealError) as refused:
        Sent(headers=headers).signed(Signer(key(), Profile(digest="sha-512"))).verify(server)
    assert refused.value.code == "request_components_unexpected"


def test_a_policy_and_a_profile_may_be_spelled_in_json() -> None:
    policy = Policy.parse('{"authorities": ["api.example"], "body_limit_bytes": 10}')
    assert policy.body_limit_bytes == 10
    assert Profile.parse('{"cover": ["idempotency-key"]}') is not None
    for parse in (Policy.parse, Profile.parse):
        with pytest.raises(CountersealError) as refused:
            parse('{"surprise": 1}')
        assert refused.value.code == "policy_member"


def test_a_field_can_be_the_audience() -> None:
    policy = Policy([AUTHORITY], audience="field")
    sent = Sent(authority="10.0.0.7:8000", headers={"cs-audience": AUTHORITY}).signed(Signer(key(), policy))
    proof = sent.verify(Verifier(policy, [key()], Memory(now=NOW)))
    assert proof.component("cs-audience") == AUTHORITY


def test_explaining_names_the_line_in_which_two_bases_differ() -> None:
    signers = Signer(key()).explain(*Sent().parts(), now=NOW, seed=bytes(16))
    received = replace(Sent().signed(seed=bytes(16)), path="/v1/job")
    told = verifier().explain(*received.parts(), base=signers)
    assert told["broken_rule"] is None
    assert told["difference"] is not None
    assert told["difference"][1] == "@path"
    assert '"@path"' in told["base"]
    assert verifier().explain(*Sent().signed(seed=bytes(16)).parts(), base=signers)["difference"] is None


def test_keys_can_be_put_forgotten_and_replaced_while_verifying() -> None:
    server = verifier(key("a"))
    server.put_key(key("b"))
    assert server.key_ids == ["a", "b"]
    server.forget_key("a")
    assert server.key_ids == ["b"]
    server.replace_keys((key("c"), key("d")))
    assert server.key_ids == ["c", "d"]
    with pytest.raises(CountersealError):
        server.replace_keys([key("e"), key("e")])
    assert server.key_ids == ["c", "d"]


def test_a_key_tells_everything_but_its_secret() -> None:
    told = Key("a.b:c-d_e", SECRET, since=5, until=9, scope="jobs", revoked=True)
    assert (told.id, told.since, told.until, told.scope, told.revoked) == ("a.b:c-d_e", 5, 9, "jobs", True)
    plain = Key("a", SECRET)
    assert (plain.since, plain.until, plain.scope, plain.revoked) == (0, None, "", False)


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"until": NOW}, "request_key_expired"),
        ({"since": NOW + 1}, "request_key_not_yet_valid"),
        ({"revoked": True}, "request_key_revoked"),
    ],
)
def test_a_key_out_of_its_time_is_no_key(members: dict[str, Any], code: str) -> None:
    with pytest.raises(CountersealError) as refused:
        Sent().signed().verify(verifier(key(**members)))
    assert (refused.value.code, refused.value.public) == (code, "request_unauthenticated")


def test_a_verifier_says_where_to_stop_reading_and_whether_it_may_wait() -> None:
    server = verifier(body_limit_bytes=7)
    assert (server.body_limit_bytes, server.blocking) == (7, False)
    sent = Sent(body=b"12345678").signed()
    with pytest.raises(CountersealError) as refused:
        sent.verify(server)
    assert refused.value.code == "request_too_large"
