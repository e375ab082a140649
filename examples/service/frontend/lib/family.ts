import "server-only";
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { Refresher, Sessions, TokenMinter, TokenPolicy, TokenSigner, TokenVerifier } from "counterseal";
import { drive } from "@/lib/database";
import type { Lane, Turn } from "@/lib/picture";
import { lazy } from "@/lib/settings";

/** The cookies of a browser. */
type Jar = Map<string, string>;

type Family = { owner: Jar; thief: Jar; turns: Turn[]; events: string[]; rotated: number };

/** What the buttons do, by the name in their address. */
export const familyActs: Record<string, { label: string; take: () => Promise<void> }> = {
  begin: { label: "Log in", take: begin },
  tabs: { label: "Refresh in two tabs at once", take: tabs },
  lose: { label: "Lose an answer, and ask again", take: lose },
  steal: { label: "Copy the cookie", take: steal },
  owner: { label: "The owner refreshes", take: owner },
  thief: { label: "The thief refreshes", take: thief },
};

/** A demonstration's window, so that nobody has to wait: a service has 30 s. */
const WINDOW = 1_000;
const ORIGIN = "https://site.example";

// Pages and route handlers are bundles of their own, with modules of their own; the process is one.
const shared = globalThis as { family?: Family };
shared.family ??= { owner: new Map(), thief: new Map(), turns: [], events: [], rotated: 0 };
const family = shared.family;

/** What happened so far, in its order. */
export function turns(): readonly Turn[] {
  return family.turns;
}

const sessions = lazy(() => {
  const policy = new TokenPolicy("access", { issuer: ORIGIN, audience: "family" });
  const signer = TokenSigner.hmac("family-1", "HS256", randomBytes(32));
  const refresher = new Refresher({
    confirmation: "wired",
    withinSeconds: 600,
    windowSeconds: WINDOW / 1_000,
    signing: [1, randomBytes(32)],
  });
  const [minter, verifier] = [new TokenMinter(signer, policy), new TokenVerifier(policy, [signer.key])];
  const onEvent = (event: string) => void family.events.push(event);
  return new Sessions(refresher, minter, verifier, { client: "browser", tenant: "family", onEvent, drive });
});

async function begin(): Promise<void> {
  Object.assign(family, { owner: new Map(), thief: new Map(), turns: [], events: [] });
  const { headers } = await sessions().begin(asks(family.owner), "ada", { userVer: 0, device: "a browser" });
  store(family.owner, headers);
  tell("owner");
}

async function tabs(): Promise<void> {
  await settled();
  const answers = await Promise.all([refresh(family.owner), refresh(family.owner)]);
  for (const { headers } of answers) store(family.owner, headers);
  tell("owner", "other tab");
  await look();
}

async function lose(): Promise<void> {
  await settled();
  await refresh(family.owner);
  tell("owner");
  const { headers } = await refresh(family.owner);
  store(family.owner, headers);
  tell("owner");
  await look();
}

async function steal(): Promise<void> {
  family.thief = new Map(family.owner);
}

async function owner(): Promise<void> {
  await settled();
  const { headers } = await refresh(family.owner);
  store(family.owner, headers);
  tell("owner");
  await look();
}

async function thief(): Promise<void> {
  // Whoever is quicker than a window is told apart by a key only.
  await sleep(Math.max(0, family.rotated + WINDOW + 50 - Date.now()));
  const { headers } = await refresh(family.thief);
  store(family.thief, headers);
  tell("thief");
}

async function refresh(jar: Jar): Promise<Response> {
  const answer = await sessions().refresh(asks(jar));
  family.rotated = Date.now();
  return answer;
}

/** The owner looks at a page: the service sees that the cookie was stored. */
async function look(): Promise<void> {
  if (family.owner.size > 0) await sessions().signedIn(asks(family.owner));
}

/** Waits until a token is old enough to be rotated: two windows. */
async function settled(): Promise<void> {
  await sleep(Math.max(0, family.rotated + 2 * WINDOW + 50 - Date.now()));
}

function asks(jar: Jar): Request {
  const cookie = [...jar].map((pair) => pair.join("=")).join("; ");
  const fields = { "sec-fetch-site": "same-origin", ...(cookie && { cookie }) };
  return new Request(ORIGIN, { method: "POST", headers: fields });
}

/** Takes over what an answer sets; a browser does this by itself. */
function store(jar: Jar, headers: Headers): void {
  for (const field of headers.getSetCookie()) {
    const [name = "", value = ""] = (field.split(";")[0] ?? "").split("=");
    if (field.includes("Max-Age=0;")) jar.delete(name);
    else jar.set(name, value);
  }
}

/** Writes down what was decided since the last time: an event for each of these. */
function tell(...lanes: Lane[]): void {
  for (const lane of lanes) {
    const event = JSON.parse(family.events.shift() ?? "{}");
    const { generation = null } = event;
    family.turns.push({ number: family.turns.length + 1, lane, code: event.event ?? "no cookie", generation });
  }
  family.rotated = Date.now();
}
