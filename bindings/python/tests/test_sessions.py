"""Sessions of browsers behind FastAPI."""
# Without postponed annotations: FastAPI cannot see names that are local to a test.

import asyncio
from typing import Annotated, Any

import pytest
from fastapi import Depends

from counterseal.errors import ArgumentError
from counterseal.jwt import VerifiedToken
from counterseal.sessions import ACCESS, REFRESH, Sessions
from counterseal.stores import Memory, Sqlite
from session_service import MINUTE, ORIGIN, Service, cookies, run, signed_in
from support import NOW


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
        answer = await browser.post("/session/end")
        assert (answer.status_code, answer.headers["cache-control"]) == (204, "private, no-store")
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
