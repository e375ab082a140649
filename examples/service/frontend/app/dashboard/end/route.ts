import { asked, cookieOf, isForeign, seeOther, session } from "@/lib/session";

/** Ends all sessions of whoever asks, on every host and at once. */
export async function POST(request: Request): Promise<Response> {
  if (isForeign(request)) return new Response("cross-site", { status: 403 });
  const known = await session();
  if (known !== null) await asked("/v1/me/end", known.token, "POST");
  return seeOther("/login", cookieOf());
}
