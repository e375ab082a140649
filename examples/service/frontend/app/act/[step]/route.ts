import { acts } from "@/lib/acts";

/** A button was pressed: takes the step, and shows the page again. */
export async function POST(request: Request, { params }: { params: Promise<{ step: string }> }): Promise<Response> {
  const site = request.headers.get("sec-fetch-site");
  if (site !== null && site !== "same-origin") return new Response("cross-site", { status: 403 });
  const { step } = await params;
  const act = Object.hasOwn(acts, step) ? acts[step] : undefined;
  if (!act) return new Response("no such step", { status: 404 });
  await act.take();
  return new Response(null, { status: 303, headers: { Location: "/" } });
}
