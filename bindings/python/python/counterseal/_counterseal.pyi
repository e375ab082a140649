"""The native half. Its names are public in `counterseal.jwt`, `counterseal.limit`, `counterseal.refresh`,
`counterseal.request`, `counterseal.replay` and `counterseal.stores`."""

from collections.abc import Mapping, Sequence
from os import PathLike
from types import GenericAlias
from typing import Any, Generic, Literal, NoReturn, TypeVar, final

from counterseal.errors import TokenError
from counterseal.types import (
    Buffer,
    Cell,
    CellGauge,
    Dialect,
    Explained,
    Fields,
    Gauge,
    NumberedSecret,
    Raw,
    RingKey,
    Room,
    Statement,
)

_Verdict = TypeVar("_Verdict", covariant=True)

__all__ = [
    "Admitted",
    "AdmittedJob",
    "Authorized",
    "Cells",
    "ClaimRule",
    "Content",
    "EndedSessions",
    "ForeignPolicy",
    "GithubRule",
    "Key",
    "KeyFetcher",
    "KeyVault",
    "Limit",
    "LiveToken",
    "Memory",
    "Minted",
    "OidcPolicy",
    "Policy",
    "Profile",
    "PublishedKeys",
    "Received",
    "Receiver",
    "Refreshed",
    "Refresher",
    "Requirement",
    "Ring",
    "Sender",
    "Sent",
    "Session",
    "SessionFeed",
    "SharedCells",
    "SharedRing",
    "Signer",
    "Sqlite",
    "Standing",
    "TokenKey",
    "TokenKeys",
    "TokenMinter",
    "TokenPolicy",
    "TokenRing",
    "TokenSigner",
    "TokenVerifier",
    "Verified",
    "VerifiedResponse",
    "VerifiedToken",
    "Verifier",
    "Waiting",
    "__version__",
    "bearer",
    "claims_unfit",
    "client_address",
    "end_key",
    "inspect",
    "inspect_refresh_token",
    "message_id",
    "migrations",
    "revoke_key",
    "sweeping",
    "sweeping_cells",
]

__version__: str

@final
class Key:
    """A signing key. Its secret does not come out again: no text, no pickle, no copy."""

    def __new__(
        cls,
        id: str,
        secret: Buffer,
        *,
        since: int | None = None,
        until: int | None = None,
        scope: str | None = None,
        revoked: bool | None = None,
    ) -> Key:
        """`secret` is 32 random bytes or more. It signs from `since` until just before `until` (milliseconds)."""

    @property
    def id(self) -> str: ...
    @property
    def since(self) -> int: ...
    @property
    def until(self) -> int | None:
        """The first instant at which it is over, in milliseconds; None for a key without an end."""

    @property
    def scope(self) -> str: ...
    @property
    def revoked(self) -> bool: ...
    def __reduce__(self) -> NoReturn:
        """Always raises `binding_secret_copied`."""

@final
class ForeignPolicy:
    """What a verifier accepts of other signers of HTTP Message Signatures, in the place of a `Policy`."""

    def __new__(
        cls,
        authorities: list[str] | tuple[str, ...] | None = None,
        *,
        tag: str | None = None,
        require: list[str] | tuple[str, ...] | None = None,
        require_nonce: bool | None = None,
        require_digest: bool | None = None,
        past_seconds: int | None = None,
        future_seconds: int | None = None,
        retain_seconds: int | None = None,
        body_limit_bytes: int | None = None,
    ) -> ForeignPolicy:
        """`tag` says which signature is read; without it a request has one only. `require` lists the components that
        must be covered, method, authority, path and query unless said: `@method`, `@target-uri`, `@authority`,
        `@scheme`, `@request-target`, `@path`, `@query`, `@query-param;name="page"`, or a field in lower case. Without
        `require_nonce` two equal requests within a second are one; without `require_digest` anyone on the way may
        change content that is not covered."""

    @property
    def body_limit_bytes(self) -> int: ...

@final
class Profile:
    """What a signature covers."""

    def __new__(
        cls,
        *,
        cover: list[str] | tuple[str, ...] | None = None,
        cover_scheme: bool | None = None,
        audience: Literal["authority", "field"] | None = None,
        digest: Literal["sha-256", "sha-512"] | None = None,
    ) -> Profile:
        """`cover` names fields to cover beyond the profile's own, in lower case."""

    @staticmethod
    def parse(json: str) -> Profile:
        """The profile that a JSON text spells; unknown members are refused."""

@final
class Policy:
    """What a verifier accepts."""

    def __new__(
        cls,
        authorities: list[str] | tuple[str, ...] | None = None,
        *,
        cover: list[str] | tuple[str, ...] | None = None,
        cover_scheme: bool | None = None,
        audience: Literal["authority", "field"] | None = None,
        digest: Literal["sha-256", "sha-512"] | None = None,
        past_seconds: int | None = None,
        future_seconds: int | None = None,
        retain_seconds: int | None = None,
        body_limit_bytes: int | None = None,
    ) -> Policy:
        """`authorities` are those that the verifier serves, as in the field Host: `api.example`, `api.example:8443`."""

    @staticmethod
    def parse(json: str) -> Policy:
        """The policy that a JSON text spells; unknown members are refused."""

    @property
    def profile(self) -> Profile: ...
    @property
    def body_limit_bytes(self) -> int: ...

@final
class Signer:
    """Signs requests with one key."""

    def __new__(cls, key: Key, profile: Profile | Policy | None = None, *, life_seconds: int | None = None) -> Signer:
        """Its signatures live for `life_seconds`, 1 to 120, or a minute."""

    @property
    def key_id(self) -> str: ...
    def sign(
        self,
        method: Raw,
        scheme: str,
        authority: Raw,
        path: Raw,
        query: Raw | None = None,
        headers: Fields | None = None,
        body: Buffer | None = None,
        *,
        now: int | None = None,
        seed: Buffer | None = None,
    ) -> dict[str, str]:
        """The fields to add to the request. `path` and `query` are raw; `seed` is 16 random bytes, never used twice."""

    def send(
        self,
        method: Raw,
        scheme: str,
        authority: Raw,
        path: Raw,
        query: Raw | None = None,
        headers: Fields | None = None,
        body: Buffer | None = None,
        *,
        now: int | None = None,
        seed: Buffer | None = None,
    ) -> Sent:
        """The same, keeping what the response is checked against."""

    def explain(
        self,
        method: Raw,
        scheme: str,
        authority: Raw,
        path: Raw,
        query: Raw | None = None,
        headers: Fields | None = None,
        body: Buffer | None = None,
        *,
        now: int | None = None,
        seed: Buffer | None = None,
    ) -> str:
        """The signature base, for `Verifier.explain`. It holds the covered values."""

    def __reduce__(self) -> NoReturn:
        """Always raises `binding_secret_copied`."""

@final
class Verified:
    """A request that was accepted. Only a verifier makes one: there is no constructor."""

    @property
    def key_id(self) -> str: ...
    @property
    def scope(self) -> str:
        """The scope of the key."""

    @property
    def created(self) -> int:
        """The signed time, in milliseconds."""

    @property
    def expires(self) -> int:
        """The signed end, in milliseconds."""

    @property
    def nonce(self) -> bytes: ...
    @property
    def covered(self) -> list[tuple[str, str]]:
        """Names and values of what was covered, in signing order."""

    @property
    def event(self) -> str:
        """The acceptance as one line of JSON for the audit log."""

    def component(self, name: str) -> str | None:
        """The value of one covered component: `@path`, `content-type`."""

    def sign_response(self, status: int, body: Buffer | None = None, *, now: int | None = None) -> dict[str, str]:
        """The fields to set on the response with this status and content, so that the caller can check whose it is."""

    def __reduce__(self) -> NoReturn:
        """Always raises `binding_secret_copied`."""

@final
class Sent:
    """A signed request that waits for its response."""

    @property
    def headers(self) -> dict[str, str]:
        """The fields to add to the request."""

    def check(self, status: int, headers: Fields, body: Buffer | None = None) -> VerifiedResponse:
        """The response, if it is the signed answer to this request. `body` is the raw content, before any
        decompression."""

    def clock(
        self, status: int, headers: Fields, body: Buffer | None = None, *, round_trip_ms: int
    ) -> tuple[int, bool]:
        """The service's clock in milliseconds, from the signed refusal of a request that was outside of its window, and
        whether the request may be signed anew by it, once: it was not served and cannot be any more, or its method
        changes nothing. `round_trip_ms` is how long the head of the answer took by a monotonic clock: 5 s at most."""

    def __reduce__(self) -> NoReturn:
        """Always raises `binding_secret_copied`."""

@final
class VerifiedResponse:
    """A response to the request that was sent, by a holder of its key. Only `Sent.check` makes one."""

    @property
    def key_id(self) -> str:
        """The key of request and response."""

    @property
    def status(self) -> int:
        """The status, which is covered."""

    @property
    def created(self) -> int:
        """When the service signed it, by its clock, in milliseconds."""

    def __reduce__(self) -> NoReturn:
        """Always raises `binding_secret_copied`."""

@final
class Content:
    """The content of a genuine request, which follows in pieces. Act on none of it before the proof."""

    def update(self, piece: Buffer) -> None:
        """Takes the next piece. Whoever is refused here reads no further."""

    def finish(self) -> Waiting[Verified]:
        """All of it came: everything but the claim, which waits for a store of your own."""

    def verify(self) -> Verified:
        """All of it came: claims the nonce in the verifier's store. Whatever fails raises."""

    def __reduce__(self) -> NoReturn:
        """Always raises `binding_secret_copied`."""

@final
class Verifier:
    """Verifies requests. Threads may share it."""

    def __new__(
        cls,
        policy: Policy | ForeignPolicy,
        keys: list[Key] | tuple[Key, ...] | None = None,
        store: SharedRing | Ring | Sqlite | Memory | None = None,
        *,
        refresh_seconds: int | None = None,
    ) -> Verifier:
        """`store` remembers nonces; without one, use `begin` and a store of your own. Keys that come from a store are
        loaded again every `refresh_seconds`, 1 to 3600, or 30: that is how long a revocation may take."""

    def verify(
        self,
        method: Raw,
        scheme: str,
        authority: Raw,
        path: Raw,
        query: Raw | None = None,
        headers: Fields | None = None,
        body: Buffer | None = None,
        *,
        now: int | None = None,
    ) -> Verified:
        """Verifies a request as it was sent, and claims its nonce. Whatever fails raises."""

    def begin(
        self,
        method: Raw,
        scheme: str,
        authority: Raw,
        path: Raw,
        query: Raw | None = None,
        headers: Fields | None = None,
        body: Buffer | None = None,
        *,
        now: int | None = None,
    ) -> Waiting[Verified]:
        """Everything but the claim, which waits for a store of your own."""

    def begin_content(
        self,
        method: Raw,
        scheme: str,
        authority: Raw,
        path: Raw,
        query: Raw | None = None,
        headers: Fields | None = None,
        *,
        now: int | None = None,
    ) -> Content:
        """Everything but content and claim: the content follows in pieces, so forgeries are refused before it is
        read."""

    def sign_refusal(
        self,
        method: Raw,
        scheme: str,
        authority: Raw,
        path: Raw,
        query: Raw | None = None,
        headers: Fields | None = None,
        body: Buffer | None = None,
        *,
        status: int,
        content: Buffer,
        now: int | None = None,
    ) -> dict[str, str] | None:
        """The fields that sign the refusal of a request that is genuine and outside of its window, so that its sender
        learns this clock; None for any other request. `status` and `content` are those of the refusal."""

    def explain(
        self,
        method: Raw,
        scheme: str,
        authority: Raw,
        path: Raw,
        query: Raw | None = None,
        headers: Fields | None = None,
        body: Buffer | None = None,
        *,
        base: str | None = None,
    ) -> Explained:
        """What the verifier compares; `base` is the signer's, from `Signer.explain`."""

    def key_to_load(
        self,
        method: Raw,
        scheme: str,
        authority: Raw,
        path: Raw,
        query: Raw | None = None,
        headers: Fields | None = None,
        body: Buffer | None = None,
        *,
        now: int | None = None,
    ) -> str | None:
        """The id of the key to load before verifying: the request names it, it is unknown, and its turn has come."""

    def key_to_refresh(self, *, now: int | None = None) -> str | None:
        """The id of a known key that is due to be loaded again. Ask until there is none."""

    def put_key(self, key: Key) -> None:
        """Knows this key from now on, in the place of the one with its id."""

    def forget_key(self, id: str) -> None:
        """Does not know the key of this id any more."""

    def replace_keys(self, keys: list[Key] | tuple[Key, ...]) -> None:
        """Knows these keys, and no others, from now on."""

    @property
    def key_ids(self) -> list[str]: ...
    @property
    def body_limit_bytes(self) -> int:
        """The most bytes of content; stop reading there."""

    @property
    def blocking(self) -> bool:
        """Whether `verify` may wait for a file, so that an event loop should call it in a thread."""

    def __reduce__(self) -> NoReturn:
        """Always raises `binding_secret_copied`."""

@final
class KeyVault:
    """Decides about stored keys, whose secrets it seals."""

    def __new__(cls, secret: Buffer) -> KeyVault:
        """`secret` is 32 random bytes that lie elsewhere than the database."""

    def load(self, id: str) -> Waiting[Key]:
        """Reads a key."""

    def save(
        self,
        id: str,
        secret: Buffer,
        *,
        since: int | None = None,
        until: int | None = None,
        scope: str | None = None,
        seed: Buffer | None = None,
    ) -> Waiting[None]:
        """Saves a new key, which begins now unless `since` says when (milliseconds)."""

    def rotate(
        self,
        old: str,
        id: str,
        secret: Buffer,
        *,
        old_until: int,
        since: int | None = None,
        until: int | None = None,
        scope: str | None = None,
        seed: Buffer | None = None,
    ) -> Waiting[None]:
        """Saves a successor of the key `old`, which is over at `old_until` (milliseconds)."""

    def __reduce__(self) -> NoReturn:
        """Always raises `binding_secret_copied`."""

def end_key(id: str, until: int) -> Waiting[None]:
    """Lets a key be over at `until` (milliseconds), or earlier if it was to be."""

def revoke_key(id: str, *, now: int | None = None) -> Waiting[None]:
    """Revokes a key from now on, for good."""

@final
class Sender:
    """Signs messages for one endpoint."""

    def __new__(cls, secrets: Sequence[str]) -> Sender:
        """With 1 to 8 secrets, `whsec_..`: a list or tuple."""

    def sign(self, id: str, body: Buffer, *, now: int | None = None) -> dict[str, str]:
        """The fields that sign a message which leaves now. Sign each attempt anew, with the same id."""

    def __reduce__(self) -> NoReturn:
        """Always raises `binding_secret_copied`."""

@final
class Receiver:
    """Takes deliveries for one endpoint. Threads may share it."""

    def __new__(
        cls,
        endpoint: str,
        secrets: Sequence[str],
        store: SharedRing | Ring | Sqlite | Memory | None = None,
        *,
        past_seconds: int | None = None,
        future_seconds: int | None = None,
        body_limit_bytes: int | None = None,
    ) -> Receiver:
        """For the endpoint that this program calls `endpoint`, with 1 to 8 secrets. The signed time may be up to
        `past_seconds` old or `future_seconds` ahead, 1 to 300, or 300; the store must be made for that window."""

    def receive(self, headers: Fields, body: Buffer, *, now: int | None = None) -> Received:
        """Takes a delivery as it was sent, once. Whatever fails raises."""

    def begin(self, headers: Fields, body: Buffer, *, now: int | None = None) -> Waiting[Received]:
        """Everything but the claim, which waits for a store of your own."""

    def check(self, headers: Fields, body: Buffer, *, now: int | None = None) -> Received:
        """The same, and no claim after it: for programs that remember the ids of messages themselves, for longer than
        the window."""

    @property
    def body_limit_bytes(self) -> int:
        """The most bytes of content; stop reading there."""

    @property
    def blocking(self) -> bool:
        """Whether `receive` may wait for a file, so that an event loop should call it in a thread."""

    def __reduce__(self) -> NoReturn:
        """Always raises `binding_secret_copied`."""

@final
class Received:
    """A message that was received. Only a receiver makes one: there is no constructor."""

    @property
    def endpoint(self) -> str:
        """The endpoint."""

    @property
    def id(self) -> str:
        """The message's id: the same for each attempt to deliver it."""

    @property
    def created(self) -> int:
        """When this attempt was signed, in milliseconds."""

    @property
    def event(self) -> str:
        """The acceptance as one line of JSON for the audit log."""

    def __reduce__(self) -> NoReturn:
        """Always raises `binding_secret_copied`."""

def message_id(*, seed: Buffer | None = None) -> str:
    """A new id for a message."""

@final
class SharedRing:
    """Nonces in a file that all worker processes of a host map."""

    def __new__(
        cls,
        path: str | PathLike[str],
        *,
        per_second: int | None = None,
        owner_cap: int | None = None,
        past_seconds: int | None = None,
        future_seconds: int | None = None,
        now: int | None = None,
        seed: Buffer | None = None,
    ) -> SharedRing:
        """Opens the file, or makes it for `per_second` requests a second, in a directory of this user alone."""

    def gauge(self) -> Gauge: ...
    def __reduce__(self) -> NoReturn:
        """Always raises `binding_secret_copied`."""

@final
class Ring:
    """Nonces of one process."""

    def __new__(
        cls,
        *,
        per_second: int | None = None,
        owner_cap: int | None = None,
        past_seconds: int | None = None,
        future_seconds: int | None = None,
        now: int | None = None,
        seed: Buffer | None = None,
        one_per_worker: bool | None = None,
    ) -> Ring:
        """Refused where several workers serve, unless `one_per_worker` says that each has its own on purpose."""

    def gauge(self) -> Gauge: ...
    def __reduce__(self) -> NoReturn:
        """Always raises `binding_secret_copied`."""

@final
class Sqlite:
    """Nonces and keys in a database file."""

    def __new__(
        cls,
        path: str | PathLike[str],
        *,
        past_seconds: int | None = None,
        future_seconds: int | None = None,
        now: int | None = None,
    ) -> Sqlite: ...
    def sweep(self, *, now: int | None = None, limit: int | None = None) -> int:
        """Deletes claims that are over, at most `limit` or 1000 of them, and counts them."""

    def sweep_cells(self, *, now: int | None = None, limit: int | None = None) -> int:
        """Deletes cells of limits that are empty, at most `limit` or 1000 of them, and counts them."""

    def __reduce__(self) -> NoReturn:
        """Always raises `binding_secret_copied`."""

@final
class Limit:
    """How many requests pass at once, and how fast more do. Threads may share it."""

    def __new__(
        cls,
        name: str,
        *,
        burst: int,
        every_ms: int,
        site: tuple[int, int] | None = None,
        admits_unknown: bool | None = None,
        yields: bool | None = None,
    ) -> Limit:
        """A limit called `name`, which is public, that lets `burst` requests pass at once and one more every `every_ms`
        milliseconds. `site` is burst and milliseconds for all networks of one site of version 6 (/48); 16 times as much
        unless said. It refuses when its store does not answer, unless `admits_unknown`; with `yields` it steps aside
        while its table of cells is crowded, which a limit on guesses must not."""

    def by_address(
        self, client: str, *, cost: int | None = None, is_crowded: bool | None = None, now: int | None = None
    ) -> Waiting[Admitted]:
        """Counts a request, as `cost` or 1, for a client's address, and for its site's where it has one."""

    def by_key(
        self, id: str, *, cost: int | None = None, is_crowded: bool | None = None, now: int | None = None
    ) -> Waiting[Admitted]:
        """Counts a request for a key of this program's own."""

    def by_name(
        self, name: str, *, cost: int | None = None, is_crowded: bool | None = None, now: int | None = None
    ) -> Waiting[Admitted]:
        """Counts a request for a name as people write it."""

    @property
    def yields(self) -> bool:
        """Whether it steps aside while its table of cells is crowded."""

@final
class Admitted:
    """Someone who is within a limit. Only a limit makes one: there is no constructor."""

    @property
    def left(self) -> int | None:
        """How many more would pass now; None when nothing was counted."""

    @property
    def stepped_aside(self) -> bool:
        """Whether nothing was counted because the limit stepped aside."""

    @property
    def headers(self) -> dict[str, str]:
        """Fields for the response."""

    def __reduce__(self) -> NoReturn:
        """Always raises `binding_secret_copied`."""

@final
class SharedCells:
    """Counts of limits in a file that all worker processes of a host map."""

    def __new__(cls, path: str | PathLike[str], *, cells: int | None = None, seed: Buffer | None = None) -> SharedCells:
        """Opens the file, or makes it with `cells` words of 8 bytes, in a directory of this user alone: 2^20 unless
        said, rounded up to a power of two from 1 024 to 2^26."""

    def is_crowded(self, *, now: int | None = None) -> bool:
        """Whether limits that yield step aside now."""

    def gauge(self, *, now: int | None = None) -> CellGauge: ...
    def __reduce__(self) -> NoReturn:
        """Always raises `binding_secret_copied`."""

@final
class Cells:
    """Counts of limits of one process."""

    def __new__(
        cls, *, cells: int | None = None, seed: Buffer | None = None, one_per_worker: bool | None = None
    ) -> Cells:
        """Refused where several workers serve, unless `one_per_worker` says that each has its own on purpose."""

    def is_crowded(self, *, now: int | None = None) -> bool:
        """Whether limits that yield step aside now."""

    def gauge(self, *, now: int | None = None) -> CellGauge: ...
    def __reduce__(self) -> NoReturn:
        """Always raises `binding_secret_copied`."""

def client_address(
    peer: str | None,
    values: Sequence[Raw],
    *,
    hops: int,
    field: Literal["forwarded", "x-forwarded-for"] | None = None,
) -> str:
    """The address of the client of a connection from `peer`, where `hops` proxies of your own have written into
    `field`, whose lines have these values, in their order. A peer without an address is 0.0.0.0."""

@final
class Memory:
    """Nonces and keys in the memory of one process."""

    def __new__(
        cls,
        *,
        capacity: int | None = None,
        past_seconds: int | None = None,
        future_seconds: int | None = None,
        now: int | None = None,
        one_per_worker: bool | None = None,
    ) -> Memory:
        """Refused where several workers serve, unless `one_per_worker` says that each has its own on purpose."""

    def sweep(self, *, now: int | None = None, limit: int | None = None) -> int:
        """Deletes claims that are over, at most `limit` or 1000 of them, and counts them."""

    def sweep_cells(self, *, now: int | None = None, limit: int | None = None) -> int:
        """Deletes cells of limits that are empty, at most `limit` or 1000 of them, and counts them."""

    def __reduce__(self) -> NoReturn:
        """Always raises `binding_secret_copied`."""

@final
class Waiting(Generic[_Verdict]):
    """A decision that waits for a store's answer. It serves once. For type checkers, `Waiting[T]` ends in a `T`."""

    def statement(self, dialect: Dialect, *, future_seconds: int | None = None) -> Statement | None:
        """What to run now; None once it is decided. `future_seconds` is what the database was made ready for; a policy
        by which clocks may be further ahead raises `binding_store_window`."""

    def answer(self, rows: Sequence[Sequence[Cell]] | None) -> None:
        """Hands over the rows, as lists or tuples; None when the store did not answer."""

    def verdict(self) -> _Verdict:
        """What was decided, once: a proof, a key that was loaded, a token that may act, someone who is within a limit,
        a message that was received, a session, an explanation, or nothing for a change that was made."""

    def run(self, store: SharedRing | Ring | Sqlite | Memory | SharedCells | Cells) -> _Verdict:
        """Runs it to its end on a store inside the extension."""

    @classmethod
    def __class_getitem__(cls, key: Any) -> GenericAlias: ...
    def __reduce__(self) -> NoReturn:
        """Always raises `binding_secret_copied`."""

def migrations(
    dialect: Dialect, *, past_seconds: int | None = None, future_seconds: int | None = None, now: int | None = None
) -> list[Statement]:
    """What makes a database ready, in this order; all of it may be run again."""

def sweeping(
    dialect: Dialect, *, room: Room | None = None, now: int | None = None, limit: int | None = None
) -> Statement:
    """What deletes what is over in a room, at most `limit` or 1000 of them."""

def sweeping_cells(dialect: Dialect, *, now: int | None = None, limit: int | None = None) -> Statement:
    """What deletes cells of limits that are empty, at most `limit` or 1000 of them."""

@final
class TokenKey:
    """A key that tokens are verified with: an id, an algorithm, and what verifies."""

    @staticmethod
    def hmac(id: str, algorithm: Literal["HS256", "HS384", "HS512"], secret: Buffer) -> TokenKey:
        """The key of a secret: `HS256` (32 bytes or more), `HS384` (48) or `HS512` (64)."""

    @staticmethod
    def public(id: str, algorithm: Literal["ES256", "ES384", "EdDSA", "PS256", "RS256"], pem: str) -> TokenKey:
        """The key of a public key in PEM, for this algorithm and no other."""

    @staticmethod
    def from_jwk(json: str) -> TokenKey:
        """The key of a JWK, which says its `kty`, `alg` and `kid`."""

    @property
    def id(self) -> str: ...
    @property
    def algorithm(self) -> str: ...
    def __reduce__(self) -> NoReturn:
        """Always raises `binding_secret_copied`."""

@final
class TokenSigner:
    """A key that tokens are signed with. It does not come out again: no text, no pickle, no copy."""

    @staticmethod
    def hmac(id: str, algorithm: Literal["HS256", "HS384", "HS512"], secret: Buffer) -> TokenSigner:
        """Signs with a secret; verifiers need the same."""

    @staticmethod
    def private(id: str, pem: Raw) -> TokenSigner:
        """Signs with a private key in PEM (PKCS#8): Ed25519, P-256 or P-384, each by its own algorithm."""

    @property
    def key(self) -> TokenKey:
        """What verifies its tokens."""

    def __reduce__(self) -> NoReturn:
        """Always raises `binding_secret_copied`."""

@final
class TokenKeys:
    """The keys of an issuer: 1 to 64, each id once."""

    def __new__(cls, keys: Sequence[TokenKey]) -> TokenKeys: ...
    @staticmethod
    def from_jwks(json: str) -> TokenKeys:
        """The keys of a JWK Set."""

    @staticmethod
    def from_spiffe_bundle(json: str) -> TokenKeys:
        """The keys for JWT-SVIDs of a SPIFFE bundle."""

    @property
    def ids(self) -> list[str]: ...
    def __reduce__(self) -> NoReturn:
        """Always raises `binding_secret_copied`."""

@final
class OidcPolicy:
    """Admits tokens of one issuer by rules: one rule that is met is enough. Any number of threads may share it."""

    @staticmethod
    def github(
        audience: str,
        rules: Sequence[GithubRule],
        *,
        issuer: str | None = None,
        max_age_seconds: int | None = None,
    ) -> OidcPolicy:
        """Jobs of GitHub Actions, whose tokens are for this audience and nobody else; of an enterprise that has an
        `issuer` of its own if that is given."""

    @staticmethod
    def of_issuer(
        issuer: str,
        audience: str,
        rules: Sequence[ClaimRule],
        *,
        max_age_seconds: int | None = None,
    ) -> OidcPolicy:
        """Tokens of any issuer of signed ones, which are for this audience and nobody else."""

    def verify(self, token: str, keys: TokenKeys | Sequence[TokenKey], *, now: int | None = None) -> AdmittedJob:
        """The job that this token is of, if it is genuine, for us, not over, and a rule admits it. A refusal by the
        rules names the one that came nearest, and the claim by which it is not met."""

    @property
    def issuer(self) -> str: ...

@final
class GithubRule:
    """Which jobs of GitHub Actions are meant: all that is said, together."""

    def __new__(
        cls,
        name: str,
        *,
        repository: tuple[int, int] | None = None,
        any_repository_of: int | None = None,
        repository_names: Sequence[str] | None = None,
        subjects: Sequence[str] | None = None,
        events: Sequence[str] | None = None,
        refs: Sequence[str] | None = None,
        any_ref: bool | None = None,
        only_protected: bool | None = None,
        workflow: str | None = None,
        called_workflow: str | None = None,
        environments: Sequence[str] | None = None,
        runners: Sequence[str] | None = None,
    ) -> GithubRule: ...

@final
class ClaimRule:
    """What the claims of a token of any issuer must say: all that is said, together."""

    def __new__(
        cls,
        name: str,
        *,
        equals: dict[str, Sequence[str]] | None = None,
        has: dict[str, str] | None = None,
        like: dict[str, Sequence[str]] | None = None,
    ) -> ClaimRule: ...

@final
class AdmittedJob:
    """That a rule admits a genuine token."""

    @property
    def token(self) -> VerifiedToken: ...
    @property
    def rule(self) -> str:
        """The name of the rule that admits it."""

    @property
    def until(self) -> int:
        """The end of its token, in milliseconds: `TokenMinter.mint(.., until=job.until)` makes nothing that
        outlives it."""

    def __reduce__(self) -> NoReturn:
        """Always raises `binding_secret_copied`."""

@final
class KeyFetcher:
    """Says when to fetch the keys of an issuer of others, and what of the answer to take. It connects to nothing
    itself."""

    def __new__(
        cls,
        issuer: str,
        url: str,
        *,
        loopback: bool | None = None,
        timeout_seconds: int | None = None,
        refresh_seconds: int | None = None,
        limit_seconds: int | None = None,
        cool_down_seconds: int | None = None,
        now: int | None = None,
        seed: Buffer | None = None,
    ) -> KeyFetcher: ...
    @property
    def issuer(self) -> str: ...
    def handle_wanted(self, token: str, *, now: int | None = None) -> bool:
        """A token was refused since its key is unknown. Says whether its key is known by now, or being fetched."""

    def handle_timeout(self, *, now: int | None = None) -> None:
        """The time of `next_timeout` has come, or may have."""

    @property
    def next_timeout(self) -> int | None:
        """When to call `handle_timeout` next, in milliseconds."""

    def order(self) -> tuple[int, str, int, int] | None:
        """What to fetch now, each order once: its number, where to, how many milliseconds it may take, and how many
        bytes of a body are read. Ask after each event."""

    def handle_response(
        self,
        number: int,
        status: int,
        body: Buffer,
        *,
        content_type: str | None = None,
        url: str | None = None,
        max_age_seconds: int | None = None,
        now: int | None = None,
    ) -> bool:
        """An order was answered, whatever the answer is. Says whether there are other keys now."""

    def handle_failure(
        self,
        number: int,
        cause: Literal["connection", "redirect", "timeout", "tls", "too_large"],
        *,
        now: int | None = None,
    ) -> None:
        """An order has no answer: `connection`, `redirect`, `timeout`, `tls` or `too_large`. The keys before are
        kept."""

    def keys(self, *, now: int | None = None) -> TokenKeys:
        """The keys to verify with now; raises when there are none yet, or they are too old."""

    @property
    def generation(self) -> int:
        """How many different sets of keys there have been."""

    @property
    def last_error(self) -> TokenError | None:
        """Why the last fetch failed, if it did."""

    def __reduce__(self) -> NoReturn:
        """Always raises `binding_secret_copied`."""

@final
class TokenRing:
    """The keys of an issuer in a store: rotated, published, signed with and verified with. It goes by what it read
    last."""

    def __new__(
        cls,
        issuer: str,
        sealing_key: Buffer,
        *,
        life_seconds: int | None = None,
        max_age_seconds: int | None = None,
        hosts_seconds: int | None = None,
        period_seconds: int | None = None,
        lead_seconds: int | None = None,
        tolerance_seconds: int | None = None,
    ) -> TokenRing:
        """`sealing_key` is 32 random bytes, the same on all hosts, which seal private keys in the store.
        `period_seconds` is how long a key signs at least; `lead_seconds` and `tolerance_seconds` are for issuers that
        know all verifiers."""

    @property
    def issuer(self) -> str: ...
    def load(self, *, now: int | None = None) -> Waiting[None]:
        """Reads the keys."""

    def rotate(
        self,
        *,
        algorithm: Literal["ES256", "ES384", "EdDSA"] | None = None,
        pem: str | Buffer | None = None,
        held: bool | None = None,
        now: int | None = None,
        seed: Buffer | None = None,
    ) -> Waiting[None]:
        """Announces a key: a new one of `algorithm` (`ES256`, unless it is said), or that of `pem`. It is stored,
        sealed; `held` keys are not, and each host is given them. `seed` is 64 random bytes for a new key, and 12 for
        its seal."""

    def ensure(self, *, now: int | None = None, seed: Buffer | None = None) -> Waiting[None]:
        """Announces a first key if there is none, and reads the keys otherwise: for hosts that start, all at once and
        any number of times."""

    def revoke(self, key_id: str, *, now: int | None = None) -> Waiting[None]:
        """Removes a key at once and for good."""

    def hold(self, pem: str | Buffer) -> None:
        """Signs with this private key too, in PEM, of which the store has the public part only."""

    def pause(self, *, now: int | None = None) -> int:
        """How many milliseconds to wait before the next reading."""

    def published(self, *, now: int | None = None) -> PublishedKeys:
        """What a route for the keys answers."""

    def keys(self, *, now: int | None = None) -> list[RingKey]:
        """Its keys, in the order in which they sign; none before they were read."""

    def __reduce__(self) -> NoReturn:
        """Always raises `binding_secret_copied`."""

@final
class PublishedKeys:
    """What a route for the keys answers."""

    @property
    def body(self) -> str:
        """The JSON text."""

    @property
    def content_type(self) -> str: ...
    @property
    def etag(self) -> str:
        """The strong entity tag, with its quotes."""

    @property
    def cache_control(self) -> str:
        """For how long a copy is good."""

    def is_known(self, if_none_match: Sequence[str]) -> bool:
        """Whether the client has it already, by its fields `If-None-Match`: then the answer is 304."""

    def __reduce__(self) -> NoReturn:
        """Always raises `binding_secret_copied`."""

@final
class TokenPolicy:
    """What a verifier demands of a token, and what a minter writes."""

    def __new__(
        cls,
        profile: Literal["access", "app", "job", "openid", "provisioner", "svid"],
        *,
        issuer: str,
        audience: str | Sequence[str],
        match_audience: Literal["all", "any", "only"] | None = None,
        typ: str | None = None,
        leeway_seconds: int | None = None,
        life_seconds: int | None = None,
    ) -> TokenPolicy: ...
    @property
    def issuer(self) -> str: ...

@final
class TokenMinter:
    """Mints tokens with one key, or with whichever key of a ring signs, for verifiers of one policy."""

    def __new__(cls, signer: TokenSigner | TokenRing, policy: TokenPolicy) -> TokenMinter: ...
    def mint(
        self,
        subject: str,
        *,
        life_seconds: int,
        until: int | None = None,
        user_ver: int | None = None,
        access_key: str | None = None,
        session: str | None = None,
        generation: int | None = None,
        certificate: Buffer | None = None,
        key: Buffer | None = None,
        claims: Mapping[str, object] | str | None = None,
        now: int | None = None,
        seed: Buffer | None = None,
    ) -> Minted:
        """A token about `subject`. `seed` is 16 random bytes, never used twice; times are milliseconds since 1970."""

    def __reduce__(self) -> NoReturn:
        """Always raises `binding_secret_copied`."""

@final
class Minted:
    """A token that was minted. It stands in no text and no pickle of this object."""

    @property
    def token(self) -> str: ...
    @property
    def expires(self) -> int:
        """When it is over, in milliseconds."""

    @property
    def decided_by(self) -> str:
        """What decided how long it lives: `asked`, `policy`, `ring` or `until`."""

    def __reduce__(self) -> NoReturn:
        """Always raises `binding_secret_copied`."""

@final
class TokenVerifier:
    """Verifies tokens of one policy. Any number of threads may share it."""

    def __new__(
        cls, policy: TokenPolicy, keys: TokenKeys | TokenRing | Sequence[TokenKey], *, cache: int | None = None
    ) -> TokenVerifier:
        """`cache` proofs are kept in memory, by their tokens; 0 for none."""

    def verify(
        self,
        token: str,
        *,
        certificate: Buffer | None = None,
        key: Buffer | None = None,
        now: int | None = None,
    ) -> VerifiedToken:
        """The proof that `token` is genuine. A token that is bound to a key needs the SHA-256 thumbprint of the peer's
        `certificate`, or of the `key` that it has shown to hold."""

    def explain(
        self, token: str, *, certificate: Buffer | None = None, key: Buffer | None = None, now: int | None = None
    ) -> str:
        """What `verify` makes of `token`, as text: the verdict, then each check with what it compared, up to the one
        that refuses. For the log, not for the peer."""

    def replace_keys(self, keys: TokenKeys | Sequence[TokenKey]) -> None:
        """Knows these keys, and no others, from now on."""

    @property
    def key_ids(self) -> list[str]: ...
    @property
    def issuer(self) -> str: ...
    def __reduce__(self) -> NoReturn:
        """Always raises `binding_secret_copied`."""

@final
class VerifiedToken:
    """A token that is genuine, for this audience, and in time."""

    @property
    def key_id(self) -> str: ...
    @property
    def subject(self) -> str: ...
    @property
    def id(self) -> str | None:
        """Its own id, `jti`."""

    @property
    def session(self) -> str | None:
        """The session that it belongs to, `sid`."""

    @property
    def access_key(self) -> str | None:
        """The registered key with which its session was opened, `akid`."""

    @property
    def user_ver(self) -> int | None: ...
    @property
    def generation(self) -> int | None: ...
    @property
    def issued(self) -> int:
        """When it was issued, in milliseconds."""

    @property
    def begins(self) -> int:
        """From when on it is valid, in milliseconds, without leeway."""

    @property
    def expires(self) -> int:
        """When it is over, in milliseconds, without leeway."""

    @property
    def bound_by(self) -> str | None:
        """What it is bound to: `x5t#S256`, `jkt` or nothing."""

    @property
    def payload(self) -> str:
        """All claims, as the JSON text that was signed."""

    @property
    def claims(self) -> dict[str, Any]:
        """All claims, read anew."""

    def __reduce__(self) -> NoReturn:
        """Always raises `binding_secret_copied`."""

@final
class Standing:
    """Asks a store about subjects, tokens and access keys of one tenant, and takes them back there."""

    def __new__(
        cls,
        tenant: str,
        *,
        any_subject: bool | None = None,
        with_access_key: bool | None = None,
        cache_seconds: int | None = None,
        cache_places: int | None = None,
    ) -> Standing:
        """`tenant` is the name under which subjects are stored: one for each issuer."""

    def begin(self, token: VerifiedToken | LiveToken | Authorized, *, now: int | None = None) -> Waiting[LiveToken]:
        """Asks whether this token may still act."""

    def version_of(self, subject: str, *, now: int | None = None) -> Waiting[int]:
        """Asks at which version new tokens of a subject are minted, `user_ver`."""

    def register(self, subject: str, *, now: int | None = None) -> Waiting[None]:
        """Stores a subject, at version 0."""

    def bump(self, subject: str, *, now: int | None = None) -> Waiting[None]:
        """Ends all tokens of a subject: its version is raised."""

    def disable(self, subject: str, *, now: int | None = None) -> Waiting[None]:
        """Ends all tokens of a subject, and takes no new ones."""

    def enable(self, subject: str, *, now: int | None = None) -> Waiting[None]:
        """Takes new tokens of a subject that was disabled."""

    def deny(self, id: str, *, expires: int, now: int | None = None) -> Waiting[None]:
        """Ends one token: `id` is its `jti`, `expires` its end in milliseconds."""

    def register_key(self, access_key: str, subject: str, *, now: int | None = None) -> Waiting[None]:
        """Stores an access key of a subject."""

    def disable_key(self, access_key: str, *, now: int | None = None) -> Waiting[None]:
        """Ends the tokens of sessions that this access key opened, for good."""

@final
class Refresher:
    """Begins, refreshes, confirms, ends and lists sessions of one kind of client."""

    def __new__(
        cls,
        *,
        confirmation: Literal["on_next_use", "wired"],
        within_seconds: int,
        signing: NumberedSecret,
        verifying: Sequence[NumberedSecret] | None = None,
        detecting: Sequence[NumberedSecret] | None = None,
        window_seconds: int | None = None,
        retries: int | None = None,
        idle_seconds: int | None = None,
        absolute_seconds: int | None = None,
        skew_seconds: int | None = None,
        on_reuse: Literal["session", "subject"] | None = None,
        binding: Literal["none", "prefer", "require"] | None = None,
    ) -> Refresher:
        """A policy, and the secrets behind the tokens: each a pair of its number and its 32 bytes or more."""

    def begin_session(
        self,
        tenant: str,
        subject: str,
        *,
        client: str,
        user_ver: int,
        device: str | None = None,
        access: str | None = None,
        device_secret: Buffer | None = None,
        key: Buffer | None = None,
        now: int | None = None,
        seed: Buffer | None = None,
    ) -> Waiting[Refreshed]:
        """Begins a session, after its holder has logged in. `seed` is 40 random bytes, never used twice."""

    def refresh(
        self,
        token: str,
        *,
        client: str,
        device_secret: Buffer | None = None,
        key: Buffer | None = None,
        now: int | None = None,
        seed: Buffer | None = None,
    ) -> Waiting[Refreshed]:
        """Begins to refresh with this token. Give its answer to the client, who stores it before it uses the access
        token. `seed` is 16 random bytes, never used twice."""

    def mint(
        self,
        token: str,
        *,
        client: str,
        device_secret: Buffer | None = None,
        key: Buffer | None = None,
        now: int | None = None,
    ) -> Waiting[Refreshed]:
        """Begins to ask for an access token without rotating, where the client cannot store what it would be given."""

    def explain(
        self,
        token: str,
        *,
        client: str,
        device_secret: Buffer | None = None,
        key: Buffer | None = None,
        now: int | None = None,
    ) -> Waiting[str]:
        """Looks at what `refresh` would do with this token, and writes nothing. Ends in text for your log, also where
        the token would be refused: each check with what it compared. Do not send it to the client."""

    def confirm(self, session: str, generation: int, *, now: int | None = None) -> Waiting[Session]:
        """Confirms that the client has stored the token of this generation: when an access token of it comes from the
        client's own store in a later request."""

    def log_out(self, session: str, *, now: int | None = None) -> Waiting[Session]:
        """Ends a session: its holder logs out."""

    def revoke(self, session: str, *, now: int | None = None) -> Waiting[Session]:
        """Ends a session: its holder does, from another device, or an operator."""

    def revoke_all(
        self,
        tenant: str,
        subject: str,
        *,
        but: str | None = None,
        client: str | None = None,
        device: str | None = None,
        now: int | None = None,
    ) -> Waiting[int]:
        """Ends sessions of a subject, and ends in their number: all, all `but` one, those of a `client`, or those of a
        `device`."""

    def sessions(self, tenant: str, subject: str, *, now: int | None = None) -> Waiting[list[Session]]:
        """Lists the sessions of a subject that are not over, the one that was used last first."""

    def __reduce__(self) -> NoReturn:
        """Always raises `binding_secret_copied`."""

@final
class Refreshed:
    """What a holder of a session gets. Its token stands in no text and no pickle of this object."""

    @property
    def session(self) -> Session:
        """The session, as it is now."""
    @property
    def how(self) -> Literal["begun", "minted", "retried", "retried_late", "rotated", "same"]:
        """How the token was answered."""
    @property
    def token(self) -> str | None:
        """The refresh token that the client stores; None where it keeps the one that it has."""
    @property
    def is_followed(self) -> bool:
        """Whether somebody may follow with a copy: tell an operator."""
    @property
    def event(self) -> str:
        """The answer as one line of JSON for the audit log."""
    def __reduce__(self) -> NoReturn:
        """Always raises `binding_secret_copied`."""

@final
class SessionFeed:
    """Reads which sessions ended within the life of an access token. It needs a store and no secret."""

    def __new__(cls, *, trusted_for_seconds: int) -> SessionFeed:
        """What is read is trusted for so long, 1 s to 10 min: so long a session that has ended may go on, and so long
        access tokens are taken while the store does not answer."""
    @property
    def trusted_for_seconds(self) -> int:
        """For how long what is read is trusted."""
    def read(self, *, now: int | None = None) -> Waiting[EndedSessions]:
        """Begins to read. On success, put it in the place of what was read before; on failure, keep that."""

@final
class EndedSessions:
    """The sessions that had ended at an instant, so that their access tokens are over."""

    def check(self, session: str | None, *, now: int | None = None) -> None:
        """Looks at the session that a genuine access token names; None where it names none."""
    @property
    def read_at(self) -> int:
        """When it began to be read, in milliseconds since 1970."""
    def __len__(self) -> int: ...

@final
class Session:
    """A session. Times are milliseconds since 1970."""

    @property
    def id(self) -> str:
        """Its id: the `sid` of its access tokens."""
    @property
    def tenant(self) -> str:
        """Whose subject."""
    @property
    def subject(self) -> str:
        """Whose it is."""
    @property
    def user_ver(self) -> int:
        """The subject's version when it began; its access tokens carry it."""
    @property
    def client(self) -> str:
        """Which client's."""
    @property
    def device(self) -> str:
        """What its holder calls the device."""
    @property
    def access(self) -> str:
        """What it grants."""
    @property
    def bound_by(self) -> Literal["device", "key"] | None:
        """What it is bound to."""
    @property
    def generation(self) -> int:
        """How many refresh tokens came before the newest; its access tokens carry it."""
    @property
    def began(self) -> int:
        """When it began."""
    @property
    def used(self) -> int:
        """When its newest token was made."""
    @property
    def idle_end(self) -> int:
        """When it is over unless it is used."""
    @property
    def absolute_end(self) -> int:
        """When it is over."""
    @property
    def ended_by(self) -> Literal["logged_out", "replayed", "revoked", "store_behind", "unconfirmed"] | None:
        """How it ended, if it did before."""
    @property
    def ended(self) -> int | None:
        """When it did."""

@final
class LiveToken:
    """A genuine token that may act."""

    @property
    def token(self) -> VerifiedToken: ...
    def __reduce__(self) -> NoReturn:
        """Always raises `binding_secret_copied`."""

@final
class Requirement:
    """What a handler requires of whoever calls it."""

    def __new__(
        cls,
        permissions: Sequence[str],
        *,
        any: bool | None = None,
        max_age_seconds: int | None = None,
        methods: Sequence[str] | None = None,
        levels: Sequence[str] | None = None,
        granted_by: Literal["permissions", "scope"] | None = None,
        root_grants: bool | None = None,
    ) -> Requirement:
        """All of these permissions, or `any` of them. With `max_age_seconds` the bearer must have authenticated so
        recently, by one of `methods` (`amr`) or at one of `levels` (`acr`)."""

    def check(
        self,
        token: VerifiedToken | LiveToken | Authorized,
        *,
        proof: tuple[str, str, str, int] | None = None,
        now: int | None = None,
    ) -> Authorized:
        """Whether the bearer of this token may. `proof` is (session, subject, method, milliseconds) of an
        authentication that was seen just now, in the place of what the token tells."""

    @property
    def permissions(self) -> list[str]: ...

@final
class Authorized:
    """A token that grants what was required."""

    @property
    def token(self) -> VerifiedToken: ...
    @property
    def authenticated(self) -> int | None:
        """When its bearer authenticated, in milliseconds, where that was required."""

    def __reduce__(self) -> NoReturn:
        """Always raises `binding_secret_copied`."""

def bearer(headers: Fields | None, *, now: int | None = None) -> str:
    """The token of the `Authorization` field: of a dict, or of a list or tuple of pairs."""

def inspect(token: str) -> str:
    """What stands in a token, as text for people: header, claims, times and sizes. Nothing of it is verified; no key is
    used, and the signature is not shown."""

def inspect_refresh_token(token: str) -> str:
    """What a text says that it is, if it has the form of a refresh token: number of the secret, session and generation,
    as text for people. Nothing is checked, and neither its own secret nor its tag is shown."""

def claims_unfit() -> NoReturn:
    """A refusal of a genuine token whose claims are not of the application's model."""
