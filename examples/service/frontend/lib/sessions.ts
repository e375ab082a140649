import "server-only";
import {
  CountersealError,
  Refresher,
  type RequestHead,
  Sessions,
  TokenMinter,
  TokenPolicy,
  TokenRing,
  TokenVerifier,
} from "counterseal";
import { headers } from "next/headers";
import { redirect } from "next/navigation";
import { drive } from "@/lib/database";
import { secret, setting } from "@/lib/settings";

// Proxy, pages and route handlers are bundles of their own, with modules of their own; the process is one.
const shared = globalThis as { ring?: TokenRing; sessions?: Sessions };

/** How long tokens live, and for how long tabs that refresh at once get the same; the browser's test cannot wait for so long. */
const { life, window } = process.env.SITE_PACE === "quick" ? { life: 10, window: 1 } : { life: 300, window: 30 };

/** The keys of tokens. Site and service are hosts of one issuer: both sign, and the service publishes. */
function ring(): TokenRing {
  const issuer = new URL(setting("SERVICE_URL")).origin;
  shared.ring ??= new TokenRing(issuer, secret("seal"), { lifeSeconds: 300, hostsSeconds: 4 });
  return shared.ring;
}

/** The sessions of people in their browsers; `end all` of the service ends them too, since both go by the same versions. */
export function sessions(): Sessions {
  shared.sessions ??= made();
  return shared.sessions;
}

function made(): Sessions {
  const policy = new TokenPolicy("access", { issuer: ring().issuer, audience: "dashboard", lifeSeconds: 300 });
  const refresher = new Refresher({
    confirmation: "wired",
    withinSeconds: 86_400,
    windowSeconds: window,
    signing: [1, secret("refresh")],
  });
  return new Sessions(refresher, new TokenMinter(ring(), policy), new TokenVerifier(policy, ring()), {
    client: "site",
    tenant: "people",
    lifeSeconds: life,
    origin: `http://${setting("SITE_AUTHORITY")}`,
    drive,
  });
}

/** Reads the keys, and again each second: the service rotates them while this site runs. */
export async function followKeys(): Promise<void> {
  await drive(ring().load());
  void ring().follow({ signal: new AbortController().signal, everySeconds: 1, drive });
}

/** The request that a page or an action is for. */
export async function request(method = "GET"): Promise<RequestHead> {
  return { headers: await headers(), method };
}

/** The access token of whoever is signed in; strangers are sent to log in. */
export async function accessToken(): Promise<string> {
  // Whatever needs a request comes first: a build renders pages too, and has neither settings nor files.
  const asking = await request();
  try {
    return await sessions().accessToken(asking);
  } catch (error) {
    if (error instanceof CountersealError && error.http === 401) redirect("/login");
    throw error;
  }
}

/** Asks the service, which knows whether the token may still act. */
export function asked(path: string, token: string, method = "GET"): Promise<Response> {
  const url = new URL(path, setting("SERVICE_URL"));
  return fetch(url, { method, headers: { authorization: `Bearer ${token}`, connection: "close" }, cache: "no-store" });
}
