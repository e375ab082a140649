import "server-only";

/** Sends the browser on, with the cookies of `fields`. */
export function seeOther(path: string, fields?: Headers): Response {
  const headers = new Headers(fields);
  headers.set("location", path);
  return new Response(null, { status: 303, headers });
}

/** Whether a form of another site was sent. */
export function isForeign(request: Request): boolean {
  const [site, origin] = [request.headers.get("sec-fetch-site"), request.headers.get("origin")];
  const isOwn = origin === null || URL.parse(origin)?.host === request.headers.get("host");
  return !isOwn || (site !== null && site !== "same-origin");
}
