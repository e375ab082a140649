"""Sessions of browsers behind FastAPI."""
# Without postponed annotations: FastAPI cannot see names that are local to a test.

import asyncio
import json
from collections.abc import Callable
from typing import Annotated, Any

import httpx
import pytest
from fastapi import Depends, FastAPI, Request, Response

from counterseal.errors import ArgumentError, RefreshError
from counterseal.fastapi import AccessToken, install
from counterseal.httpx import SessionAuth
from counterseal.jwt import Standing, TokenMinter, TokenVerifier, VerifiedToken
from counterseal.refresh import Refresher
from counterseal.sessions import ACCESS, REFRESH, Sessions
from counterseal.stores import Memory, Sqlite
from support import NOW, SECRET, token_policy, token_signer

ORIGIN = "https://app.example"
SAME = {"sec-fetch-site": "same-origin"}
MINUTE = 60_000


class Service:
    """An application with sessions, and its clock."""

    def __init__(self, **options: Any) -> None:
        self.now = NOW
        self.events: list[str] = []
        self.store = options.pop("store", None) or Memory(now=NOW)
        refresher = Refresher(confirmation="wired", within_seconds=86_400, window_seconds=20, signing=(1, SECRET))
        signer = token_signer()
        self.verifier = TokenVerifier(token_policy(), [signer.key])
        self.sessions = Sessions(
            refresher,
            TokenMinter(signer, token_policy()),
            self.verifier,
            client="web",
            tenant="login",
            store=self.store,
            origin=ORIGIN,
            clock=lambda: self.now,
            on_event=lambda event: self.events.append(json.loads(event)["event"]),
            **options,
        )
        self.app = FastAPI()
        install(self.app)
        self.app.include_router(self.sessions.router)
        sessions = self.sessions

        @self.app.post("/login", status_code=204)
        async def login(request: Request, response: Response) -> None:
            device = request.headers.get("user-agent")
            await sessions.begin(request, response, "ada", user_ver=0, device=device, access="orders:read")

        @self.app.get("/me")
        async def me(who: Annotated[VerifiedToken, Depends(sessions)]) -> dict[str, Any]:
            return {"subject": who.subject, "generation": who.generation, "scope": who.claims["scope"]}

    def browser(self, device: str = "Firefox") -> httpx.AsyncClient:
        """A browser that keeps cookies."""
        transport = httpx.ASGITransport(self.app)
        return httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers={**SAME, "user-agent": device})


def run(story: Callable[[Service], Any], **options: Any) -> Service:
    """A story of one service."""
    service = Service(**options)
    asyncio.run(story(service))
    return service


async def signed_in(service: Service, device: str = "Firefox") -> httpx.AsyncClient:
    """A browser whose holder has logged in."""
    browser = service.browser(device)
    assert (await browser.post("/login")).status_code == 204
    return browser


def cookies(answer: httpx.Response) -> dict[str, str]:
    """The fields that set cookies, by the cookie's name."""
    fields = answer.headers.get_list("set-cookie")
    return {field.split("=", 1)[0]: field.split("=", 1)[1] for field in fields}


def test_a_browser_stays_signed_in(tmp_path: Any) -> None:
    async def story(service: Service) -> None:
        browser = await signed_in(service)
        assert (await browser.get("/me")).json() == {"subject": "ada", "generation": 0, "scope": "orders:read"}
        for turn in range(1, 4):
            service.now += 20 * MINUTE
            assert (await browser.get("/me")).status_code == 401
            assert (await browser.post("/session/refresh")).status_code == 204
            assert (await browser.get("/me")).json()["generation"] == turn

    for store in (Memory(now=NOW), Sqlite(tmp_path / "db", now=NOW)):
        service = run(story, store=store)
        assert service.events.count("refresh_rotated") == 3


def test_cookies_are_of_the_host_alone_and_of_no_script() -> None:
    async def story(service: Service) -> None:
        answer = await service.browser().post("/login")
        assert answer.headers["cache-control"] == "private, no-store"
        for name in (REFRESH, ACCESS):
            parts = [part.strip().lower() for part in cookies(answer)[name].split(";")[1:]]
            assert {"httponly", "secure", "samesite=lax", "path=/"} < set(parts)
            assert not any(part.startswith("domain") for part in parts)

    run(story)


def test_r01_tabs_that_refresh_at_once_stay_signed_in_together() -> None:
    async def story(service: Service) -> None:
        browser = await signed_in(service)
        service.now += 20 * MINUTE
        answers = await asyncio.gather(*(browser.post("/session/refresh") for _ in range(15)))
        assert {answer.status_code for answer in answers} == {204}
        given = {cookies(answer)[REFRESH].split(";")[0] for answer in answers if REFRESH in cookies(answer)}
        assert len(given) == 1
        assert (await browser.get("/me")).status_code == 200

    run(story)


def test_r02_a_stolen_cookie_ends_the_session_and_clears_the_cookies() -> None:
    async def story(service: Service) -> None:
        browser = await signed_in(service)
        thief = service.browser("curl")
        thief.cookies.update(browser.cookies)
        service.now += 20 * MINUTE
        assert (await browser.post("/session/refresh")).status_code == 204
        assert (await browser.get("/me")).status_code == 200
        service.now += MINUTE
        stolen = await thief.post("/session/refresh")
        assert (stolen.status_code, stolen.headers["content-type"]) == (401, "application/problem+json")
        assert all("max-age=0" in cookies(stolen)[name].lower() for name in (REFRESH, ACCESS))
        assert (await browser.post("/session/refresh")).status_code == 401
        assert not browser.cookies

    service = run(story)
    assert service.events[-2:] == ["refresh_replayed", "refresh_ended"]


def test_r07_an_answer_that_was_lost_comes_again_hours_later() -> None:
    async def story(service: Service) -> None:
        browser = await signed_in(service)
        service.now += 20 * MINUTE
        before = list(browser.cookies.jar)
        lost = await browser.post("/session/refresh")
        browser.cookies.clear()
        for cookie in before:
            browser.cookies.jar.set_cookie(cookie)
        service.now += 300 * MINUTE
        again = await browser.post("/session/refresh")
        assert cookies(again)[REFRESH].split(";")[0] == cookies(lost)[REFRESH].split(";")[0]
        assert (await browser.get("/me")).status_code == 200

    run(story)


def test_a_refusal_that_is_no_end_keeps_the_cookies() -> None:
    async def story(service: Service) -> None:
        browser = await signed_in(service)
        service.now -= 60 * MINUTE
        refused = await browser.post("/session/refresh")
        assert refused.status_code >= 400
        assert not cookies(refused)

    assert "refresh_clock" in run(story).events


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"sec-fetch-site": "same-origin"}, 204),
        ({"sec-fetch-site": "same-origin", "origin": "https://evil.example"}, 204),
        ({"sec-fetch-site": "same-site", "origin": ORIGIN}, 403),
        ({"sec-fetch-site": "cross-site", "origin": ORIGIN}, 403),
        ({"sec-fetch-site": "none"}, 403),
        ({"origin": ORIGIN}, 204),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({}, 403),
    ],
)
@pytest.mark.parametrize("path", ["/login", "/session/refresh", "/session/end"])
def test_what_another_site_makes_a_browser_send_changes_nothing(path: str, fields: dict[str, str], status: int) -> None:
    async def story(service: Service) -> None:
        browser = await signed_in(service)
        del browser.headers["sec-fetch-site"]
        answer = await browser.post(path, headers=fields)
        assert answer.status_code == status
        if status == 403:
            assert answer.json()["code"] == "cross_site"
            assert not cookies(answer)

    run(story)


def test_a_route_with_the_dependency_takes_no_change_from_another_site() -> None:
    async def story(service: Service) -> None:
        @service.app.post("/orders", status_code=204)
        async def order(_: Annotated[VerifiedToken, Depends(service.sessions)]) -> None:
            return

        browser = await signed_in(service)
        assert (await browser.post("/orders")).status_code == 204
        for site in ("same-site", "cross-site", "none"):
            answer = await browser.post("/orders", headers={"sec-fetch-site": site})
            assert (answer.status_code, answer.json()["code"]) == (403, "cross_site")

    run(story)


def test_what_a_proxy_has_refreshed_confirms_nothing() -> None:
    async def story(service: Service) -> None:
        browser = await signed_in(service)
        service.now += 20 * MINUTE
        before = list(browser.cookies.jar)
        await browser.post("/session/refresh")
        # The proxy forwards the new cookies, and its answer is lost.
        forwarded = {"cs-rotated": "1"}
        assert (await browser.get("/me", headers=forwarded)).status_code == 200
        service.now += MINUTE
        answer = await browser.post("/session/refresh", headers=forwarded)
        assert (answer.status_code, cookies(answer)) == (204, {})
        browser.cookies.clear()
        for cookie in before:
            browser.cookies.jar.set_cookie(cookie)
        service.now += 60 * MINUTE
        assert (await browser.post("/session/refresh")).status_code == 204

    assert "refresh_replayed" not in run(story).events


@pytest.mark.parametrize("mark", ["\xa0", "\x85", "\x1f", "__host-", "__Host-cs_at"])
def test_a_cookie_of_nearly_our_name_is_none_of_ours(mark: str) -> None:
    async def story(service: Service) -> None:
        victim, eve = await signed_in(service), await signed_in(service, "eve")
        tokens = [dict(browser.cookies)[ACCESS] for browser in (victim, eve)]
        for line in (f"{ACCESS}={tokens[0]}; {mark}{ACCESS}={tokens[1]}", f"{mark}{ACCESS}={tokens[1]}"):
            async with service.browser() as other:
                answer = await other.get("/me", headers=[(b"cookie", line.encode("latin-1"))])
            expected = (200, 0) if line.startswith(ACCESS + "=" + tokens[0]) else (401, None)
            assert (answer.status_code, answer.json().get("generation")) == expected

    run(story)


def test_of_a_cookie_that_comes_with_two_values_none_is_taken_and_nothing_is_cleared() -> None:
    async def story(service: Service) -> None:
        browser = await signed_in(service)
        line = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
        async with service.browser() as other:
            for path in ("/session/refresh", "/session/end"):
                answer = await other.post(path, headers={"cookie": f"{REFRESH}=junk; {line}"})
                assert (answer.status_code, cookies(answer)) == (401, {})
        assert (await browser.post("/session/refresh")).status_code == 204

    run(story)


def test_sessions_are_listed_and_ended_by_their_holder() -> None:
    async def story(service: Service) -> None:
        laptop, phone = await signed_in(service, "laptop"), await signed_in(service, "phone")
        listed = (await laptop.get("/sessions")).json()
        assert {(session["device"], session["is_this"]) for session in listed} == {("laptop", True), ("phone", False)}
        other = next(session["id"] for session in listed if session["device"] == "phone")
        assert (await laptop.delete(f"/sessions/{'A' * 22}")).status_code == 404
        assert (await laptop.delete(f"/sessions/{other}")).status_code == 204
        assert (await phone.post("/session/refresh")).status_code == 401
        tablet = await signed_in(service, "tablet")
        assert (await laptop.delete("/sessions")).status_code == 204
        assert (await tablet.post("/session/refresh")).status_code == 401
        assert [session["device"] for session in (await laptop.get("/sessions")).json()] == ["laptop"]

    run(story)


def test_who_logs_out_is_out_and_has_no_cookies() -> None:
    async def story(service: Service) -> None:
        browser = await signed_in(service)
        kept = dict(browser.cookies)
        service.now += 60 * MINUTE
        assert (await browser.post("/session/end")).status_code == 204
        assert not browser.cookies
        browser.cookies.update(kept)
        assert (await browser.post("/session/refresh")).status_code == 401

    run(story)


def test_who_has_no_cookie_is_told_to_log_in() -> None:
    async def story(service: Service) -> None:
        stranger = service.browser()
        for answer in (await stranger.get("/me"), await stranger.post("/session/refresh")):
            assert (answer.status_code, answer.json()["code"]) == (401, "login_required")
            assert answer.headers["www-authenticate"] == "Bearer"

    run(story)


def test_a_store_must_be_given() -> None:
    with pytest.raises(ArgumentError) as refused:
        Sessions(None, None, None, client="web", tenant="login")  # type: ignore[arg-type]
    assert refused.value.code == "binding_store_missing"


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

    auth = SessionAuth(f"{ORIGIN}/session/token", load=keep.load, save=keep.save, clock=lambda: service.now, **options)
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
