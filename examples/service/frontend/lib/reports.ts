import "server-only";
import { Authenticator, KeyVault, Policy, SharedRing, Sqlite, Verifier } from "counterseal";
import { database } from "@/lib/database";
import { file, lazy, secret, setting } from "@/lib/settings";

/**
 * Verifies whoever reports to this site: by the service's keys, and with its store of nonces, which is a database or the ring
 * that all processes of this host map.
 */
export const reports = lazy(() => {
  const [policy, vault, store] = [new Policy([setting("SITE_AUTHORITY")]), new KeyVault(secret("seal")), database()];
  if (store === undefined) {
    const keys = new Sqlite(file("keys.db"));
    const verifier = new Verifier(policy, [], new SharedRing(file("ring")));
    return new Authenticator(verifier, { loadKey: async (id) => vault.load(id).run(keys) });
  }
  return new Authenticator(new Verifier(policy), {
    drive: (waiting) => store.drive(waiting),
    loadKey: (id) => store.drive(vault.load(id)),
  });
});
