import { seeOther } from "@/lib/forms";
import { sessions } from "@/lib/sessions";

/** Logs out: the session is over, on every host, and the browser forgets its cookies. */
export async function POST(request: Request): Promise<Response> {
  const answer = await sessions().end(request);
  // A session that was over before is as good as one that is over now.
  return answer.ok || answer.status === 401 ? seeOther("/login", answer.headers) : answer;
}
