import { asked, cookieOf, isForeign, seeOther, session } from "@/lib/session";

/** Ends all sessions of whoever asks, on every host and at once. */
export async function POST(request: Request): Promise<Response> {
  if (isForeign(request)) return new Response("cross-site", { status: 403 });
  const known = await session();
  const answer = known && (await asked("/v1/me/end", known.token, "POST"));
  // Whoever is told that all sessions are over must be able to rely on it; 401 says that this one was.
  if (answer && !answer.ok && answer.status !== 401) return new Response("try again", { status: 503 });
  return seeOther("/login", cookieOf());
}
