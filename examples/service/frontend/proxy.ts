import { createSessionProxy } from "counterseal/next";
import { sessions } from "@/lib/sessions";

/** Refreshes whose access token is over, and takes off fields that only this system sets. Pages and routes verify by themselves. */
export const proxy = createSessionProxy(sessions);

export const config = { matcher: ["/((?!_next/static|_next/image).*)"] };
