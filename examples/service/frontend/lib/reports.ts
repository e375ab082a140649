import "server-only";
import { Authenticator, KeyVault, Policy, SharedRing, Sqlite, Verifier } from "counterseal";
import { file, lazy, secret, setting } from "@/lib/settings";

/** Verifies whoever reports to this site: by the service's keys, and with the ring that all processes of this host map. */
export const reports = lazy(() => {
  const verifier = new Verifier(new Policy([setting("SITE_AUTHORITY")]), [], new SharedRing(file("ring")));
  const [vault, keys] = [new KeyVault(secret("seal")), new Sqlite(file("keys.db"))];
  return new Authenticator(verifier, { loadKey: async (id) => vault.load(id).run(keys) });
});
