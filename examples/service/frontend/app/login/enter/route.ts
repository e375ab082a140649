import { problemResponse } from "counterseal/next";
import { seeOther } from "@/lib/forms";
import { sessions } from "@/lib/sessions";
import { secret, setting } from "@/lib/settings";
import { tokens } from "@/lib/tokens";

/** Lets the service say who this is, and begins a session of theirs in this browser. */
export async function POST(request: Request): Promise<Response> {
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
  try {
    const { subject, userVer } = await tokens().verify(token);
    const device = String(form.get("device") ?? "a browser");
    const { headers } = await sessions().begin(request, subject, { userVer: userVer ?? 0, device });
    return seeOther("/dashboard", headers);
  } catch (error) {
    return problemResponse(error);
  }
}
