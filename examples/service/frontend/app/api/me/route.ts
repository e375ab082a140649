import { tokenRoute } from "counterseal/next";
import { lazy } from "@/lib/settings";
import { tokens } from "@/lib/tokens";

/** Made on the first request: a build has no settings. */
const route = lazy(() =>
  tokenRoute(tokens(), (_request, { verified }) => Response.json({ name: verified.subject, key: verified.keyId })),
);

/** For programs that carry the token themselves. That all sessions were ended is for the service to say: this route takes genuine ones. */
export function GET(request: Request, context: unknown): Promise<Response> {
  return route()(request, context);
}
