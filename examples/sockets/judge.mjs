// Verifies whatever comes by the case in the file CASE, behind Node's own server: `node judge.mjs PORT`.
// The answer names the exact code in the field X-Code, which a service must not do.

import { createServer } from "node:http";
import { CountersealError, verifyIncoming } from "counterseal";
import { authenticator } from "./case.mjs";

const server = createServer(async (request, response) => {
  response.setHeader("X-Code", await verdict(request));
  response.end();
});

server.listen(Number(process.argv[2]), "127.0.0.1");

/** The code of the verdict on this request. */
async function verdict(request) {
  try {
    await verifyIncoming(authenticator(), request);
    return "request_accepted";
  } catch (refused) {
    if (refused instanceof CountersealError) return refused.code;
    throw refused;
  }
}
