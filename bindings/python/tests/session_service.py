"""A service with sessions: those of browsers, and those of programs."""
# Without postponed annotations: FastAPI cannot see names that are local to a function.

import asyncio
import json
from collections.abc import Callable
from typing import Annotated, Any

import httpx
from fastapi import Depends, FastAPI, Request, Response

from counterseal.fastapi import install
from counterseal.jwt import TokenMinter, TokenVerifier, VerifiedToken
from counterseal.refresh import Refresher
from counterseal.sessions import Sessions
from counterseal.stores import Memory
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
