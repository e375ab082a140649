import "server-only";
import { Key, Signer, signingFetch } from "counterseal";
import { lazy, secret, setting } from "@/lib/settings";

/** A decision of the service, from its audit table: which rule, and the values that it compared. */
export type Decision = { request: string; event: string } & Record<string, string | number>;

/** The service, and how this site signs for it. */
export const service = lazy(() => {
  const url = new URL(setting("SERVICE_URL"));
  const key = new Key("web-1", secret("web-1"));
  const signer = new Signer(key);
  return { url, key, signer, fetch: signingFetch(signer, { authorities: [url.host] }) };
});

/** The last decisions, by the id of their request. */
export async function decisions(): Promise<Map<string, Decision>> {
  const answer = await service().fetch(new URL("/v1/audit", service().url), { cache: "no-store" });
  if (!answer.ok) return new Map();
  const rows: Decision[] = await answer.json();
  return new Map(rows.map((row) => [row.request, row]));
}
