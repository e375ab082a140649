"""Sessions of programs: one refresh for all their requests, behind FastAPI."""
# Without postponed annotations: FastAPI cannot see names that are local to a test.

import asyncio
from typing import Annotated, Any

import httpx
import pytest
from fastapi import Depends, FastAPI

from counterseal.errors import ArgumentError, RefreshError
from counterseal.fastapi import AccessToken
from counterseal.httpx import SessionAuth
from counterseal.jwt import Standing, VerifiedToken
from session_service import MINUTE, ORIGIN, Service, cookies, run, signed_in
from support import NOW, SECRET


class Keep:
    """Where a client keeps its refresh token."""

    def __init__(self, token: str | None) -> None:
        self.tokens = [token]

    def load(self) -> str | None:
        """The one that is stored."""
        return self.tokens[-1]

    def save(self, token: str | None) -> None:
        """Stores another."""
        self.tokens.append(token)


class Counted(httpx.ASGITransport):
    """Counts the requests for tokens, and fails them while the service is away."""

    def __init__(self, app: FastAPI) -> None:
        super().__init__(app)
        self.asked = 0
        self.begun = asyncio.Event()
        self.is_away = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Hands a request on."""
        if request.url.path == "/session/token":
            self.asked += 1
            self.begun.set()
            # Others come meanwhile.
            await asyncio.sleep(0.01)
            if self.is_away:
                return httpx.Response(503)
        return await super().handle_async_request(request)


def program(service: Service, keep: Keep, **options: Any) -> tuple[httpx.AsyncClient, Counted]:
    """A client that is no browser."""
    service.app.include_router(service.sessions.token_router)
    tokens = AccessToken(service.verifier, clock=lambda: service.now)

    @service.app.get("/orders")
    async def orders(who: Annotated[VerifiedToken, Depends(tokens)]) -> int | None:
        return who.generation

    given = {"load": keep.load, "save": keep.save, "clock": lambda: service.now, **options}
    auth = SessionAuth(f"{ORIGIN}/session/token", **given)
    transport = Counted(service.app)
    return httpx.AsyncClient(transport=transport, base_url=ORIGIN, auth=auth), transport


def test_a_program_refreshes_once_for_all_its_requests() -> None:
    async def story(service: Service) -> None:
        issued = await service.sessions.issue("ada", user_ver=0, device="cli")
        keep = Keep(issued.refresh_token)
        client, transport = program(service, keep)
        for turn in range(1, 4):
            service.now += 20 * MINUTE
            answers = await asyncio.gather(*(client.get("/orders") for _ in range(20)))
            assert {(answer.status_code, answer.json()) for answer in answers} == {(200, turn)}
            assert transport.asked == turn
        assert len(set(keep.tokens)) == 4

    run(story)


def test_a_program_stores_its_refresh_token_before_it_uses_the_access_token() -> None:
    async def story(service: Service) -> None:
        issued = await service.sessions.issue("ada", user_ver=0)
        service.now += 20 * MINUTE

        class Full(Keep):
            def save(self, token: str | None) -> None:
                raise OSError("no space left")

        client, _ = program(service, Full(issued.refresh_token))
        with pytest.raises(OSError, match="no space"):
            await client.get("/orders")
        # Nothing is lost: the same token is answered with the same successor.
        client, _ = program(service, Keep(issued.refresh_token))
        service.now += 60 * MINUTE
        assert (await client.get("/orders")).json() == 1

    run(story)


def test_a_program_whose_session_is_over_forgets_its_token_and_asks_for_a_login() -> None:
    async def story(service: Service) -> None:
        issued = await service.sessions.issue("ada", user_ver=0)
        keep = Keep(issued.refresh_token)
        client, transport = program(service, keep)
        service.now += 20 * MINUTE
        assert (await client.get("/orders")).status_code == 200
        Standing("login").bump("ada", now=service.now).run(service.store)
        service.now += 20 * MINUTE
        for _ in range(2):
            with pytest.raises(RefreshError) as refused:
                await client.get("/orders")
            assert refused.value.code == "binding_login_needed"
        assert keep.load() is None
        assert transport.asked == 2

    run(story)


def test_a_program_keeps_its_token_while_the_service_is_away() -> None:
    async def story(service: Service) -> None:
        issued = await service.sessions.issue("ada", user_ver=0)
        keep = Keep(issued.refresh_token)
        client, transport = program(service, keep)
        service.now += 20 * MINUTE
        transport.is_away = True
        with pytest.raises(RefreshError) as refused:
            await client.get("/orders")
        assert (refused.value.code, keep.tokens) == ("binding_refresh_failed", [issued.refresh_token])
        transport.is_away = False
        assert (await client.get("/orders")).status_code == 200

    run(story)


def test_a_program_shows_its_tokens_to_its_service_only() -> None:
    async def story(service: Service) -> None:
        issued = await service.sessions.issue("ada", user_ver=0)
        seen: list[httpx.Headers] = []

        def elsewhere(request: httpx.Request) -> httpx.Response:
            seen.append(request.headers)
            return httpx.Response(401)

        keep = Keep(issued.refresh_token)
        auth = SessionAuth(f"{ORIGIN}/session/token", load=keep.load, save=keep.save)
        async with httpx.AsyncClient(transport=httpx.MockTransport(elsewhere), auth=auth) as client:
            for url in ("https://evil.example/orders", "http://app.example/orders", "https://app.example.evil/"):
                assert (await client.get(url)).status_code == 401
        assert len(seen) == 3
        assert not any("authorization" in fields for fields in seen)

    run(story)


def test_an_agent_is_bound_to_the_secret_of_its_machine() -> None:
    async def story(service: Service) -> None:
        issued = await service.sessions.issue("machine-7", user_ver=0, device_secret=SECRET)
        service.now += 20 * MINUTE
        thief, _ = program(service, Keep(issued.refresh_token))
        with pytest.raises(RefreshError) as refused:
            await thief.get("/orders")
        assert refused.value.code == "binding_refresh_failed"
        agent, _ = program(service, Keep(issued.refresh_token), device_secret=SECRET)
        assert (await agent.get("/orders")).json() == 1
        ended = {"refresh_token": issued.refresh_token, "device_secret": SECRET.hex()}
        assert (await service.browser().post("/session/token/end", json=ended)).status_code == 204

    run(story)


def test_a_login_or_logout_during_a_refresh_is_not_overwritten() -> None:
    async def story(service: Service) -> None:
        issued = [await service.sessions.issue("ada", user_ver=0) for _ in range(2)]
        keep = Keep(issued[0].refresh_token)
        client, transport = program(service, keep)
        service.now += 20 * MINUTE
        waiting = asyncio.create_task(client.get("/orders"))
        await transport.begun.wait()
        keep.save(issued[1].refresh_token)
        assert (await waiting).status_code == 200
        # The second session's successor is stored, and nothing of the first.
        assert len(keep.tokens) == 3
        keep.save(None)
        with pytest.raises(RefreshError) as refused:
            await client.get("/orders")
        assert refused.value.code == "binding_login_needed"

    run(story)


@pytest.mark.parametrize(
    ("ahead", "life", "refreshes"),
    [
        (-20 * MINUTE, 900, 1),
        (14 * MINUTE, 900, 1),
        (15 * MINUTE, 900, 2),
        (24 * 60 * MINUTE, 900, 2),
        (0, 30, 1),
    ],
)
def test_a_program_whose_clock_is_wrong_or_whose_tokens_are_short_refreshes_once_for_a_request(
    ahead: int, life: int, refreshes: int
) -> None:
    async def story(service: Service) -> None:
        issued = await service.sessions.issue("ada", user_ver=0)
        keep = Keep(issued.refresh_token)
        client, transport = program(service, keep, clock=lambda: service.now + ahead)
        for _ in range(2):
            assert (await client.get("/orders")).status_code == 200
        assert transport.asked == refreshes

    run(story, life_seconds=life)


def test_a_program_that_does_not_forget_its_token_asks_for_it_a_few_times() -> None:
    saved: list[str | None] = []
    asked: list[str] = []

    def forgets(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return httpx.Response(401, headers={"cs-forget": "1"})

    auth = SessionAuth(f"{ORIGIN}/session/token", load=lambda: "secret", save=saved.append)
    client = httpx.Client(transport=httpx.MockTransport(forgets), auth=auth)
    with client, pytest.raises(RefreshError) as refused:
        client.get(f"{ORIGIN}/orders")
    assert refused.value.code == "binding_refresh_failed"
    assert (asked, saved) == (["/session/token"] * 3, [None] * 3)


def test_what_is_loaded_is_a_text() -> None:
    load: Any = lambda: b"secret"  # noqa: E731
    auth = SessionAuth(f"{ORIGIN}/session/token", load=load, save=Keep(None).save)
    client = httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(200)), auth=auth)
    with client, pytest.raises(ArgumentError) as refused:
        client.get(f"{ORIGIN}/orders")
    assert refused.value.code == "binding_argument_type"


def test_what_a_program_presents_changes_no_cookie_whoever_sent_it() -> None:
    async def story(service: Service) -> None:
        service.app.include_router(service.sessions.token_router)
        browser = await signed_in(service)
        ended = (await service.sessions.issue("ada", user_ver=0)).refresh_token
        paths = ("/session/token", "/session/token/end")
        assert (await browser.post(paths[1], json={"refresh_token": ended})).status_code == 204
        fields = {"content-type": "application/json", "sec-fetch-site": "cross-site"}
        for text in ("x", "\\ud800", "\\u0000", ended):
            for path in paths:
                answer = await browser.post(path, content=f'{{"refresh_token": "{text}"}}', headers=fields)
                assert (answer.status_code, answer.headers.get("cs-forget"), cookies(answer)) == (401, "1", {})
        assert (await browser.get("/me")).status_code == 200

    run(story)


def test_a_program_lists_and_ends_sessions_by_its_access_token() -> None:
    async def story(service: Service) -> None:
        browser = await signed_in(service)
        issued = await service.sessions.issue("ada", user_ver=0)
        bearing = {"authorization": f"Bearer {issued.access_token}"}
        transport = httpx.ASGITransport(service.app)
        async with httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers=bearing) as client:
            listed = await client.get("/sessions")
            assert listed.headers["cache-control"] == "private, no-store"
            others = [session["id"] for session in listed.json() if not session["is_this"]]
            assert (await client.delete(f"/sessions/{others[0]}")).status_code == 204
            assert (await client.delete("/sessions")).status_code == 204
            assert [session["is_this"] for session in (await client.get("/sessions")).json()] == [True]
        assert (await browser.post("/session/refresh")).status_code == 401

    run(story)


def test_event_loops_may_share_what_keeps_a_session() -> None:
    service = Service()
    issued = asyncio.run(service.sessions.issue("ada", user_ver=0))
    client, _ = program(service, Keep(issued.refresh_token))

    async def all_at_once() -> set[int]:
        answers = await asyncio.gather(*(client.get("/orders") for _ in range(5)))
        return {answer.status_code for answer in answers}

    for _ in range(3):
        service.now += 20 * MINUTE
        assert asyncio.run(all_at_once()) == {200}


def test_a_refresh_that_is_redirected_gives_its_token_to_nobody() -> None:
    reached: list[str] = []

    def elsewhere(request: httpx.Request) -> httpx.Response:
        reached.append(request.url.host)
        if request.url.host == "app.example":
            return httpx.Response(307, headers={"location": "https://evil.example/session/token"})
        tokens = {"access_token": "a", "expires": NOW, "refresh_token": "evil"}
        return httpx.Response(200, json=tokens)

    class Line(httpx.BaseTransport):
        """Reads a request as a socket would: once, as it is sent."""

        def handle_request(self, request: httpx.Request) -> httpx.Response:
            b"".join(request.stream)  # type: ignore[arg-type]
            return elsewhere(request)

    keep = Keep("secret")
    auth = SessionAuth(f"{ORIGIN}/session/token", load=keep.load, save=keep.save)
    with (
        httpx.Client(transport=Line(), auth=auth, follow_redirects=True) as client,
        pytest.raises(httpx.StreamConsumed),
    ):
        client.get(f"{ORIGIN}/orders")
    assert keep.tokens == ["secret"]


@pytest.mark.parametrize(
    "told",
    [
        {"access_token": "a", "expires": "x", "refresh_token": None},
        {"access_token": None, "expires": NOW, "refresh_token": None},
        {"access_token": "a\nb", "expires": NOW, "refresh_token": None},
        {"access_token": "a", "expires": True, "refresh_token": None},
        {"access_token": "a", "expires": NOW, "refresh_token": 5},
        [],
        None,
    ],
)
def test_an_answer_that_makes_no_sense_is_none(told: object) -> None:
    keep = Keep("secret")
    auth = SessionAuth(f"{ORIGIN}/session/token", load=keep.load, save=keep.save)
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=told))
    with httpx.Client(transport=transport, auth=auth) as client:
        for _ in range(2):
            with pytest.raises(RefreshError) as refused:
                client.get(f"{ORIGIN}/orders")
            assert refused.value.code == "binding_refresh_failed"
    assert keep.tokens == ["secret"]


@pytest.mark.parametrize(
    "options",
    [
        {"url": 5},
        {"url": "/session/token"},
        {"url": "https://a:b@app.example/"},
        {"authorities": "app.example"},
        {"device_secret": "abc"},
    ],
)
def test_what_keeps_a_session_is_set_up_with_what_it_needs(options: dict[str, Any]) -> None:
    keep = Keep("secret")
    given: dict[str, Any] = {"url": f"{ORIGIN}/session/token", "load": keep.load, "save": keep.save, **options}
    with pytest.raises(ArgumentError) as refused:
        SessionAuth(given.pop("url"), **given)
    assert refused.value.code == "binding_argument_type"


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "null", "{}", '{"device_secret": "hunter2"}', '{"refresh_token": 7}']
)
def test_what_is_no_request_for_tokens_is_told_nothing_of_what_it_sent(content: str) -> None:
    async def story(service: Service) -> None:
        service.app.include_router(service.sessions.token_router)
        fields = {"content-type": "application/json"}
        answer = await service.browser().post("/session/token", content=content, headers=fields)
        assert (answer.status_code, answer.json()["code"]) == (401, "invalid_grant")
        assert "hunter2" not in answer.text
        assert "cs-forget" not in answer.headers

    run(story)


@pytest.mark.parametrize("secret", ["", "00", "aa" * 1_025, "zz" * 16, "0a " * 16])
def test_what_is_no_token_and_no_secret_is_nobodys(secret: str) -> None:
    async def story(service: Service) -> None:
        service.app.include_router(service.sessions.token_router)
        issued = await service.sessions.issue("ada", user_ver=0, device_secret=SECRET)
        browser = service.browser()
        for path in ("/session/token", "/session/token/end"):
            asked = {"refresh_token": issued.refresh_token, "device_secret": secret}
            answer = await browser.post(path, json=asked)
            assert (answer.status_code, "cs-forget" in answer.headers) == (401, False)
            answer = await browser.post(
                path, content=b'{"refresh_token": "\\ud800"}', headers={"content-type": "application/json"}
            )
            assert answer.status_code == 401

    run(story)
