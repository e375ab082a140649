import "server-only";
import { KeyFetcher, RemoteVerifier, TokenPolicy } from "counterseal";
import { lazy, setting } from "@/lib/settings";

/** Verifies tokens of the service's people with the keys that it publishes, as whoever has nothing else of it does. */
export const tokens = lazy(() => {
  const issuer = new URL(setting("SERVICE_URL")).origin;
  const policy = new TokenPolicy("access", { issuer, audience: "dashboard" });
  const url = `${issuer}/.well-known/jwks.json`;
  // The service rotates its keys within seconds. Elsewhere the URL is https, and issuer and URL are all that it takes.
  const fetcher = new KeyFetcher(issuer, url, { loopback: true, refreshSeconds: 60, coolDownSeconds: 5 });
  return new RemoteVerifier(policy, fetcher);
});
