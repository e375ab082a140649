import "server-only";
import { Authenticator, KeyVault, Policy, SharedRing, Verifier } from "counterseal";
import { database, drive } from "@/lib/database";
import { file, lazy, secret, setting } from "@/lib/settings";

/**
 * Verifies whoever reports to this site: by the service's keys, and with its store of nonces, which is a database or the ring
 * that all processes of this host map.
 */
export const reports = lazy(() => {
  const [policy, vault] = [new Policy([setting("SITE_AUTHORITY")]), new KeyVault(secret("seal"))];
  const loadKey = (id: string) => drive(vault.load(id));
  if (database() !== undefined) return new Authenticator(new Verifier(policy), { drive, loadKey });
  return new Authenticator(new Verifier(policy, [], new SharedRing(file("ring"))), { loadKey });
});
