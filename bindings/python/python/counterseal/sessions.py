"""Sessions of browsers for FastAPI: two cookies, the routes that keep them, and whoever is signed in.

::

    sessions = Sessions(refresher, minter, verifier, client="web", tenant="login", store=store)
    app = FastAPI()
    install(app)
    app.include_router(sessions.router)

    @app.post("/login", status_code=204)
    async def login(form: Login, request: Request, response: Response) -> None:
        user = await authenticated(form)            # yours
        await sessions.begin(request, response, user.id, user_ver=user.version, device=form.device)

    @app.get("/orders")
    async def orders(who: Annotated[VerifiedToken, Depends(sessions)]) -> ...:
        who.subject, who.session

The routes, each for the browser that has the cookies:

* `POST /session/refresh` sets both cookies anew. Tabs may call it at once, 33 in a window unless the refresher has
  other `retries`; all get the same.
* `POST /session/end` logs out.
* `GET /sessions` lists the sessions of the subject; `DELETE /sessions/{id}` ends one of them, `DELETE /sessions` all
  others.

Both cookies are `__Host-`, `HttpOnly`, `Secure` and `SameSite=Lax`. A request by cookie whose method may change
something, to these routes or to one with this dependency, must come from the service's own origin: the browser says so
(`Sec-Fetch-Site`), or its `Origin` is `origin`. A refusal clears the cookies only where
the session is over: a request that lost a race would take away what the winner was given.

Clients that are no browsers keep their tokens themselves: `issue` begins a session for one, and `token_router` has the
routes `POST /session/token` and `POST /session/token/end`, which touch no cookie: a refusal after which the client
forgets its token says `cs-forget: 1`. `counterseal.httpx.SessionAuth` is such a client. By a bearer token the sessions
of a subject are listed and ended, too.

The dependency confirms that the browser has stored a token when the access token of that generation comes back in its
cookie, or as the bearer token of a program, once for each generation, so the refresher is `confirmation="wired"`. A
proxy that has refreshed on the way says so by `cs-rotated` (`createSessionProxy` of the Node package does); such a
request confirms nothing. `drive` runs decisions on a database of
your own; without it they run in a `store` of ours.

With a `feed`, access tokens of sessions that have ended are refused: at once where they ended in this process, as soon
as the feed is read where they ended elsewhere. Without one they are good until they end, as are those of a subject
whose version was raised or who was disabled, unless `Standing` is asked.

What it does not protect: pages that let others' scripts run. They can act as the holder while they run, and read no
cookie.
"""

import logging
import re
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, Field

from counterseal._session_watch import Drive, SessionWatch, driven
from counterseal.errors import ArgumentError, CountersealError, RefreshError
from counterseal.fastapi import problem
from counterseal.jwt import Minted, TokenMinter, TokenVerifier, VerifiedToken, bearer
from counterseal.refresh import Refreshed, Refresher, Session, SessionFeed
from counterseal.stores import Memory, Sqlite, Waiting
from counterseal.types import Buffer

__all__ = ["SessionInfo", "SessionTokens", "Sessions", "TokenRequest"]

Outcome = TypeVar("Outcome")

REFRESH = "__Host-cs_rt"
"""The cookie of the refresh token."""
ACCESS = "__Host-cs_at"
"""The cookie of the access token."""

audit = logging.getLogger("counterseal.audit")

_CONFIRMED = 4_096
"""How many generations are remembered as confirmed; who is forgotten is confirmed once more."""


class SessionInfo(BaseModel):
    """A session, as its holder sees it. Times are milliseconds since 1970."""

    id: str
    device: str
    client: str
    began: int
    used: int
    ends: int
    is_this: bool


class SessionTokens(BaseModel):
    """What a client gets that is no browser. It stores the refresh token, if there is one, before it uses the other."""

    access_token: str = Field(repr=False)
    expires: int
    refresh_token: str | None = Field(repr=False)
    session: str


class TokenRequest(BaseModel):
    """What such a client presents; the secret of its device in hexadecimal."""

    refresh_token: str = Field(repr=False)
    device_secret: str | None = Field(default=None, repr=False)


class Sessions:
    """Cookies, routes and the dependency of sessions.

    `minter` and `verifier` are for access tokens of `life_seconds`. `claims` gives further claims of an access token,
    for a session: by default what the session grants, as `scope`. `origin` is the service's own, such as
    `https://app.example`, for browsers that say nothing about the site of a request.
    """

    def __init__(
        self,
        refresher: Refresher,
        minter: TokenMinter,
        verifier: TokenVerifier,
        *,
        client: str,
        tenant: str,
        life_seconds: int = 900,
        claims: Callable[[Session], dict[str, Any]] | None = None,
        origin: str | None = None,
        drive: Drive | None = None,
        store: Memory | Sqlite | None = None,
        feed: SessionFeed | None = None,
        on_event: Callable[[str], None] | None = None,
        clock: Callable[[], int] | None = None,
    ) -> None:
        if drive is None and store is None:
            raise ArgumentError("binding_store_missing")
        self._refresher = refresher
        self._minter = minter
        self._verifier = verifier
        self._client = client
        self._tenant = tenant
        self._life = life_seconds
        self._claims = claims or _scope
        self._origin = origin
        self._drive = drive
        self._store = store
        self._on_event = on_event or audit.info
        self._watch = feed and SessionWatch(feed, drive=drive, store=store, clock=clock, on_event=self._on_event)
        self._clock = clock
        self._confirmed: OrderedDict[tuple[str, int], None] = OrderedDict()
        self.router = self._routes()
        self.token_router = self._token_routes()

    async def __call__(self, request: Request) -> VerifiedToken:
        """Who is signed in, by the access token in the browser's own cookie, or by a program's bearer token."""
        token = _cookie(request, ACCESS)
        try:
            if token is not None:
                if request.method not in _SAFE:
                    self._same_site(request)
            elif "authorization" in request.headers:
                token = bearer(request.scope["headers"], now=self._now())
            else:
                raise RefreshError("binding_session_missing", headers=_BEARER)
            verified = self._verifier.verify(token, now=self._now())
            if self._watch is not None:
                await self._watch.check(verified.session)
        except CountersealError as refused:
            self._tell(refused)
            raise
        if _ROTATED not in request.headers:
            await self._confirm(verified)
        return verified

    async def begin(
        self,
        request: Request,
        response: Response,
        subject: str,
        *,
        user_ver: int,
        device: str | None = None,
        access: str | None = None,
    ) -> Session:
        """Begins a session and sets its cookies, after its holder was authenticated."""
        self._same_site(request)
        return self._give(response, await self._begun(subject, user_ver, device, access))

    async def issue(
        self,
        subject: str,
        *,
        user_ver: int,
        device: str | None = None,
        access: str | None = None,
        device_secret: Buffer | None = None,
    ) -> SessionTokens:
        """Begins a session for a client that is no browser, after its holder was authenticated."""
        return self._tokens(await self._begun(subject, user_ver, device, access, device_secret))

    async def _begun(
        self,
        subject: str,
        user_ver: int,
        device: str | None,
        access: str | None,
        device_secret: Buffer | None = None,
    ) -> Refreshed:
        waiting = self._refresher.begin_session(
            self._tenant,
            subject,
            client=self._client,
            user_ver=user_ver,
            device=device,
            access=access,
            device_secret=device_secret,
            now=self._now(),
        )
        return await self._run(waiting)

    async def _token(self, asked: TokenRequest, response: Response) -> SessionTokens:
        waiting = self._refresher.refresh(
            _presented(asked), client=self._client, device_secret=_secret(asked), now=self._now()
        )
        response.headers["cache-control"] = "no-store"
        return self._tokens(await self._refreshed(waiting))

    async def _end_token(self, asked: TokenRequest) -> None:
        await self._logged_out(_presented(asked), _secret(asked))

    def _tokens(self, refreshed: Refreshed) -> SessionTokens:
        minted = self._minted(refreshed)
        return SessionTokens(
            access_token=minted.token,
            expires=minted.expires,
            refresh_token=refreshed.token,
            session=refreshed.session.id,
        )

    async def _refresh(self, request: Request, response: Response) -> None:
        self._same_site(request)
        if _ROTATED in request.headers:
            # A proxy has refreshed on the way: the browser gets its cookies, and did not have this one.
            return
        now = self._now()
        waiting = self._refresher.refresh(_token(request), client=self._client, now=now)
        self._give(response, await self._refreshed(waiting))

    async def _end(self, request: Request, response: Response) -> None:
        self._same_site(request)
        await self._logged_out(_token(request))
        _clear(response)

    async def _list(self, request: Request, response: Response) -> list[SessionInfo]:
        who = await self(request)
        response.headers["cache-control"] = "private, no-store"
        found = await self._run(self._refresher.sessions(self._tenant, who.subject, now=self._now()))
        return [_info(session, who) for session in found]

    async def _end_one(self, session_id: str, request: Request) -> None:
        who, now = await self(request), self._now()
        found = await self._run(self._refresher.sessions(self._tenant, who.subject, now=now))
        if session_id not in {session.id for session in found}:
            # Somebody else's is as good as none.
            raise RefreshError("refresh_session_unknown")
        await self._ending(self._refresher.revoke(session_id, now=now))

    async def _end_others(self, request: Request) -> None:
        who, now = await self(request), self._now()
        await self._ending(self._refresher.revoke_all(self._tenant, who.subject, but=who.session, now=now))

    def _routes(self) -> APIRouter:
        router = APIRouter(route_class=_route(self._tell, cookies=True), tags=["sessions"])
        router.add_api_route("/session/refresh", self._refresh, methods=["POST"], status_code=204)
        router.add_api_route("/session/end", self._end, methods=["POST"], status_code=204)
        router.add_api_route("/sessions", self._list, methods=["GET"])
        router.add_api_route("/sessions", self._end_others, methods=["DELETE"], status_code=204)
        router.add_api_route("/sessions/{session_id}", self._end_one, methods=["DELETE"], status_code=204)
        return router

    def _token_routes(self) -> APIRouter:
        router = APIRouter(route_class=_route(self._tell, cookies=False), tags=["sessions"])
        router.add_api_route("/session/token", self._token, methods=["POST"])
        router.add_api_route("/session/token/end", self._end_token, methods=["POST"], status_code=204)
        return router

    def _minted(self, refreshed: Refreshed) -> Minted:
        """The access token that goes with an answer."""
        session = refreshed.session
        self._on_event(refreshed.event)
        return self._minter.mint(
            session.subject,
            life_seconds=self._life,
            until=session.absolute_end,
            user_ver=session.user_ver,
            session=session.id,
            generation=session.generation,
            claims=self._claims(session),
            now=self._now(),
        )

    def _give(self, response: Response, refreshed: Refreshed) -> Session:
        """Sets the cookies. The refresh token is set where there is a new one, before the access token."""
        session, minted = refreshed.session, self._minted(refreshed)
        if refreshed.token is not None:
            _set(response, REFRESH, refreshed.token, session.idle_end - session.used)
        _set(response, ACCESS, minted.token, self._life * 1_000)
        response.headers["cache-control"] = "private, no-store"
        return session

    async def _confirm(self, verified: VerifiedToken) -> None:
        """Confirms that the browser has stored this generation; what fails is tried again with the next request."""
        if verified.session is None or verified.generation is None:
            return
        known = (verified.session, verified.generation)
        if known in self._confirmed:
            return
        try:
            await self._run(self._refresher.confirm(*known, now=self._now()))
        except CountersealError as refused:
            # It only decides what becomes of a refresh token; the access token is genuine.
            self._tell(refused)
            return
        self._confirmed[known] = None
        while len(self._confirmed) > _CONFIRMED:
            self._confirmed.popitem(last=False)

    def _same_site(self, request: Request) -> None:
        """Refuses what another site made the browser send."""
        site = request.headers.get("sec-fetch-site")
        origin = request.headers.get("origin")
        if site == "same-origin" or (site is None and self._origin is not None and origin == self._origin):
            return
        raise RefreshError("binding_cross_site")

    async def _refreshed(self, waiting: Waiting[Refreshed]) -> Refreshed:
        try:
            return await self._run(waiting)
        except RefreshError as refused:
            if refused.code in _ENDS:
                self.forget()
            raise

    async def _logged_out(self, token: str, device_secret: bytes | None = None) -> None:
        """Whose session it is is for the refresh token to say: the access token may be over."""
        by, client, now = self._refresher, self._client, self._now()
        try:
            minted = await self._run(by.mint(token, client=client, device_secret=device_secret, now=now))
        except RefreshError as refused:
            if refused.code == "refresh_superseded":
                # Somebody has a later token. Who refreshes with this one is told so, and the session ends.
                await self._refreshed(by.refresh(token, client=client, device_secret=device_secret, now=now))
            raise
        await self._ending(by.log_out(minted.session.id, now=now))

    async def _ending(self, waiting: Waiting[Any]) -> None:
        """Runs a decision that ends sessions; where its answer is lost, it may have."""
        ended = None
        try:
            ended = await self._run(waiting)
        finally:
            if ended != 0:
                self.forget()

    def forget(self) -> None:
        """Sessions were ended in this process by other means: with a `feed`, their access tokens are over here once the
        store answers."""
        if self._watch is not None:
            self._watch.forget()

    async def _run(self, waiting: Waiting[Outcome]) -> Outcome:
        return await driven(waiting, self._drive, self._store)

    def _tell(self, refused: CountersealError) -> None:
        if refused.event is not None:
            self._on_event(refused.event)

    def _now(self) -> int | None:
        return self._clock() if self._clock else None


def _route(tell: Callable[[CountersealError], None], *, cookies: bool) -> type[APIRoute]:
    """Routes whose refusals clear the `cookies` where they say so. What a program presents says nothing of a browser,
    and any site may send it by one."""

    class Route(APIRoute):
        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            handle = super().get_route_handler()

            async def handled(request: Request) -> Response:
                try:
                    return await handle(request)
                except RequestValidationError:
                    # FastAPI would answer with what was sent: tokens and secrets.
                    return await problem(request, RefreshError("refresh_malformed", headers=_BEARER))
                except CountersealError as refused:
                    tell(refused)
                    response = await problem(request, refused)
                    if refused.clears_cookies:
                        if cookies:
                            _clear(response)
                        # For whoever has no cookies.
                        response.headers["cs-forget"] = "1"
                    return response

            return handled

    return Route


def _presented(asked: TokenRequest) -> str:
    """The token; a text that no bytes stand for is none."""
    return asked.refresh_token if asked.refresh_token.isascii() else ""


def _secret(asked: TokenRequest) -> bytes | None:
    """The secret of a device; what is no hexadecimal of 16 bytes or more is nobody's."""
    told = asked.device_secret
    return bytes.fromhex(told) if told is not None and _HEXADECIMAL.fullmatch(told) else None


def _cookie(request: Request, name: str) -> str | None:
    """The value of a cookie. Of a name that comes with two values, one is somebody else's, so there is none."""
    found = set()
    for line in request.headers.getlist("cookie"):
        for part in line.split(";"):
            # Nothing but blanks is taken off: `__Host-` is a promise of browsers about these very letters.
            key, mark, value = part.strip(" \t").partition("=")
            if mark and key == name:
                found.add(value)
    return found.pop() if len(found) == 1 else None


def _token(request: Request) -> str:
    """The refresh token in the browser's own cookie."""
    token = _cookie(request, REFRESH)
    if token is None:
        raise RefreshError("binding_session_missing", headers=_BEARER)
    return token


def _info(session: Session, who: VerifiedToken) -> SessionInfo:
    return SessionInfo(
        id=session.id,
        device=session.device,
        client=session.client,
        began=session.began,
        used=session.used,
        ends=min(session.idle_end, session.absolute_end),
        is_this=session.id == who.session,
    )


def _scope(session: Session) -> dict[str, Any]:
    return {"scope": session.access} if session.access else {}


def _set(response: Response, name: str, value: str, millis: int) -> None:
    response.set_cookie(name, value, max_age=millis // 1_000, path="/", secure=True, httponly=True, samesite="lax")


def _clear(response: Response) -> None:
    response.headers["cache-control"] = "private, no-store"
    for name in (REFRESH, ACCESS):
        response.delete_cookie(name, path="/", secure=True, httponly=True, samesite="lax")


_BEARER = (("www-authenticate", "Bearer"),)
_ENDS = ("refresh_replayed", "refresh_unconfirmed")
"""With these, refreshing ends the session."""
_SAFE = ("GET", "HEAD", "OPTIONS")
_ROTATED = "cs-rotated"
"""A proxy's own field: the cookies of this request are newer than the browser's."""
_HEXADECIMAL = re.compile(r"(?:[0-9a-fA-F]{2}){16,1024}")
