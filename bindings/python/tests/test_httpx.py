"""Signing with httpx: what is signed is what is sent, to a real server."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any

import httpx
import pytest
from fastapi import FastAPI, Request, Response, Security
from fastapi.responses import RedirectResponse

from counterseal.errors import CountersealError, SignError
from counterseal.fastapi import SignedRequest, install
from counterseal.httpx import AsyncSigningTransport, SignatureAuth, SigningTransport
from counterseal.request import Key, Policy, Profile, Signer, Verified, Verifier
from counterseal.stores import Memory
from counterseal.testing import RepeatableSeeds
from servers import serving
from support import NOW, SECRET, key


def clock() -> int:
    """An instant for both sides."""
    return NOW


SIGNER = Signer(key())
AUTH = SignatureAuth(SIGNER, clock=clock)
EVENTS: list[dict[str, Any]] = []


def note(event: str) -> None:
    """Keeps an audit event."""
    EVENTS.append(json.loads(event))


def build(authorities: list[str], **policy: Any) -> FastAPI:
    """A service that tells what it verified, and one that redirects."""
    app = FastAPI()
    install(app)
    verifier = Verifier(Policy(authorities, **policy), [key()], Memory(now=NOW))
    signed = SignedRequest(verifier, clock=clock, on_event=note)

    @app.api_route("/to/{status}/{target:path}", methods=["GET", "POST"], include_in_schema=False)
    async def redirect(status: int, target: str) -> Response:
        return RedirectResponse(f"/{target}" if "//" not in target else target, status)

    @app.api_route("/{rest:path}", methods=["DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"], include_in_schema=False)
    async def told(request: Request, by: Annotated[Verified, Security(signed)]) -> dict[str, Any]:
        body = await request.body()
        return {"by": by.key_id, "nonce": by.nonce.hex(), "covered": dict(by.covered), "size": len(body)}

    return app


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    """Where the service listens."""
    authorities = ["api.example"]
    app = build(["127.0.0.1:1", *authorities])
    with serving(app) as port:
        # The port is known now, and the policy has to know it.
        app.router.routes.clear()
        app.router.routes.extend(build([f"127.0.0.1:{port}", f"localhost:{port}", *authorities]).router.routes)
        yield f"http://127.0.0.1:{port}"


@pytest.mark.parametrize(
    "url",
    [
        "/",
        "",
        "/?",
        "/a b",
        "/a%20b",
        "/a%2Fb/%2e%2e/c",
        "/é/日本/💥",
        "/%C3%A9",
        "/a;b=c,d:e@f!$&'()*+=~-._",
        "/a/../b/./c//d",
        '/"<>\\^`{|}',
        "/?q=a+b%20c&q=%2B&é=日本&empty=&=x&&",
        "/?a=b?c=d/e",
        "/p#fragment",
        "/%zz",
        "/?[]={}|^`\"<>'",
    ],
)
def test_any_target_is_signed_as_it_is_sent(base: str, url: str) -> None:
    with httpx.Client(auth=AUTH) as client:
        answer = client.get(base + url)
    assert answer.status_code == 200, (EVENTS[-1], answer.request.url.raw_path)
    path, _, query = answer.request.url.raw_path.partition(b"?")
    covered = answer.json()["covered"]
    assert (covered["@path"], covered["@query"]) == (path.decode(), f"?{query.decode()}")


@pytest.mark.parametrize(
    "params", [{"a": "b c+d&e=f"}, {"é": ["日本", "💥"]}, [("a", "1"), ("a", "2")], {"empty": ""}, {"none": None}]
)
def test_params_are_signed_as_httpx_writes_them(base: str, params: Any) -> None:
    with httpx.Client(auth=AUTH) as client:
        assert client.get(f"{base}/p", params=params).status_code == 200


def parts() -> Iterator[bytes]:
    """A body that comes in parts."""
    yield from (b"one", b"", b"two" * 10_000)


async def parts_async() -> AsyncIterator[bytes]:
    """The same, for an asynchronous client."""
    for part in parts():
        yield part


BODIES: list[dict[str, Any]] = [
    {},
    {"content": b""},
    {"content": b"\x00\xff" * 1_000},
    {"content": "téxt"},
    {"json": {"job": 42, "é": "日本"}},
    {"data": {"a": "b c", "é": ["1", "2"]}},
    {"data": {"a": "b"}, "files": {"file": ("näme.txt", b"content", "text/plain")}},
]


@pytest.mark.parametrize("method", ["DELETE", "GET", "PATCH", "POST", "PUT"])
@pytest.mark.parametrize("body", BODIES, ids=lambda body: "+".join(body) or "none")
def test_any_body_is_signed_as_it_is_sent(base: str, method: str, body: dict[str, Any]) -> None:
    with httpx.Client(auth=AUTH) as client:
        answer = client.request(method, f"{base}/body", **body)
    assert answer.status_code == 200, EVENTS[-1]
    assert answer.json()["size"] == len(answer.request.content)


def test_a_body_that_comes_in_parts_is_read_before_it_is_signed(base: str) -> None:
    async def post() -> httpx.Response:
        async with httpx.AsyncClient(auth=AUTH) as client:
            return await client.post(f"{base}/parts", content=parts_async())

    with httpx.Client(auth=AUTH) as client:
        answers = [client.post(f"{base}/parts", content=parts()), asyncio.run(post())]
    assert [answer.json()["size"] for answer in answers] == [30_003, 30_003]


def test_a_head_request_can_be_signed(base: str) -> None:
    with httpx.Client(auth=AUTH) as client:
        assert client.head(f"{base}/head").status_code == 200


def test_a_request_can_be_signed_and_sent_by_other_means(base: str) -> None:
    request = httpx.Request("POST", f"{base}/a", content=b"{}")
    signed = next(AUTH.auth_flow(request))
    with httpx.Client() as client:
        assert client.send(signed).json()["by"] == "worker-7"


def test_each_attempt_has_a_nonce_of_its_own(base: str) -> None:
    with httpx.Client() as client:
        request = client.build_request("POST", f"{base}/again", json={"job": 1})
        answers = [client.send(request, auth=AUTH) for _ in range(3)]
        assert len({answer.json()["nonce"] for answer in answers}) == 3
        # Sent once more as it stands, without signing, it is the last attempt's replay.
        assert client.send(request).json()["code"] == "request_replayed"


def test_seeds_may_be_given(base: str) -> None:
    auth = SignatureAuth(SIGNER, clock=clock, seeds=RepeatableSeeds("httpx"))
    with httpx.Client(auth=auth) as client:
        nonces = [client.get(base).json()["nonce"] for _ in range(2)]
    seeds = RepeatableSeeds("httpx")
    assert nonces == [seeds().hex(), seeds().hex()]


@pytest.mark.parametrize(
    ("url", "authority"),
    [
        ("http://api.example/", "api.example"),
        ("http://api.example:80/", "api.example"),
        ("https://api.example:443/", "api.example"),
        ("https://api.example:80/", "api.example:80"),
        ("http://API.example:8080/", "api.example:8080"),
        ("http://[::1]:8080/", "[::1]:8080"),
    ],
)
def test_the_authority_is_signed_as_the_field_host_says_it(url: str, authority: str) -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200)

    with httpx.Client(auth=AUTH, transport=httpx.MockTransport(answer)) as client:
        client.get(url)
    assert seen[0].headers["host"] == authority
    verifier = Verifier(Policy([authority]), [key()], Memory(now=NOW))
    scheme = seen[0].url.scheme
    assert verifier.verify("GET", scheme, authority, "/", "", seen[0].headers.raw, b"", now=NOW).key_id == "worker-7"


def test_a_host_that_is_given_is_the_one_that_is_signed(base: str) -> None:
    with httpx.Client(auth=AUTH) as client:
        answer = client.get(base, headers={"Host": "api.example"})
    assert answer.json()["covered"]["@authority"] == "api.example"


def test_a_target_that_is_given_is_the_one_that_is_signed(base: str) -> None:
    with httpx.Client(auth=AUTH) as client:
        for target in (b"/raw%2Fpath?a=b", "/raw|path?"):
            answer = client.get(base, extensions={"target": target})
            assert answer.status_code == 200, EVENTS[-1]
            assert answer.json()["covered"]["@path"].startswith("/raw")


def test_names_of_fields_may_be_in_any_case() -> None:
    profile = Profile(cover=["x-one"])
    verifier = Verifier(Policy(["api.example"], cover=["x-one"]), [key()], Memory(now=NOW))
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200)

    fields = [("X-ONE", "1"), ("x-List", "a"), ("X-list", "b"), ("CONTENT-TYPE", "text/plain"), ("SIGNATURE", "old")]
    auth = SignatureAuth(Signer(key(), profile), clock=clock)
    with httpx.Client(auth=auth, transport=httpx.MockTransport(answer)) as client:
        client.post("https://api.example/", headers=fields, content=b"x")
    proof = verifier.verify("POST", "https", "api.example", "/", "", seen[0].headers.raw, b"x", now=NOW)
    assert proof.component("x-one") == "1"
    with pytest.raises(SignError), httpx.Client(auth=auth) as client:
        client.get("https://api.example/", headers=[("X-One", "1"), ("x-one", "2")])
    assert seen[0].headers.get_list("signature") == [seen[0].headers["signature"]]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_refused_below_the_auth_and_signed_by_the_transport(base: str, status: int) -> None:
    with httpx.Client(auth=AUTH, follow_redirects=True) as client:
        assert client.post(f"{base}/to/{status}/there", json={"job": 1}).status_code == 401
    authority = base.removeprefix("http://")
    transport = SigningTransport(SIGNER, [authority], clock=clock)
    with httpx.Client(transport=transport, follow_redirects=True) as client:
        answer = client.post(f"{base}/to/{status}/there", json={"job": 1})
    assert answer.status_code == 200, EVENTS[-1]
    assert answer.json()["covered"]["@path"] == "/there"
    assert answer.json()["covered"]["@method"] == ("GET" if status < 307 else "POST")


@pytest.mark.parametrize("misspelt", ["https://api.example", "API.example", "api.example/", ""])
def test_a_misspelt_authority_is_refused_and_does_not_leave_requests_unsigned(misspelt: str) -> None:
    with pytest.raises(CountersealError) as caught:
        SigningTransport(SIGNER, [misspelt])
    assert caught.value.code == "request_policy_authorities"
    with pytest.raises(CountersealError) as caught:
        AsyncSigningTransport(SIGNER, "api.example")
    assert caught.value.code == "binding_argument_type"


def test_a_transport_sends_no_signature_to_whom_it_was_not_told_to(base: str) -> None:
    other = base.replace("127.0.0.1", "localhost")
    transport = SigningTransport(SIGNER, {base.removeprefix("http://")}, clock=clock)
    with httpx.Client(transport=transport, follow_redirects=True) as client:
        answer = client.get(f"{base}/to/307/{other}/there")
    assert answer.status_code == 401
    assert answer.url == f"{other}/there"
    assert not {"signature", "signature-input", "content-digest"} & set(answer.request.headers)
    assert "signature" in answer.history[0].request.headers


def test_the_asynchronous_transport_signs_too(base: str) -> None:
    async def session(**body: Any) -> httpx.Response:
        transport = AsyncSigningTransport(SIGNER, [base.removeprefix("http://")], clock=clock)
        async with httpx.AsyncClient(transport=transport, follow_redirects=True) as client:
            return await client.post(f"{base}/to/307/there", **body)

    assert asyncio.run(session(json={"job": 1})).status_code == 200
    assert asyncio.run(session(content=parts_async())).json()["size"] == 30_003


def test_a_transport_closes_the_one_below_it() -> None:
    closed: list[str] = []

    class Below(httpx.BaseTransport, httpx.AsyncBaseTransport):
        def close(self) -> None:
            closed.append("close")

        async def aclose(self) -> None:
            closed.append("aclose")

    SigningTransport(SIGNER, ["a"], Below()).close()
    asyncio.run(AsyncSigningTransport(SIGNER, ["a"], Below()).aclose())
    assert closed == ["close", "aclose"]


def test_what_cannot_be_signed_is_not_sent() -> None:
    def answer(_: httpx.Request) -> httpx.Response:
        pytest.fail("it was sent")

    with (
        httpx.Client(auth=SignatureAuth(Signer(Key("a", SECRET))), transport=httpx.MockTransport(answer)) as client,
        pytest.raises(SignError, match="request_sign_too_large"),
    ):
        client.get("https://api.example/" + "a" * 9_000)
