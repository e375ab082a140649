"""Signed requests for FastAPI: a security scheme, and answers that tell the peer no more than it may know.

::

    signed = SignedRequest(Verifier(Policy(["api.example"]), keys, SharedRing("/run/jobs/ring")))
    app = FastAPI()
    install(app)

    @app.post("/v1/jobs")
    async def create(caller: Annotated[Verified, Security(signed)]) -> ...:
        caller.key_id, caller.component("@path")

`install` makes routes verify before FastAPI reads and parses the body, so call it before the routes are declared; for
routers of your own say `APIRouter(route_class=SignedRoute)`. Elsewhere FastAPI has read and parsed a body by the time
the scheme runs, and every request with one is refused (`binding_body_consumed`). `counterseal.asgi` says what is
taken from the server, and protects whole applications.

What it does not protect: WebSocket routes, and whatever the handler takes from the request that was not covered.
"""

# Without postponed annotations: older releases of FastAPI cannot see through them in a callable object.

from collections.abc import Awaitable, Callable, Iterator

from fastapi import FastAPI, Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.openapi.models import APIKey, APIKeyIn
from fastapi.routing import APIRoute
from fastapi.security.base import SecurityBase
from starlette.requests import ClientDisconnect

from counterseal.asgi import Authenticator, Drive, LoadKey, answer, read_body
from counterseal.errors import ArgumentError, CountersealError
from counterseal.request import Verified, Verifier

__all__ = ["SignedRequest", "SignedRoute", "install", "problem"]


class SignedRequest(SecurityBase):
    """The security scheme: `Annotated[Verified, Security(SignedRequest(verifier))]`.

    The options are those of `counterseal.asgi.Authenticator`.
    """

    def __init__(
        self,
        verifier: Verifier,
        *,
        drive: Drive | None = None,
        load_key: LoadKey | None = None,
        on_event: Callable[[str], None] | None = None,
        clock: Callable[[], int] | None = None,
        stripped_prefix: str = "",
        scheme_name: str = "Counterseal",
    ) -> None:
        self.model = APIKey.model_validate(_SCHEME)
        self.scheme_name = scheme_name
        self._authenticator = Authenticator(
            verifier, drive=drive, load_key=load_key, on_event=on_event, clock=clock, stripped_prefix=stripped_prefix
        )

    async def __call__(self, request: Request) -> Verified:
        """The proof for this request; it is verified once, however often it is asked for."""
        proofs: dict[SignedRequest, Verified] = request.scope.setdefault("counterseal.proofs", {})
        if self not in proofs:
            body = await _body(request, self._authenticator.body_limit)
            proofs[self] = await self._authenticator.authenticate(request.scope, body)
        return proofs[self]

    async def follow_keys(self, *, every_seconds: float = 10.0) -> None:
        """Loads all known keys again and again, for as long as it runs: start it in the application's lifespan."""
        await self._authenticator.follow_keys(every_seconds=every_seconds)


class SignedRoute(APIRoute):
    """A route that verifies its `SignedRequest` schemes before the body is parsed."""

    def get_route_handler(self) -> Callable[[Request], Awaitable[Response]]:  # type: ignore[override]
        handle = super().get_route_handler()

        async def verified_first(request: Request) -> Response:
            request.scope[_FIRST] = True
            for scheme in self._schemes(request):
                await scheme(request)
            return await handle(request)

        return verified_first

    def _schemes(self, request: Request) -> list[SignedRequest]:
        """The schemes that this request has to satisfy; those that a test overrides are left to FastAPI."""
        # A router that was included has more dependencies than the route itself.
        effective = request.scope.get("fastapi", {}).get("effective_route_context")
        dependant = getattr(effective, "dependant", None) or self.dependant
        overridden = getattr(request.app, "dependency_overrides", {})
        return [scheme for scheme in _schemes(dependant) if scheme not in overridden]


def install(app: FastAPI) -> None:
    """Answers refusals as problem+json, and makes the routes declared from now on verify first."""
    app.router.route_class = SignedRoute
    app.add_exception_handler(CountersealError, problem)


async def problem(_: Request, refused: Exception) -> Response:
    """The answer to a refusal (RFC 9457), as an exception handler."""
    assert isinstance(refused, CountersealError)  # noqa: S101 - registered for this class only
    status, fields, content = answer(refused)
    return Response(content, status, fields)


async def _body(request: Request, limit: int) -> bytes:
    """The raw body, kept for whoever reads it next."""
    if hasattr(request, "_body") and _FIRST not in request.scope:
        # A route of another class read all of it, whatever its size, and parsed it before it was verified.
        raise ArgumentError("binding_body_consumed")
    if not hasattr(request, "_body"):
        if request._stream_consumed:
            raise ArgumentError("binding_body_consumed")
        body = await read_body(request.receive, limit)
        if body is None:
            raise ClientDisconnect
        request._body = body
        request._stream_consumed = True
    return request._body


def _schemes(dependant: Dependant) -> Iterator[SignedRequest]:
    """The schemes that a route depends on, also through others."""
    for inner in dependant.dependencies:
        if isinstance(inner.call, SignedRequest):
            yield inner.call
        yield from _schemes(inner)


_FIRST = "counterseal.first"
_SCHEME = {
    "type": "apiKey",
    "in": APIKeyIn.header,
    "name": "Signature",
    "description": "RFC 9421 with hmac-sha256 and tag counterseal/1; see also Signature-Input and Content-Digest",
}
