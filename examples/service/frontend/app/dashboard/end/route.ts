import { problemResponse } from "counterseal/next";
import { POST as leave } from "@/app/dashboard/leave/route";
import { asked, sessions } from "@/lib/sessions";

/** Ends all sessions of whoever asks, on every host and at once. */
export async function POST(request: Request): Promise<Response> {
  try {
    const answer = await asked("/v1/me/end", await sessions().accessToken(request), "POST");
    // Whoever is told that all sessions are over must be able to rely on it; 401 says that this one was.
    if (!answer.ok && answer.status !== 401) return new Response("try again", { status: 503 });
    return leave(request);
  } catch (error) {
    return problemResponse(error);
  }
}
