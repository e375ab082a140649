import "server-only";
import { Key, Signer, signingFetch } from "counterseal";
import { lazy, secret, setting } from "@/lib/settings";

/** The service, and how this site signs for it. */
export const service = lazy(() => {
  const url = new URL(setting("SERVICE_URL"));
  const key = new Key("web-1", secret("web-1"));
  const signer = new Signer(key);
  return { url, key, signer, fetch: signingFetch(signer, { authorities: [url.host] }) };
});

/** What the service's audit table has about the request of this id: which rule, and the values that it compared. */
export async function audited(request: string): Promise<Record<string, string | number>> {
  const answer = await service().fetch(new URL("/v1/audit", service().url), { cache: "no-store" });
  const rows: Record<string, string | number>[] = answer.ok ? await answer.json() : [];
  return rows.find((row) => row.request === request) ?? {};
}
