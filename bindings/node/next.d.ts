// Signed requests for Next.js, on the server only.
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
// What it does not protect: whatever the handler takes from the request that was not covered.

import type { Authenticator, Verified, Verifier } from "./index.js";

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

/**
 * What `proxy.ts` exports as `proxy`: takes the fields `cs-*` off, which are never a stranger's; and, given an
 * authenticator, lets verified requests through only. A page asks for the proof itself (`verified`), because a proxy
 * may be passed by: a route's `matcher` may miss it.
 */
export declare function createProxy(authenticator?: Authenticator | Verifier): (request: Request) => Promise<Response>;

/** The proof that proxy or handler obtained for the request that is worked on; null if there is none. */
export declare function verified(authenticator: Authenticator): Verified | null;

/** The answer to a refusal: `problem` as a `Response`. */
export declare function problemResponse(error: unknown): Response;
