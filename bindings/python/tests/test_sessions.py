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
        before = dict(browser.cookies)
        lost = await browser.post("/session/refresh")
        browser.cookies.clear()
        browser.cookies.update(before)
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
        self.is_away = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Hands a request on."""
        if request.url.path == "/session/token":
            self.asked += 1
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
