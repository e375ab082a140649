import { cookieOf, isForeign, seeOther } from "@/lib/session";
import { secret, setting } from "@/lib/settings";

/** Logs in at the service, and keeps the token in a cookie. */
export async function POST(request: Request): Promise<Response> {
  if (isForeign(request)) return new Response("cross-site", { status: 403 });
  const form = await request.formData();
  const name = String(form.get("name"));
  // Whoever presses the button of this demonstration has no password; anywhere else this line is a hole.
  const password = String(form.get("password") || Buffer.from(secret("ada")).toString("hex"));
  const answer = await fetch(new URL("/v1/login", setting("SERVICE_URL")), {
    method: "POST",
    headers: { "content-type": "application/json", connection: "close" },
    body: JSON.stringify({ name, password }),
    cache: "no-store",
  });
  if (!answer.ok) return seeOther("/login");
  const { token } = await answer.json();
  return seeOther("/dashboard", cookieOf(token));
}
