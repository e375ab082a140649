import { createProxy } from "counterseal/next";

/** Takes off fields that only this system sets. Routes verify by themselves. */
export const proxy = createProxy();

export const config = { matcher: ["/((?!_next/static|_next/image).*)"] };
