import { familyActs } from "@/lib/family";
import { isForeign, seeOther } from "@/lib/forms";

/** A button was pressed: takes the step, and shows the picture again. */
export async function POST(request: Request, { params }: { params: Promise<{ act: string }> }): Promise<Response> {
  if (isForeign(request)) return new Response("cross-site", { status: 403 });
  const { act } = await params;
  const found = Object.hasOwn(familyActs, act) ? familyActs[act] : undefined;
  if (!found) return new Response("no such step", { status: 404 });
  await found.take();
  return seeOther("/family");
}
