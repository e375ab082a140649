"""Signed requests behind FastAPI."""
# Without postponed annotations: FastAPI cannot see names that are local to a test.

import asyncio
import inspect
import json
import logging
from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Depends, FastAPI, Request, Security, WebSocket
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import StreamingResponse

from counterseal.errors import ArgumentError, CountersealError
from counterseal.fastapi import SignedRequest, SignedRoute, install, problem
from counterseal.request import Key, Policy, Signer, Verified, Verifier
from counterseal.stores import Sqlite, Waiting, drive_async
from jobs import METHODS, Job, codes, many, replayable, scheme, send, service
from servers import exchange, serving
from support import AUTHORITY, NOW, Sent, key, verifier


def test_a_signed_request_reaches_the_handler_with_its_proof() -> None:
    answer = send(service(scheme()), json={"job": 42})
    assert (answer.status_code, answer.json()) == (200, {"job": 42, "by": "worker-7"})


def test_a_replay_is_refused_as_a_problem_that_tells_the_public_code_and_nothing_else() -> None:
    app, request = service(scheme()), replayable()
    first, second = many(app, [request]) + many(app, [request])
    assert first.status_code == 200
    assert second.status_code == 401
    assert second.headers["content-type"] == "application/problem+json"
    assert second.headers["cache-control"] == "no-store"
    assert second.headers["www-authenticate"] == "Signature"
    assert "retry-after" not in second.headers
    assert second.json() == {
        "type": "about:blank",
        "title": "Unauthorized",
        "status": 401,
        "code": "request_replayed",
    }


@pytest.mark.parametrize(
    ("signer", "exact"),
    [
        (Signer(Key("stranger", b"s" * 32)), "request_key_unknown"),
        (Signer(Key("worker-7", b"s" * 32)), "request_mac_mismatch"),
    ],
)
def test_a_stranger_is_told_less_than_the_audit_log(signer: Signer, exact: str) -> None:
    events: list[str] = []
    answer = send(service(scheme(on_event=events.append)), signer=signer, json={"job": 1})
    assert answer.json()["code"] == "request_unauthenticated"
    assert [json.loads(event)["event"] for event in events] == [exact]


def test_what_may_pass_has_a_time_to_come_again() -> None:
    answer = send(service(scheme(verifier(key(since=0)))), signer=Signer(key(since=0)), json={"job": 1})
    assert (answer.status_code, answer.json()["code"]) == (503, "request_store_warming")
    assert answer.headers["retry-after"] == "67"


def test_the_annotations_of_the_scheme_are_no_texts() -> None:
    # FastAPI 0.115 takes a text there for the name of a query parameter, and refuses everything.
    assert inspect.signature(SignedRequest.__call__).parameters["request"].annotation is Request


def test_the_scheme_is_in_the_openapi_document() -> None:
    document = many(service(scheme()), [{"method": "GET", "url": "/openapi.json"}])[0].json()
    schemes = document["components"]["securitySchemes"]
    assert schemes["Counterseal"]["type"] == "apiKey"
    assert (schemes["Counterseal"]["in"], schemes["Counterseal"]["name"]) == ("header", "Signature")
    assert document["paths"]["/v1/jobs"]["post"]["security"] == [{"Counterseal": []}]
    assert "security" not in document["paths"]["/open"]["get"]


def test_the_body_is_parsed_after_it_is_verified() -> None:
    app = service(scheme())
    broken: dict[str, Any] = {"content": b"{", "headers": {"content-type": "application/json"}}
    unsigned = many(app, [{"method": "POST", "url": "/v1/jobs", **broken}])[0]
    assert (unsigned.status_code, unsigned.json()["code"]) == (401, "request_unauthenticated")
    assert send(app, **broken).status_code == 422


def test_a_body_that_was_changed_is_refused() -> None:
    request = replayable()
    answer = many(service(scheme()), [{**request, "content": b'{"job": 43}'}])[0]
    assert answer.json()["code"] == "request_unauthenticated"


@pytest.mark.parametrize(
    ("sent", "path", "query"),
    [
        ("/echo/a%2Fb", "/echo/a%2Fb", "?"),
        ("/echo/%C3%A9?q=%20+&q=%2B", "/echo/%C3%A9", "?q=%20+&q=%2B"),
        ("/echo/a/../b//c/.", "/echo/a/../b//c/.", "?"),
        ("/echo/?", "/echo/", "?"),
        ("/echo/;p=1:@!$&'()*,?a=/?", "/echo/;p=1:@!$&'()*,", "?a=/?"),
    ],
)
def test_path_and_query_are_those_that_were_sent(sent: str, path: str, query: str) -> None:
    headers = Sent("GET", path=path, query=query[1:], headers={}, body=b"").signed().headers
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    message = f"GET {sent} HTTP/1.1\r\nHost: {AUTHORITY}\r\nConnection: close\r\n{lines}\r\n"
    with serving(service(scheme(verifier()))) as port:
        # uvicorn says http, which is not covered.
        answer = exchange(port, message.encode())
    covered = json.loads(answer.partition(b"\r\n\r\n")[2])["covered"]
    assert (covered["@path"], covered["@query"]) == (path, query)


@pytest.mark.parametrize("method", METHODS)
def test_every_method_can_be_signed(method: str) -> None:
    app = service(scheme())
    answer = send(app, method, "/echo/")
    assert answer.status_code == 200
    refused = many(app, [{"method": method, "url": "/echo/"}])[0]
    assert refused.status_code == 401


def test_the_answer_to_a_refused_head_has_no_content() -> None:
    with serving(service(scheme())) as port:
        answer = exchange(port, f"HEAD /echo/ HTTP/1.1\r\nHost: {AUTHORITY}\r\nConnection: close\r\n\r\n".encode())
    head, _, content = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 401 ")
    assert b"application/problem+json" in head
    assert content == b""


def test_cors_answers_its_preflights_before_anything_is_verified() -> None:
    app = service(scheme())
    app.add_middleware(CORSMiddleware, allow_origins=["https://page.example"], allow_methods=["POST"])
    headers = {"origin": "https://page.example", "access-control-request-method": "POST"}
    answer = many(app, [{"method": "OPTIONS", "url": "/v1/jobs", "headers": headers}])[0]
    assert answer.headers["access-control-allow-origin"] == "https://page.example"


def test_other_routes_are_left_alone() -> None:
    assert many(service(scheme()), [{"method": "GET", "url": "/open"}])[0].json() == "open"


def test_a_body_above_the_limit_is_refused_before_it_was_read_to_its_end() -> None:
    app = service(scheme(verifier(body_limit_bytes=1_000)))
    start = f"POST /echo/ HTTP/1.1\r\nHost: {AUTHORITY}\r\nConnection: close\r\n"
    with serving(app) as port:
        # The rest of a gigabyte never comes, and nobody waits for it.
        announced = exchange(port, f"{start}Content-Length: 1000000000\r\n\r\n".encode() + b"x" * 1_001)
        chunked = exchange(port, f"{start}Transfer-Encoding: chunked\r\n\r\n3e9\r\n".encode() + b"x" * 1_001 + b"\r\n")
        # A body of the limit is read, and refused for what is wrong with it.
        whole = exchange(port, f"{start}Content-Length: 1000\r\n\r\n".encode() + b"x" * 1_000)
    assert announced.startswith(b"HTTP/1.1 400 ")
    # Nobody signed it, so not even its beginning is waited for.
    assert chunked.startswith(b"HTTP/1.1 401 ")
    assert whole.startswith(b"HTTP/1.1 401 ")
    events: list[str] = []
    sent = replayable(body=b"x" * 1_001, path="/echo/")
    many(service(scheme(verifier(body_limit_bytes=1_000), on_event=events.append)), [sent])
    assert json.loads(events[0])["event"] == "request_too_large"


def test_a_body_that_was_read_before_is_refused_and_the_integrator_told(caplog: pytest.LogCaptureFixture) -> None:
    app, signed = FastAPI(), scheme()
    app.add_exception_handler(CountersealError, problem)

    async def eager(request: Request) -> None:
        async for _ in request.stream():
            pass

    @app.post("/v1/jobs", dependencies=[Depends(eager)])
    async def create(_: Annotated[Verified, Security(signed)]) -> None: ...

    with caplog.at_level(logging.ERROR):
        answer = send(app, json={"job": 1})
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert "binding_body_consumed" in caplog.text


def test_a_route_that_reads_the_body_before_it_is_verified_serves_nobody() -> None:
    app, signed = FastAPI(), scheme()
    install(app)
    router = APIRouter()  # FastAPI's own route: the body is read to its end and parsed first

    @router.post("/v1/jobs")
    async def create(job: Job, by: Annotated[Verified, Security(signed)]) -> str:
        return f"{job.job} {by.key_id}"

    app.include_router(router)
    answer = send(app, json={"job": 1})
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")


def test_a_server_without_the_raw_path_is_refused() -> None:
    inner = service(scheme())

    async def decoding(scope: Any, receive: Any, send: Any) -> None:
        scope.pop("raw_path", None)
        await inner(scope, receive, send)

    answer = send(decoding, json={"job": 1})
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")


@pytest.mark.parametrize(
    ("hosts", "code"),
    [
        ([], "request_malformed"),
        ([b"api.example", b"api.example"], "request_malformed"),
        ([b"other.example"], "request_malformed"),
        ([b"api.example, other.example"], "request_malformed"),
        ([b"user@api.example"], "request_malformed"),
    ],
)
def test_there_is_exactly_one_host_and_it_is_ours(hosts: list[bytes], code: str) -> None:
    inner = service(scheme())

    async def rewriting(scope: Any, receive: Any, send: Any) -> None:
        lines = [(name, value) for name, value in scope["headers"] if name != b"host"]
        await inner({**scope, "headers": lines + [(b"host", host) for host in hosts]}, receive, send)

    assert send(rewriting, json={"job": 1}).json()["code"] == code


def test_an_absolute_target_is_refused_where_the_server_hands_it_on() -> None:
    # httptools takes it apart, and what is verified then are its path and the field Host.
    headers = Sent("GET", path="/echo/", query="", headers={}, body=b"").signed().headers
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    with serving(service(scheme()), http="h11") as port:
        start = f"GET http://{AUTHORITY}/echo/ HTTP/1.1\r\nHost: {AUTHORITY}\r\nConnection: close\r\n"
        assert not exchange(port, f"{start}{lines}\r\n".encode()).startswith(b"HTTP/1.1 200 ")


def get(port: int, path: str, signed_path: str) -> int:
    """The status of a request for `path` that was signed for `signed_path`."""
    headers = Sent("GET", path=signed_path, query="", headers={}, body=b"").signed().headers
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    message = f"GET {path} HTTP/1.1\r\nHost: {AUTHORITY}\r\nConnection: close\r\n{lines}\r\n"
    return int(exchange(port, message.encode()).split(b" ")[1])


def test_a_prefix_that_a_proxy_took_off_is_put_back_by_uvicorns_root_path() -> None:
    with serving(service(scheme()), root_path="/api") as port:
        assert get(port, "/echo/", "/api/echo/") == 200
        assert get(port, "/echo/", "/echo/") == 401


def test_a_prefix_that_a_proxy_took_off_is_put_back_by_the_scheme() -> None:
    # FastAPI's own root_path is for the documents that it writes; the path stays as it came.
    app = service(scheme(stripped_prefix="/api"))
    app.root_path = "/api"
    with serving(app) as port:
        assert get(port, "/echo/", "/api/echo/") == 200
        assert get(port, "/echo/", "/echo/") == 401


def test_a_prefix_that_the_proxy_leaves_is_part_of_the_path() -> None:
    app = service(scheme())
    app.root_path = "/api"
    with serving(app) as port:
        assert get(port, "/api/echo/", "/api/echo/") == 200


def test_below_a_mount_the_whole_path_is_verified() -> None:
    outer = FastAPI()
    outer.mount("/mounted", service(scheme()))
    with serving(outer) as port:
        assert get(port, "/mounted/echo/", "/mounted/echo/") == 200
        assert get(port, "/mounted/echo/", "/echo/") == 401


def test_a_router_with_the_route_class_verifies_first_wherever_its_dependencies_come_from() -> None:
    signed = scheme()
    router = APIRouter(route_class=SignedRoute)
    seen: list[str] = []

    def nested(by: Annotated[Verified, Security(signed)]) -> str:
        return by.key_id

    @router.post("/nested")
    async def through_another(job: Job, by: Annotated[str, Depends(nested)]) -> str:
        return f"{job.job} {by}"

    @router.post("/included")
    async def by_inclusion(job: Job) -> str:
        seen.append("handled")
        return str(job.job)

    for options in ({}, {"dependencies": [Security(signed)]}):
        app = FastAPI()
        app.add_exception_handler(CountersealError, problem)
        app.include_router(router, prefix="/v1", **options)  # type: ignore[arg-type]
        assert send(app, path="/v1/nested", json={"job": 1}).json() == "1 worker-7"
        broken = {"method": "POST", "content": b"{", "headers": {"content-type": "application/json"}}
        assert many(app, [{**broken, "url": "/v1/nested"}])[0].json()["code"] == "request_unauthenticated"
        if options:
            assert send(app, path="/v1/included", json={"job": 1}).json() == "1"
            # It was refused before the broken body was parsed, so the answer is not FastAPI's 422.
            assert many(app, [{**broken, "url": "/v1/included"}])[0].json()["code"] == "request_unauthenticated"
    assert seen == ["handled"]


def test_a_router_of_fastapis_own_class_does_not_run_the_handler_either() -> None:
    router, seen = APIRouter(), list[str]()

    @router.post("/plain")
    async def plain() -> None:
        seen.append("handled")

    app = FastAPI()
    app.add_exception_handler(CountersealError, problem)
    app.include_router(router, dependencies=[Security(scheme())])
    assert many(app, [{"method": "POST", "url": "/plain"}])[0].status_code == 401
    assert send(app, path="/plain").status_code == 200
    assert seen == ["handled"]


def test_a_request_is_verified_once_however_often_its_proof_is_asked_for() -> None:
    events: list[str] = []
    signed = scheme(on_event=events.append)
    app = FastAPI()
    install(app)

    async def again(request: Request) -> Verified:
        return await signed(request)

    @app.post("/v1/jobs", dependencies=[Security(signed), Depends(again)])
    async def create(
        one: Annotated[Verified, Security(signed)],
        two: Annotated[Verified, Depends(signed)],
        three: Annotated[Verified, Depends(again)],
    ) -> bool:
        return one is two is three

    assert send(app, json={}).json() is True
    assert len(events) == 1


def test_a_route_may_ask_for_two_schemes_and_both_must_hold() -> None:
    inside, outside = scheme(verifier(key("worker-7"))), scheme(verifier(key("other")))
    app = FastAPI()
    install(app)

    @app.post("/v1/jobs")
    async def create(_: Annotated[Verified, Security(inside)], __: Annotated[Verified, Security(outside)]) -> None: ...

    assert send(app).status_code == 401


def test_an_override_stands_in_for_the_scheme_in_tests() -> None:
    signed = scheme()
    app = service(signed)
    app.dependency_overrides[signed] = lambda: Sent().signed().verify(verifier())
    answer = many(app, [{"method": "POST", "url": "/v1/jobs", "json": {"job": 1}}])[0]
    assert answer.json() == {"job": 1, "by": "worker-7"}


def test_web_sockets_and_streams_work_as_ever() -> None:
    signed = scheme()
    app = service(signed)
    sent: list[str] = []

    @app.websocket("/socket")
    async def socket(websocket: WebSocket) -> None:
        await websocket.accept()
        sent.append(await websocket.receive_text())
        await websocket.close()

    @app.post("/stream")
    async def stream(_: Annotated[Verified, Security(signed)]) -> StreamingResponse:
        async def parts() -> AsyncIterator[bytes]:
            for number in range(3):
                yield str(number).encode()

        return StreamingResponse(parts())

    assert send(app, path="/stream").text == "012"
    events = [{"type": "websocket.connect"}, {"type": "websocket.receive", "text": "hello"}]

    async def talk() -> list[str]:
        said: list[str] = []

        async def receive() -> Any:
            return events.pop(0)

        async def hear(message: Any) -> None:
            said.append(message["type"])

        scope = {"type": "websocket", "path": "/socket", "raw_path": b"/socket", "headers": [], "query_string": b""}
        await app({**scope, "scheme": "ws", "subprotocols": []}, receive, hear)
        return said

    assert asyncio.run(talk()) == ["websocket.accept", "websocket.close"]
    assert sent == ["hello"]


def test_events_go_to_the_audit_log_one_a_line(caplog: pytest.LogCaptureFixture) -> None:
    app, request = service(scheme()), replayable()
    with caplog.at_level(logging.INFO, "counterseal.audit"):
        many(app, [request])
        many(app, [request])
    lines = [record.getMessage() for record in caplog.records if record.name == "counterseal.audit"]
    assert [json.loads(line)["event"] for line in lines] == ["request_accepted", "request_replayed"]
    assert all("\n" not in line for line in lines)


def test_a_decision_may_be_run_on_a_store_of_the_hosts_own() -> None:
    replies = [[("fresh",)], [("held",)]]

    async def execute(_text: str, _values: list[Any]) -> list[tuple[str]]:
        return replies.pop(0)

    async def drive(waiting: Waiting[Verified]) -> Verified:
        return await drive_async(waiting, "postgres", execute)

    app = service(scheme(Verifier(Policy([AUTHORITY]), [key()]), drive=drive))
    assert codes([send(app, json={"job": 1}), send(app, json={"job": 1})]) == ["accepted", "request_replayed"]


def test_a_database_file_is_waited_for_in_a_thread(tmp_path: Any) -> None:

    server = Verifier(Policy([AUTHORITY]), [key()], Sqlite(tmp_path / "db", now=NOW))
    assert server.blocking
    app = service(scheme(server))
    request = replayable()
    assert codes(many(app, [request] * 8)).count("accepted") == 1


def test_an_error_of_a_handler_is_answered_in_the_same_form() -> None:
    app = service(scheme())

    @app.get("/broken")
    async def broken() -> None:
        raise ArgumentError("binding_store_missing")

    answer = many(app, [{"method": "GET", "url": "/broken"}])[0]
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")


def test_the_fields_of_a_problem_are_the_same_for_all_refusals_of_one_public_code() -> None:
    app = service(scheme())
    strangers: list[Callable[[], Signer]] = [
        lambda: Signer(Key("stranger", b"s" * 32)),
        lambda: Signer(Key("worker-7", b"s" * 32)),
    ]
    one, two = (send(app, signer=make(), json={"job": 1}) for make in strangers)
    assert (one.content, dict(one.headers)) == (two.content, dict(two.headers))
