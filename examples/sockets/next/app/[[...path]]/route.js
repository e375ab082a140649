// Verifies whatever comes by the case in the file CASE, behind Next.js.
// The answer names the exact code in the field X-Code, which a service must not do.

import { signedRoute } from "counterseal/next";
import { authenticator } from "../../../case.mjs";

export const dynamic = "force-dynamic";

export { judge as DELETE, judge as GET, judge as HEAD, judge as OPTIONS, judge as PATCH, judge as POST, judge as PUT };

async function judge(request) {
  let code;
  const asked = authenticator((event) => {
    code = JSON.parse(event).event;
  });
  const answer = await signedRoute(asked, () => new Response())(request, {});
  if (code) answer.headers.set("X-Code", code);
  return answer;
}
