// The case in the file CASE: its policy, keys, clock and store. The same for Node's own server and for Next.js.

import { readFileSync } from "node:fs";
import { Authenticator, drive, Key, Policy, Verifier } from "counterseal";

/** Verifies as the case that is being sent says; `onEvent` is told what was decided. */
export function authenticator(onEvent) {
  const { policy, keys, now, replies } = JSON.parse(readFileSync(process.env.CASE, "utf8"));
  const verifier = new Verifier(Policy.parse(JSON.stringify(policy)), keys.map(key));
  const settings = { drive: (waiting) => drive(waiting, "sqlite", store(replies)), clock: () => now, onEvent };
  return new Authenticator(verifier, settings);
}

function key({ id, secret, ...options }) {
  return new Key(id, Buffer.from(secret, "hex"), options);
}

/** A store that gives the case's answer; a decision that must not ask has none to get. */
function store(replies) {
  return async () => {
    const [reply] = replies;
    if (reply === "unavailable") throw new Error("no answer");
    return [[reply]];
  };
}
