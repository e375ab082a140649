import "server-only";
import { KeyFetcher, RemoteVerifier, TokenError, TokenPolicy, type VerifiedToken } from "counterseal";
import { cookies } from "next/headers";
import { lazy, setting } from "@/lib/settings";

/** Tokens of the service's people, verified with the keys that it publishes. */
export const tokens = lazy(() => {
  const issuer = new URL(setting("SERVICE_URL")).origin;
  const policy = new TokenPolicy("access", { issuer, audience: "dashboard" });
  const url = `${issuer}/.well-known/jwks.json`;
  // The service rotates its keys within seconds. Elsewhere the URL is https, and issuer and URL are all that it takes.
  const fetcher = new KeyFetcher(issuer, url, { loopback: true, refreshSeconds: 60, coolDownSeconds: 5 });
  return new RemoteVerifier(policy, fetcher);
});

/** Whose session this request belongs to, and the token of it; none for strangers. */
export async function session(): Promise<{ token: string; verified: VerifiedToken } | null> {
  const token = (await cookies()).get(COOKIE)?.value;
  if (token === undefined) return null;
  try {
    return { token, verified: await tokens().verify(token) };
  } catch (error) {
    if (error instanceof TokenError && error.http === 401) return null;
    throw error;
  }
}

/** Asks the service, which knows whether the token may still act. */
export function asked(path: string, token: string, method = "GET"): Promise<Response> {
  const url = new URL(path, setting("SERVICE_URL"));
  return fetch(url, { method, headers: { authorization: `Bearer ${token}`, connection: "close" }, cache: "no-store" });
}

/** The field that gives the browser its token, which no script of a page can read; without one it forgets it. */
export function cookieOf(token?: string): string {
  // `Secure` belongs here wherever there is TLS.
  const life = token === undefined ? "; Max-Age=0" : "";
  return `${COOKIE}=${token ?? ""}; Path=/; HttpOnly; SameSite=Strict${life}`;
}

/** Sends the browser on. */
export function seeOther(path: string, cookie?: string): Response {
  return new Response(null, { status: 303, headers: { location: path, ...(cookie && { "set-cookie": cookie }) } });
}

/** Whether a form of another site was sent. */
export function isForeign(request: Request): boolean {
  const [site, origin] = [request.headers.get("sec-fetch-site"), request.headers.get("origin")];
  const isOwn = origin === null || URL.parse(origin)?.host === request.headers.get("host");
  return !isOwn || (site !== null && site !== "same-origin");
}

const COOKIE = "session";
