import { createSessionProxy } from "counterseal/next";
import { sessions } from "@/lib/sessions";
import { lazy } from "@/lib/settings";

/** Made on the first request: a build has no settings. */
const pass = lazy(() => createSessionProxy(sessions()));

/** Refreshes whose access token is over, and takes off fields that only this system sets. Pages and routes verify by themselves. */
export function proxy(request: Request): Promise<Response> {
  return pass()(request);
}

export const config = { matcher: ["/((?!_next/static|_next/image).*)"] };
