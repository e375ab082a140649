//! The codes of the bindings: wrong arguments, wrong use, and panics.

use counterseal::core::{Blame, Code};
use counterseal_shm::ShmError;
use counterseal_sqlite::SqliteError;

pub(crate) const ANSWERS_UNASKED: Code = Code::integrator(
    "binding_answers_unasked",
    "the proof cannot sign a response, since nobody said that it should",
    "verify with {answers: true}, or let begin and your own driver verify",
);
pub(crate) const ARGUMENT_CHOICE: Code = Code::integrator(
    "binding_argument_choice",
    "an argument is none of the words that it may be",
    "use one of the words named",
);
pub(crate) const ARGUMENT_LENGTH: Code = Code::integrator(
    "binding_argument_length",
    "an argument has too few or too many bytes or items",
    "keep to the length named",
);
pub(crate) const ARGUMENT_RANGE: Code = Code::integrator(
    "binding_argument_range",
    "a number is outside its range, or has a fraction",
    "give a whole number within the range named; times are milliseconds since 1970",
);
pub(crate) const ARGUMENT_TEXT: Code = Code::integrator(
    "binding_argument_text",
    "a text has a lone surrogate, so no bytes stand for it",
    "give well-formed text, or the bytes themselves",
);
pub(crate) const ARGUMENT_TYPE: Code = Code::integrator(
    "binding_argument_type",
    "an argument has a type that it cannot have",
    "give a value of the type named",
);
pub(crate) const BODY_CONSUMED: Code = Code::integrator(
    "binding_body_consumed",
    "the raw body was read or parsed before it could be verified",
    "verify first: in FastAPI call install(app) before the routes are declared and give routers route_class=SignedRoute; in Next.js use signedRoute and its body",
);
pub(crate) const CLAIMS_UNFIT: Code = Code {
    name: "binding_claims_unfit",
    blame: Blame::Peer,
    public: "invalid_token",
    http: 401,
    means: "the token is genuine, and its claims are not of the application's model",
    fix: "issue tokens with the claims that the model requires, or loosen the model",
};
pub(crate) const CROSS_SITE: Code = Code {
    name: "binding_cross_site",
    blame: Blame::Peer,
    public: "cross_site",
    http: 403,
    means: "the request was made by another site, so the browser's cookies do not stand for its holder",
    fix: "send it from a page of the service's own origin; where the browser tells nothing, say which origin that is",
};
pub(crate) const LOGIN_NEEDED: Code = Code {
    name: "binding_login_needed",
    blame: Blame::Environment,
    public: "login_required",
    http: 401,
    means: "there is no session, or it is over and its token is forgotten",
    fix: "log in again, and save the refresh token that comes of it",
};
pub(crate) const PANICKED: Code = Code::integrator(
    "binding_panicked",
    "Counterseal met a state that it took for impossible, and refused",
    "report it with the name of the function; nothing was accepted",
);
pub(crate) const RAW_TARGET_MISSING: Code = Code::integrator(
    "binding_raw_target_missing",
    "the server hands on the decoded path only, so what was signed is lost",
    "run a server that gives the raw path (uvicorn, hypercorn, Node's own); in Next.js call register() of counterseal/next in instrumentation.ts",
);
pub(crate) const REFRESH_FAILED: Code = Code {
    name: "binding_refresh_failed",
    blame: Blame::Environment,
    public: "unavailable",
    http: 503,
    means: "the service did not refresh the session, and did not end it",
    fix: "try again later; the token is kept, and is as good as before",
};
pub(crate) const RING_PRIVATE: Code = Code::integrator(
    "binding_ring_private",
    "a store of one process is used where several processes or threads serve",
    "use the shared ring or the SQLite store, and open stores after a fork; or say that each worker has a store of its own on purpose",
);
pub(crate) const SECRET_COPIED: Code = Code::integrator(
    "binding_secret_copied",
    "an object that holds a key was asked for a copy, a pickle or a text of itself",
    "make the object anew where it is needed, from the secret itself",
);
pub(crate) const SESSION_MISSING: Code = Code {
    name: "binding_session_missing",
    blame: Blame::Peer,
    public: "login_required",
    http: 401,
    means: "the request has no cookie of a session",
    fix: "log in, or refresh where there is a refresh token",
};
pub(crate) const STORE_MISSING: Code = Code::integrator(
    "binding_store_missing",
    "there is no store to ask",
    "give a store of this package, or a function (drive) that runs statements with your own driver",
);
pub(crate) const STORE_UNFIT: Code = Code::integrator(
    "binding_store_unfit",
    "this store keeps something else than the decision needs",
    "nonces go to a ring, keys to a database, counts to cells; the SQLite store, the memory store and your own database keep them all",
);
pub(crate) const STORE_WINDOW: Code = Code::integrator(
    "binding_store_window",
    "the store was made for a shorter window than the policy has",
    "open the store with the policy's past_seconds and future_seconds",
);

/// The codes that belong to the bindings.
const BINDING_CODES: &[Code] = &[
    ANSWERS_UNASKED,
    ARGUMENT_CHOICE,
    ARGUMENT_LENGTH,
    ARGUMENT_RANGE,
    ARGUMENT_TEXT,
    ARGUMENT_TYPE,
    BODY_CONSUMED,
    CLAIMS_UNFIT,
    CROSS_SITE,
    LOGIN_NEEDED,
    PANICKED,
    RAW_TARGET_MISSING,
    REFRESH_FAILED,
    RING_PRIVATE,
    SECRET_COPIED,
    SESSION_MISSING,
    STORE_MISSING,
    STORE_UNFIT,
    STORE_WINDOW,
];

/// The codes of the facade, of the bindings and of their stores.
pub fn codes() -> impl Iterator<Item = &'static Code> {
    let tables = [BINDING_CODES, SqliteError::CODES, ShmError::CODES];
    counterseal::codes().chain(tables.into_iter().flatten())
}
