import { type Proof, signedRoute } from "counterseal/next";
import { add } from "@/lib/log";
import { reports } from "@/lib/reports";

/** The tour tells what it saw. Its reports are signed too, and a replayed report is refused. */
export function POST(request: Request): Promise<Response> {
  return signedRoute(reports(), report)(request, {});
}

function report(_: Request, { verified, body }: Proof): Response {
  if (verified.scope !== "reporter") return new Response(null, { status: 403 });
  add(JSON.parse(Buffer.from(body).toString()));
  return new Response(null, { status: 204 });
}
