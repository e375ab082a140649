"""Responses that are signed and checked, and refusals that tell the clock: real servers, and what is between."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Annotated, Any

import httpx
import pytest
from fastapi import FastAPI, HTTPException, Response, Security
from fastapi.responses import StreamingResponse

from counterseal.asgi import Authenticator, SignatureMiddleware
from counterseal.errors import ArgumentError, CountersealError, ResponseError
from counterseal.fastapi import SignedRequest, install
from counterseal.httpx import AsyncSigningTransport, SignatureAuth, SigningTransport
from counterseal.request import ForeignPolicy, Policy, Signer, Verified, VerifiedResponse, Verifier
from counterseal.stores import Memory
from servers import serving
from support import AUTHORITY, NOW, Sent, content, exchanged, key, verifier

HOUR = 3_600_000
HOST = {"host": AUTHORITY}


class Between:
    """Whoever stands between: it may change what the service answers."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.change: Any = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def changed(message: Any) -> None:
            await send(self.change(message) if self.change else message)

        await self.app(scope, receive, changed if scope["type"] == "http" else send)


class Service:
    """A service that signs what it answers, its log, and who stands before it."""

    def __init__(self, *, signs: bool = True) -> None:
        self.events: list[str] = []
        self.created: list[int] = []
        self.now = NOW
        app = FastAPI()
        install(app)
        served = Verifier(Policy([AUTHORITY]), [key()], Memory(now=NOW - HOUR))
        signed = SignedRequest(served, clock=lambda: self.now, on_event=self.note, sign_responses=signs)

        @app.get("/missing")
        async def missing(by: Annotated[Verified, Security(signed)]) -> None:
            raise HTTPException(404, by.key_id)

        @app.get("/stream")
        async def stream(by: Annotated[Verified, Security(signed)]) -> StreamingResponse:
            async def pieces() -> AsyncIterator[str]:
                for piece in ("a", "b", by.key_id):
                    yield piece

            return StreamingResponse(pieces())

        @app.api_route("/", methods=["DELETE", "GET", "HEAD", "POST"])
        async def told(by: Annotated[Verified, Security(signed)]) -> Any:
            self.created.append(by.created)
            method = by.component("@method")
            return Response(status_code=204) if method == "DELETE" else {"by": by.key_id}

        self.between = Between(app)

    def note(self, event: str) -> None:
        """Keeps the outcome of a request."""
        self.events.append(json.loads(event)["event"])


@pytest.fixture
def service() -> Iterator[tuple[Service, str]]:
    """The service, and where it listens."""
    service = Service()
    with serving(service.between) as port:
        yield service, f"http://127.0.0.1:{port}"


def client(behind: int = 0, *, verify: bool = True) -> httpx.Client:
    """A client whose clock is behind."""
    auth = SignatureAuth(Signer(key()), clock=lambda: NOW - behind, verify_responses=verify)
    return httpx.Client(auth=auth, headers=HOST)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 200),
        ("HEAD", "/", 200),
        ("POST", "/", 200),
        ("DELETE", "/", 204),
        ("GET", "/missing", 404),
        ("GET", "/stream", 200),
    ],
)
def test_an_answer_of_any_kind_is_signed_and_checked(
    service: tuple[Service, str], method: str, path: str, status: int
) -> None:
    with client() as sending:
        response = sending.request(method, service[1] + path)
    proof = response.extensions["counterseal.verified"]
    assert isinstance(proof, VerifiedResponse)
    assert (proof.status, proof.key_id, response.status_code) == (status, "worker-7", status)


def test_the_transports_check_too(service: tuple[Service, str]) -> None:
    transport = SigningTransport(Signer(key()), [AUTHORITY], clock=lambda: NOW, verify_responses=True)
    with httpx.Client(transport=transport, headers=HOST) as sending:
        answer = sending.get(service[1])
        assert answer.extensions["counterseal.verified"].status == 200
        assert answer.elapsed
        assert answer.json() == {"by": "worker-7"}

    async def ask() -> httpx.Response:
        transport = AsyncSigningTransport(Signer(key()), [AUTHORITY], clock=lambda: NOW - HOUR, verify_responses=True)
        async with httpx.AsyncClient(transport=transport, headers=HOST) as sending:
            return await sending.get(service[1])

    assert asyncio.run(ask()).extensions["counterseal.verified"].status == 200


def status(message: Any) -> Any:
    """Another status."""
    return {**message, "status": 201} if message["type"] == "http.response.start" else message


def body(message: Any) -> Any:
    """Another content of the same length."""
    return {**message, "body": message["body"].replace(b"7", b"8")} if "body" in message else message


def unsigned(message: Any) -> Any:
    """The same without its signature."""
    if message["type"] != "http.response.start":
        return message
    return {**message, "headers": [line for line in message["headers"] if not line[0].startswith(b"signature")]}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (status, "response_mac_mismatch"),
        (body, "response_body_mismatch"),
        (unsigned, "response_signature_missing"),
    ],
)
def test_an_answer_that_was_changed_on_the_way_is_refused(service: tuple[Service, str], change: Any, code: str) -> None:
    service[0].between.change = change
    with client() as sending, pytest.raises(ResponseError) as refused:
        sending.get(service[1])
    assert refused.value.code == code


def test_an_unsigned_refusal_is_none_that_a_client_believes_when_it_wants_proofs(service: tuple[Service, str]) -> None:
    auth = SignatureAuth(Signer(key("worker-8")), clock=lambda: NOW, verify_responses=True)
    with httpx.Client(auth=auth, headers=HOST) as sending, pytest.raises(ResponseError) as refused:
        sending.get(service[1])
    assert refused.value.code == "response_signature_missing"


@pytest.mark.parametrize("behind", [HOUR, 71_000])
def test_a_client_that_is_behind_signs_anew_by_the_services_clock_once(
    service: tuple[Service, str], behind: int
) -> None:
    with client(behind) as sending:
        assert [sending.post(service[1], content=b"{}").status_code for _ in range(3)] == [200, 200, 200]
        assert sending.request("HEAD", service[1]).status_code == 200
    assert service[0].events == ["request_outside_window", *["request_accepted"] * 4]


@pytest.mark.parametrize("behind", [-HOUR, -90_000, 61_000])
def test_a_request_that_may_have_its_time_is_not_signed_anew_unless_it_only_reads(
    service: tuple[Service, str], behind: int
) -> None:
    with client(behind) as sending:
        assert [sending.post(service[1], content=b"{}").status_code for _ in range(2)] == [401, 200]
    with client(behind) as sending:
        assert [sending.get(service[1]).status_code for _ in range(2)] == [200, 200]
    refused, accepted = "request_outside_window", "request_accepted"
    assert service[0].events == [refused, accepted, refused, accepted, accepted]


def test_a_call_by_a_clock_that_is_ahead_does_its_work_once_whoever_sends_it_again(
    service: tuple[Service, str],
) -> None:
    wire: list[httpx.Request] = []
    auth = SignatureAuth(Signer(key()), clock=lambda: NOW + 90_000)
    with httpx.Client(auth=auth, headers=HOST, event_hooks={"request": [wire.append]}) as sending:
        assert sending.post(service[1], content=b"{}").status_code == 401
    service[0].now += 35_000
    with httpx.Client() as observer:
        again = [observer.post(service[1], content=b"{}", headers=wire[0].headers).status_code for _ in range(2)]
    assert (len(wire), again) == (1, [200, 401])
    assert service[0].events == ["request_outside_window", "request_accepted", "request_replayed"]


def test_a_request_whose_answer_was_swallowed_is_not_signed_anew_when_its_time_is_over(
    service: tuple[Service, str],
) -> None:
    between = service[0].between
    app = between.app

    async def twice(scope: Any, receive: Any, send: Any) -> None:
        """The request arrives, its answer does not, and some seconds later the request arrives again."""
        message = await receive()

        async def received() -> Any:
            return message

        async def swallowed(_: Any) -> None: ...

        await app({**scope, "state": {}}, received, swallowed)
        service[0].now += 3_000
        await app({**scope, "state": {}}, received, send)

    between.app = twice
    with client(58_000, verify=False) as sending:
        got = sending.post(service[1], content=b"{}").status_code
    assert (got, service[0].events) == (401, ["request_accepted", "request_outside_window"])


def test_a_clock_is_that_of_the_head_however_long_the_content_takes(service: tuple[Service, str]) -> None:
    own = [NOW - HOUR]

    def held_back(message: Any) -> Any:
        if message["type"] == "http.response.body":
            # The head is on its way, and is looked at before the clock moves.
            time.sleep(0.5)
            own[0] += 8_000
            service[0].between.change = None
        return message

    auth = SignatureAuth(Signer(key()), clock=lambda: own[0], verify_responses=True)
    with httpx.Client(auth=auth, headers=HOST) as sending:
        service[0].between.change = held_back
        first = sending.post(service[1], content=b"{}")
        # Eight seconds have passed, by the one clock that there is.
        service[0].now += 8_000
        assert sending.post(service[1], content=b"{}").status_code == first.status_code == 200
    assert service[0].created[1] == service[0].now


def test_a_host_that_slept_signs_nothing_anew(service: tuple[Service, str]) -> None:
    between, own = service[0].between, [NOW]
    app = between.app

    async def asleep(scope: Any, receive: Any, send: Any) -> None:
        """The request is served and its answer lost; the client's host sleeps; the request arrives again."""
        message = await receive()

        async def received() -> Any:
            return message

        async def swallowed(_: Any) -> None: ...

        await app({**scope, "state": {}}, received, swallowed)
        # Only the clock that nobody sets stands still.
        own[0] += 75_000
        service[0].now += 75_000
        await app({**scope, "state": {}}, received, send)

    between.app = asleep
    auth = SignatureAuth(Signer(key()), clock=lambda: own[0])
    with httpx.Client(auth=auth, headers=HOST) as sending:
        assert sending.post(service[1], content=b"{}").status_code == 401
    assert service[0].events == ["request_accepted", "request_outside_window"]


def test_a_clock_that_is_set_by_decades_meanwhile_is_no_error(service: tuple[Service, str]) -> None:
    own = [0]

    def is_set(message: Any) -> Any:
        own[0] = NOW
        return message

    service[0].between.change = is_set
    transport = SigningTransport(
        Signer(key()), [AUTHORITY], httpx.HTTPTransport(limits=httpx.Limits(max_connections=1)), clock=lambda: own[0]
    )
    with httpx.Client(transport=transport, headers=HOST, timeout=5) as sending:
        assert sending.post(service[1], content=b"{}").status_code == 401
        assert sending.post(service[1], content=b"{}").status_code == 200


def test_a_response_that_was_read_below_or_is_coded_is_checked_too() -> None:
    def below(*, coded: bool) -> httpx.MockTransport:
        fields = {"content-encoding": "gzip", "signature": "a=::", "signature-input": "a=()"} if coded else {}
        return httpx.MockTransport(lambda _: httpx.Response(200, headers=fields, stream=httpx.ByteStream(b"x")))

    read = httpx.MockTransport(lambda _: httpx.Response(200, content=b"x"))
    for transport in (below(coded=False), below(coded=True), read):
        signing = SigningTransport(Signer(key()), [AUTHORITY], transport, verify_responses=True)
        auth = SignatureAuth(Signer(key()), verify_responses=True)
        for sending in (httpx.Client(transport=signing), httpx.Client(transport=transport, auth=auth)):
            with sending, pytest.raises(ResponseError):
                sending.get(f"https://{AUTHORITY}/")


def test_a_second_refusal_is_handed_on_and_learnt_from(service: tuple[Service, str]) -> None:
    between = service[0].between
    app = between.app

    async def moves(scope: Any, receive: Any, send: Any) -> None:
        service[0].now += HOUR
        await app(scope, receive, send)

    between.app = moves
    with client(HOUR) as sending:
        assert sending.post(service[1], content=b"{}").status_code == 401
        between.app = app
        assert sending.post(service[1], content=b"{}").status_code == 200
    assert service[0].events == ["request_outside_window", "request_outside_window", "request_accepted"]


def test_a_refusal_that_trickles_is_handed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("counterseal.httpx._PATIENCE", 0.3)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            lines = [(b"signature-input", b'x="counterseal/1/clock"'), (b"signature", b"x=::")]
            await send({"type": "http.response.start", "status": 401, "headers": lines})
            for _ in range(20):
                await send({"type": "http.response.body", "body": b"x", "more_body": True})
                await asyncio.sleep(0.1)
            await send({"type": "http.response.body", "body": b""})

    with serving(app) as port, client(verify=False) as sending:
        began = time.monotonic()
        with sending.stream("GET", f"http://127.0.0.1:{port}") as response:
            assert time.monotonic() - began < 1.5
            assert response.read() == b"x" * 20


def test_of_a_long_refusal_no_clock_is_looked_for() -> None:
    pieces = [b"x" * 65_536] * 64

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            lines = [(b"signature-input", b'x="counterseal/1/clock"'), (b"signature", b"x=::")]
            await send({"type": "http.response.start", "status": 401, "headers": lines})
            for piece in pieces:
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b""})

    async def ask(url: str) -> bytes:
        transport = AsyncSigningTransport(Signer(key()), [AUTHORITY])
        async with httpx.AsyncClient(transport=transport, headers=HOST) as sending:
            return await (await sending.get(url)).aread()

    with serving(app) as port:
        url = f"http://127.0.0.1:{port}"
        whole = b"".join(pieces)
        for sending in (client(verify=False), httpx.Client(transport=SigningTransport(Signer(key()), [AUTHORITY]))):
            with sending, sending.stream("GET", url, headers=HOST) as response:
                assert response.num_bytes_downloaded < len(whole) // 2
                assert response.read() == whole
        assert asyncio.run(ask(url)) == whole


def test_a_clock_that_was_set_meanwhile_is_learnt_anew(service: tuple[Service, str]) -> None:
    with client(HOUR) as sending:
        sending.get(service[1])
        service[0].now += HOUR
        assert sending.get(service[1]).status_code == 200
    assert service[0].events == ["request_outside_window", "request_accepted"] * 2


def test_a_clock_that_nobody_signed_is_not_believed(service: tuple[Service, str]) -> None:
    service[0].between.change = unsigned
    with client(HOUR, verify=False) as sending:
        assert sending.get(service[1]).json()["code"] == "request_outside_window"
    assert service[0].events == ["request_outside_window"]


def test_a_clock_that_was_changed_is_not_believed(service: tuple[Service, str]) -> None:
    def forged(message: Any) -> Any:
        if message["type"] != "http.response.start":
            return message
        lines = [(name, value.replace(b"created=25", b"created=26")) for name, value in message["headers"]]
        return {**message, "headers": lines}

    service[0].between.change = forged
    with client(HOUR, verify=False) as sending:
        assert sending.get(service[1]).status_code == 401
    assert service[0].events == ["request_outside_window"]


def test_strangers_learn_no_clock(service: tuple[Service, str]) -> None:
    signer = Signer(key(secret=bytes(32)))
    with httpx.Client(auth=SignatureAuth(signer, clock=lambda: NOW - HOUR), headers=HOST) as sending:
        answer = sending.get(service[1])
    assert answer.json()["code"] == "request_unauthenticated"
    assert "signature" not in answer.headers


def test_a_whole_application_signs_what_it_answers() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 200, "headers": [(b"Content-Digest", b"stale")]})
            await send({"type": "http.response.body", "body": b"a", "more_body": True})
            await send({"type": "http.response.body", "body": b"b"})

    served = Verifier(Policy([AUTHORITY]), [key()], Memory(now=NOW))
    protected = SignatureMiddleware(app, Authenticator(served, clock=lambda: NOW, sign_responses=True))
    with serving(protected, lifespan="off") as port, client() as sending:
        response = sending.get(f"http://127.0.0.1:{port}/")
    assert (response.content, response.extensions["counterseal.verified"].status) == (b"ab", 200)


def test_of_a_forgery_no_body_is_read() -> None:
    sent = Sent().signed(Signer(key(secret=bytes(32))))
    heard: list[Any] = []

    async def never() -> Any:
        raise AssertionError("the body was asked for")

    async def hear(message: Any) -> None:
        heard.append(message)

    lines = {**sent.headers, "host": AUTHORITY, "content-length": "11"}
    scope = {
        "type": "http",
        "method": "POST",
        "scheme": "https",
        "raw_path": b"/v1/jobs",
        "query_string": b"state=open",
        "headers": [(name.encode(), value.encode()) for name, value in lines.items()],
    }
    app = SignatureMiddleware(never, Authenticator(verifier(), clock=lambda: NOW))  # type: ignore[arg-type]
    asyncio.run(app(scope, never, hear))
    assert heard[0]["status"] == 401


def test_content_in_pieces_is_verified_at_its_end_and_once() -> None:
    pieces = content()
    pieces.update(b'{"job"')
    pieces.update(b": 42}")
    assert pieces.verify().component("@path") == "/v1/jobs"
    for spent in (pieces.verify, pieces.finish, lambda: pieces.update(b"")):
        with pytest.raises(ArgumentError) as refused:
            spent()
        assert refused.value.code == "pending_spent"


def test_other_content_in_pieces_burns_no_nonce() -> None:
    server = verifier()
    sent = Sent().signed()
    *head, _ = sent.parts()
    wrong = server.begin_content(*head, now=NOW)
    wrong.update(b"other")
    with pytest.raises(CountersealError) as refused:
        wrong.verify()
    assert refused.value.code == "request_body_mismatch"
    assert sent.verify(server).key_id == "worker-7"


def test_what_was_refused_piece_by_piece_stays_refused() -> None:
    server = Verifier(Policy([AUTHORITY], body_limit_bytes=11), [key()], Memory(now=NOW))
    *head, _ = Sent().signed().parts()
    pieces = server.begin_content(*head, now=NOW)
    pieces.update(bytes(11))
    with pytest.raises(CountersealError, match="request_too_large"):
        pieces.update(b"1")
    with pytest.raises(CountersealError, match="request_too_large"):
        pieces.finish()


def test_a_response_is_checked_against_its_own_request_only() -> None:
    _, proof = exchanged()
    sent, _ = exchanged()
    assert proof.created == NOW
    with pytest.raises(ResponseError) as refused:
        sent.check(200, {}, b"")
    assert (refused.value.code, refused.value.http) == ("response_signature_missing", 502)


def test_a_foreign_request_is_verified_beside_the_strict_profile() -> None:
    foreign = Verifier(ForeignPolicy([AUTHORITY]), [key()], Memory(now=NOW))
    with pytest.raises(CountersealError) as refused:
        Sent().signed().verify(foreign)
    # A request of the strict profile could be served once by each of the two.
    assert refused.value.code == "request_parameters_unexpected"
    assert foreign.body_limit_bytes == ForeignPolicy([AUTHORITY]).body_limit_bytes == 1024 * 1024


def test_a_client_that_leaves_in_the_midst_of_its_content_is_no_error_of_the_server() -> None:
    service = Service()
    sent = replace(Sent(), path="/", query="").signed()
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "scheme": "https",
        "method": "POST",
        "path": "/",
        "raw_path": b"/",
        "query_string": b"",
        "headers": [(b"host", AUTHORITY.encode()), *((n.encode(), v.encode()) for n, v in sent.headers.items())],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 2),
    }
    told = [{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}]

    async def receive() -> Any:
        return told.pop(0)

    async def send(_: Any) -> None: ...

    # What it raised would be a traceback in the server's log, at a stranger's will.
    asyncio.run(service.between.app(scope, receive, send))
    assert not told
    assert not service.created
