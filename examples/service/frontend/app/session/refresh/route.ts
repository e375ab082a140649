import { sessions } from "@/lib/sessions";

/** For scripts of the page: sets both cookies anew. Navigations are refreshed by the proxy. */
export function POST(request: Request): Promise<Response> {
  return sessions().refresh(request);
}
