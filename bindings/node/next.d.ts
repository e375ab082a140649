// Signed requests and access tokens for Next.js, on the server only.
//
//   // instrumentation.ts
//   export async function register() {
//     if (process.env.NEXT_RUNTIME === "nodejs") (await import("counterseal/next")).register();
//   }
//
//   // app/v1/jobs/route.ts
//   export const POST = signedRoute(authenticator, async (request, { verified, body }, { params }) => Response.json(..));
//
//   // next.config.ts
//   serverExternalPackages: ["counterseal"]
//
// Next.js hands on a URL that it has written anew, so what was signed is taken from Node's server instead: without
// `register` every request is refused with `binding_raw_target_missing`.
//
//   // app/orders/route.ts: a route for access tokens needs no `register`
//   export const GET = tokenRoute(tokens, (request, { verified, claims }) => Response.json({ subject: verified.subject }));
//
//   // app/.well-known/jwks.json/route.ts, for an issuer with a ring of keys
//   export const GET = keysRoute(ring);
//
//   // proxy.ts, where all that it matches is for tokens
//   export function proxy(request: Request) {
//     try {
//       verifyToken(request, tokens);
//       return NextResponse.next();
//     } catch (error) {
//       return problemResponse(error);
//     }
//   }
//
// What it does not protect: whatever the handler takes from the request that was not covered.

import type {
  Authenticator,
  Authorized,
  LiveToken,
  RemoteVerifier,
  Requirement,
  Sessions,
  Standing,
  Store,
  TokenRing,
  TokenVerifier,
  Verified,
  VerifiedToken,
  Verifier,
  Waiting,
} from "./index.js";

/** The proof of a request, and its content; the request's own body has been read. */
export interface Proof {
  readonly verified: Verified;
  readonly body: Uint8Array;
}

/** Keeps requests as they were sent. Call it when the server starts, in `instrumentation.ts`. */
export declare function register(): void;

/** A route handler that is called for verified requests only; refusals are answered as problem+json. */
export declare function signedRoute<Incoming extends Request, Context>(
  authenticator: Authenticator | Verifier,
  handler: (request: Incoming, proof: Proof, context: Context) => Response | Promise<Response>,
): (request: Incoming, context: Context) => Promise<Response>;

/** What a token says, proven; `claims` are what the setting of that name made of them. */
export interface TokenProof<Claims, Model = Claims> {
  readonly verified: VerifiedToken<Claims>;
  /** That it may still act, where a `standing` was asked. */
  readonly live: LiveToken<Claims> | null;
  /** That it grants, where there was a `requirement`. */
  readonly authorized: Authorized<Claims> | null;
  readonly claims: Model;
}

export interface TokenSettings<Incoming, Claims, Model = Claims> {
  /** Finds the SHA-256 thumbprint of the peer's certificate, where tokens are bound to one. */
  readonly certificate?: (request: Incoming) => Uint8Array | null | undefined;
  /** Makes the application's model of the claims, at once; whatever it throws is answered as an invalid token. */
  readonly claims?: (claims: Claims) => Model;
  readonly clock?: () => number;
  /** Gets each refusal as one line of JSON for the audit log. */
  readonly onEvent?: (event: string) => void;
  /** What the token must grant. */
  readonly requirement?: Requirement;
  /** Asks a store whether the token may still act, each time, whether its proof was kept or not; it needs a `store`, or `drive`. */
  readonly standing?: Standing;
  /** The store that `standing` asks, of this package. */
  readonly store?: Store;
}

export interface TokenSettingsAsync<Incoming, Claims, Model = Claims> extends TokenSettings<Incoming, Claims, Model> {
  /** Asks in a database of your own, as the `drive` of `counterseal/stores/pg` and `/ioredis` does. */
  readonly drive?: (asked: Waiting<LiveToken<Claims>>) => Promise<LiveToken<Claims>>;
}

/**
 * A route handler that is called for requests with a genuine token only, which may act and grants what is required; refusals
 * are answered as problem+json, with `WWW-Authenticate: Bearer`: 403 where the token does not grant it, 401 where another one
 * helps; that is one of a fresh authentication for `mfa_required`, by the methods and within the age that the field tells (RFC 9470).
 */
export declare function tokenRoute<Incoming extends Request, Context, Claims, Model = Claims>(
  verifier: TokenVerifier<Claims> | RemoteVerifier<Claims>,
  handler: (request: Incoming, proof: TokenProof<Claims, Model>, context: Context) => Response | Promise<Response>,
  settings?: TokenSettingsAsync<Incoming, Claims, Model>,
): (request: Incoming, context: Context) => Promise<Response>;

/**
 * The route handler that publishes the keys of an issuer, `GET /.well-known/jwks.json`. It answers 304 to whoever has them already,
 * and 503 while the ring was not read for too long.
 */
export declare function keysRoute(
  ring: TokenRing,
  settings?: { readonly clock?: () => number },
): (request: Request) => Promise<Response>;

/**
 * The proof of the token in a request's `Authorization` field. It throws, so that whoever forgets about the answer lets nobody
 * in; `problemResponse` makes the answer, with `WWW-Authenticate: Bearer`. A proxy may be passed by: handlers ask again.
 */
export declare function verifyToken<Incoming extends { readonly headers: Headers }, Claims, Model = Claims>(
  request: Incoming,
  verifier: TokenVerifier<Claims>,
  settings?: TokenSettings<Incoming, Claims, Model>,
): TokenProof<Claims, Model>;

/**
 * As `verifyToken`, where keys are fetched or a database is asked. Await it: nobody has been let in or refused before it settles.
 */
export declare function verifyTokenAsync<Incoming extends { readonly headers: Headers }, Claims, Model = Claims>(
  request: Incoming,
  verifier: TokenVerifier<Claims> | RemoteVerifier<Claims>,
  settings?: TokenSettingsAsync<Incoming, Claims, Model>,
): Promise<TokenProof<Claims, Model>>;

/**
 * What `proxy.ts` exports as `proxy`: takes the fields `cs-*` off, which are never a stranger's; and, given an
 * authenticator, lets verified requests through only. A page asks for the proof itself (`verified`), because a proxy
 * may be passed by: a route's `matcher` may miss it.
 */
export declare function createProxy(authenticator?: Authenticator | Verifier): (request: Request) => Promise<Response>;

/**
 * What `proxy.ts` exports as `proxy`, where browsers have sessions: takes the fields `cs-*` off, and refreshes whose access token is over or
 * nearly so: in its last minute, or in the last quarter of its life. The page that is asked for sees the new cookies at once, and the browser gets them with its answer. It lets everybody pass:
 * pages, handlers and actions ask who is signed in (`sessions.signedIn`), because a proxy may be passed by.
 *
 * A refusal clears the cookies only where the session is over, so no tab takes away what another one was given; where the store does
 * not answer and there is no good access token, the answer is 503.
 *
 * Given a function, it asks that for each request: a build loads `proxy.ts` too, and has no secrets. A proxy that does more takes `sessions.pass`.
 */
export declare function createSessionProxy(
  sessions: Sessions | (() => Sessions | Promise<Sessions>),
): (request: Request) => Promise<Response>;

/** The proof that proxy or handler obtained for the request that is worked on; null if there is none. */
export declare function verified(authenticator: Authenticator): Verified | null;

/** The answer to a refusal: `problem` as a `Response`. */
export declare function problemResponse(error: unknown): Response;
