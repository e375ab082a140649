"""Standard Webhooks: between this package and the official one, over each store, and behind FastAPI."""
# Without postponed annotations: FastAPI cannot see names that are local to a test.

import base64
import hashlib
import hmac
import json
import pickle
import sqlite3
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from pathlib import Path
from typing import Annotated, Any

import pytest
from fastapi import Depends, FastAPI
from pydantic import BaseModel
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from counterseal.errors import CountersealError, WebhookError
from counterseal.fastapi import ReceivedWebhook, install
from counterseal.replay import Ring, SharedRing
from counterseal.stores import Memory, Sqlite, Waiting, drive, migrations, sweeping
from counterseal.webhook import Received, Receiver, Sender, message_id
from jobs import many
from support import NOW

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
OTHER = "whsec_" + base64.b64encode(bytes(range(1, 33))).decode()
BODY = b'{"paid": true}'
WIDE: dict[str, Any] = {"past_seconds": 300, "future_seconds": 300, "now": NOW - 900_000}

STORES: dict[str, Callable[[Path], Any]] = {
    "memory": lambda _: Memory(**WIDE),
    "ring": lambda _: Ring(**WIDE),
    "shared": lambda path: SharedRing(path / "ring", **WIDE),
    "sqlite": lambda path: Sqlite(path / "db", **WIDE),
}


@pytest.fixture(params=STORES)
def receiver(request: pytest.FixtureRequest, tmp_path: Path) -> Receiver:
    """A receiver over one of the stores of this package."""
    return Receiver("billing", [SECRET], STORES[request.param](tmp_path))


def sent(id: str = "msg_1", body: bytes = BODY, *, now: int = NOW, secret: str = SECRET) -> dict[str, str]:  # noqa: A002
    """The fields of a message."""
    return Sender([secret]).sign(id, body, now=now)


def code_of(call: Callable[[], object]) -> str:
    """The code under which a call is refused."""
    with pytest.raises(CountersealError) as refused:
        call()
    return refused.value.code


def test_a_delivery_is_taken_once_and_each_attempt_is_another(receiver: Receiver) -> None:
    received = receiver.receive(sent(), BODY, now=NOW)
    assert (received.endpoint, received.id, received.created) == ("billing", "msg_1", NOW)
    assert json.loads(received.event) == {"at": NOW, "event": "webhook_accepted", "key": "billing"}
    with pytest.raises(WebhookError) as refused:
        receiver.receive(sent(), BODY, now=NOW)
    assert (refused.value.code, refused.value.http) == ("webhook_replayed", 401)
    assert json.loads(refused.value.event or "")["key"] == "billing"
    assert receiver.receive(sent(now=NOW + 1_000), BODY, now=NOW).id == "msg_1"


def test_of_64_racers_one_takes_it(receiver: Receiver) -> None:
    headers = sent()

    def take(_: int) -> str:
        try:
            return receiver.receive(headers, BODY, now=NOW).id
        except WebhookError as refused:
            return refused.code

    with ThreadPoolExecutor(64) as pool:
        assert Counter(pool.map(take, range(64))) == {"msg_1": 1, "webhook_replayed": 63}


def test_a_store_that_has_just_begun_takes_nothing_that_it_could_have_missed() -> None:
    fresh = Receiver("billing", [SECRET], Memory(past_seconds=300, future_seconds=300, now=NOW))
    assert code_of(lambda: fresh.receive(sent(), BODY, now=NOW)) == "webhook_store_warming"


def test_a_database_of_the_hosts_own_takes_it_once_and_forgets_it_in_time() -> None:
    db = sqlite3.connect(":memory:", isolation_level=None)
    for _name, text, values in migrations("sqlite", **WIDE):
        db.execute(text, values)
    receiver = Receiver("billing", [SECRET])

    def take() -> Received:
        waiting = receiver.begin(sent(), BODY, now=NOW)
        return drive(waiting, "sqlite", lambda text, values: db.execute(text, values).fetchall())

    assert take().id == "msg_1"
    assert code_of(take) == "webhook_replayed"

    def swept(**options: Any) -> int:
        _name, text, values = sweeping("sqlite", **options)
        return len(db.execute(text, values).fetchall())

    assert swept(now=NOW + 10**9) == 0
    assert swept(room="webhook", now=NOW) == 0
    assert swept(room="webhook", now=NOW + 10**9) == 1


def test_a_sweep_of_a_store_is_of_every_room(tmp_path: Path) -> None:
    for kept in (Memory(**WIDE), Sqlite(tmp_path / "db", **WIDE)):
        Receiver("billing", [SECRET], kept).receive(sent(), BODY, now=NOW)
        assert (kept.sweep(now=NOW), kept.sweep(now=NOW + 10**9, limit=1), kept.sweep(now=NOW + 10**9)) == (0, 1, 0)


def test_without_a_store_a_delivery_is_checked_and_not_claimed() -> None:
    receiver = Receiver("billing", [SECRET])
    for _ in range(2):
        assert receiver.check(sent(), BODY, now=NOW).id == "msg_1"
    assert code_of(lambda: receiver.receive(sent(), BODY, now=NOW)) == "binding_store_missing"
    assert code_of(lambda: receiver.check(sent(), b"{}", now=NOW)) == "webhook_mac_mismatch"


def test_while_a_secret_is_rotated_either_side_may_know_both() -> None:
    both = Sender([SECRET, OTHER]).sign("msg_1", BODY, now=NOW)
    for secrets in ([SECRET], [OTHER], [OTHER, SECRET]):
        assert Receiver("billing", secrets).check(both, BODY, now=NOW).id == "msg_1"
    assert code_of(lambda: Receiver("billing", [OTHER]).check(sent(), BODY, now=NOW)) == "webhook_mac_mismatch"


def test_an_id_is_new_each_time_and_the_same_for_a_seed() -> None:
    assert message_id(seed=bytes(16)) == "msg_AAAAAAAAAAAAAAAAAAAAAA"
    ids = {message_id() for _ in range(100)}
    assert len(ids) == 100
    assert code_of(lambda: message_id(seed=b"short")) == "binding_argument_length"


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda: Sender([]), "webhook_keys_invalid"),
        (lambda: Sender(["whsec_"]), "webhook_key_invalid"),
        (lambda: Sender(SECRET), "binding_argument_type"),
        (lambda: Sender([SECRET.encode()]), "binding_argument_type"),  # type: ignore[list-item]
        (lambda: Sender(["\ud800"]), "binding_argument_text"),
        (lambda: Sender([SECRET]).sign("a.b", b""), "webhook_sign_id"),
        (lambda: Sender([SECRET]).sign("a", "text"), "binding_argument_type"),  # type: ignore[arg-type]
        (lambda: Sender([SECRET]).sign("a", b"", now=-1), "binding_argument_range"),
        (lambda: Receiver("a b", [SECRET]), "key_id_invalid"),
        (lambda: Receiver("a", [SECRET] * 9), "webhook_keys_invalid"),
        (lambda: Receiver("a", [SECRET], past_seconds=0), "webhook_policy_limits"),
        (lambda: Receiver("a", [SECRET], future_seconds=301), "webhook_policy_limits"),
        (lambda: Receiver("a", [SECRET], body_limit_bytes=2**26 + 1), "webhook_policy_limits"),
        (lambda: Receiver("a", [SECRET], past_seconds=-1), "binding_argument_range"),
        (lambda: Receiver("a", [SECRET], past_seconds=1.5), "binding_argument_range"),  # type: ignore[arg-type]
        (lambda: Receiver("a", [SECRET], Memory()), "binding_store_window"),
        (lambda: Receiver("a", [SECRET], object()), "binding_argument_type"),  # type: ignore[arg-type]
        (lambda: Receiver("a", [SECRET]).check("text", b""), "binding_argument_type"),  # type: ignore[arg-type]
        (lambda: Receiver("a", [SECRET]).check({}, "text"), "binding_argument_type"),  # type: ignore[arg-type]
        (lambda: Receiver("a", [SECRET]).check({}, b""), "webhook_header_missing"),
        (lambda: pickle.dumps(Sender([SECRET])), "binding_secret_copied"),
        (lambda: pickle.dumps(Receiver("a", [SECRET])), "binding_secret_copied"),
        (lambda: sweeping("sqlite", room="jwt"), "binding_argument_choice"),  # type: ignore[arg-type]
    ],
)
def test_what_cannot_be_has_a_code(call: Callable[[], object], code: str) -> None:
    assert code_of(call) == code


def test_a01_no_text_of_it_holds_a_secret_or_a_signature() -> None:
    sender, receiver = Sender([SECRET]), Receiver("billing", [SECRET])
    headers = sent()
    texts = [repr(sender), repr(receiver), repr(receiver.check(headers, BODY, now=NOW))]
    try:
        receiver.check(headers, b"{}", now=NOW)
    except WebhookError as refused:
        texts += [repr(refused), str(refused), refused.event or ""]
    assert not any(SECRET[6:20] in text or headers["webhook-signature"][3:20] in text for text in texts)


# With the official package.


def test_the_official_package_takes_what_is_sent() -> None:
    headers = Sender([SECRET]).sign(message_id(), BODY)
    assert Webhook(SECRET).verify(BODY, headers) == {"paid": True}
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(b"{}", headers)


def test_what_the_official_package_sends_is_taken() -> None:
    at = datetime.fromtimestamp(NOW // 1_000, timezone.utc)
    signature = Webhook(SECRET).sign("msg_1", at, BODY.decode())
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(NOW // 1_000),
        "webhook-signature": signature,
    }
    assert headers == sent()
    assert Receiver("billing", [SECRET]).check(headers, BODY, now=NOW).id == "msg_1"


def genuine(body: bytes, *, time: int, **changed: str) -> dict[str, str]:
    """A delivery that is signed for `time` in seconds, and then changed."""
    mac = hmac.new(bytes(range(32)), f"msg_1.{time}.".encode() + body, hashlib.sha256).digest()
    fields = {"id": "msg_1", "timestamp": str(time), "signature": "v1," + base64.b64encode(mac).decode()}
    return {f"webhook-{name}": value for name, value in {**fields, **changed}.items()}


def test_the_official_package_is_as_docs_compare_says() -> None:
    now = int(datetime.now(timezone.utc).timestamp())
    there = Webhook(SECRET)
    assert [there.verify(b"{}", genuine(b"{}", time=now)) for _ in range(2)] == [{}, {}]
    assert there.verify(b"{}", genuine(b"{}", time=now, timestamp=f"{now}.5")) == {}
    with pytest.raises(WebhookVerificationError):
        there.verify(b"{}", genuine(b"{}", time=now, timestamp=f"{now}abc"))
    with pytest.raises(UnicodeDecodeError):
        there.verify(b"\xff", genuine(b"\xff", time=now))
    with pytest.raises(ValueError, match="unpack"):
        there.verify(b"{}", genuine(b"{}", time=now, signature="v1"))
    with pytest.raises(json.JSONDecodeError):
        there.verify(b"abc", genuine(b"abc", time=now))
    Webhook("whsec_AA==")
    with pytest.raises(WebhookError):
        Sender(["whsec_AA=="])
    for body in (b"\xff", b"abc"):
        assert Receiver("billing", [SECRET]).check(genuine(body, time=now), body).id == "msg_1"


# Behind FastAPI.


class Payment(BaseModel):
    """What a message says."""

    paid: bool


def service(**options: Any) -> FastAPI:
    """A service with one endpoint, whose clock stands still."""
    receiver = Receiver("billing", [SECRET], None if "drive" in options else Memory(**WIDE))
    webhook = ReceivedWebhook(receiver, **{"clock": lambda: NOW, "on_event": lambda _: None, **options})
    app = FastAPI()
    install(app)

    @app.post("/billing")
    async def billing(payment: Payment, received: Annotated[Received, Depends(webhook)]) -> dict[str, Any]:
        return {"id": received.id, "paid": payment.paid}

    return app


def post(app: FastAPI, headers: dict[str, str], body: bytes = BODY) -> tuple[int, Any]:
    """What the service answers to a delivery."""
    request = {"method": "POST", "url": "/billing", "content": body}
    (answer,) = many(app, [{**request, "headers": {"content-type": "application/json", **headers}}])
    return answer.status_code, answer.json().get("code", answer.json())


def test_a_delivery_reaches_the_handler_once_and_parsed() -> None:
    events: list[str] = []
    app = service(on_event=events.append)
    assert post(app, sent()) == (200, {"id": "msg_1", "paid": True})
    assert post(app, sent()) == (401, "webhook_replayed")
    assert [json.loads(event)["event"] for event in events] == ["webhook_accepted", "webhook_replayed"]


def test_what_is_no_delivery_is_refused_before_it_is_parsed() -> None:
    app = service()
    assert post(app, sent(), b"{") == (401, "webhook_unauthenticated")
    assert post(app, {}) == (400, "webhook_malformed")
    assert post(app, sent(secret=OTHER)) == (401, "webhook_unauthenticated")
    assert post(app, sent(now=NOW - 400_000)) == (401, "webhook_outside_window")
    assert post(app, sent(body=b"{}"), b"{}")[0] == 422


def test_a_store_of_the_hosts_own_decides_too() -> None:
    kept = Memory(**WIDE)

    async def drive_on(waiting: Waiting[Received]) -> Received:
        return waiting.run(kept)

    app = service(drive=drive_on)
    assert [post(app, sent())[0] for _ in range(2)] == [200, 401]
