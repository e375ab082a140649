import { seeOther } from "@/lib/forms";
import { sessions } from "@/lib/sessions";

/** Logs out: the session is over, on every host, and the browser forgets its cookies. */
export async function POST(request: Request): Promise<Response> {
  const answer = await sessions().end(request);
  // 401: it was over before, it is over now because somebody else has used it, or there was none.
  return answer.ok || answer.status === 401 ? seeOther("/login", answer.headers) : answer;
}
