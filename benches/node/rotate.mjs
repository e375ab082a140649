// Rotations of oidc-provider with its adapter in memory, over one connection on loopback that stays open: for each number that is read, so
// many of them, and the nanoseconds that they took above as many of the cheapest requests to the same server.

import http from "node:http";
import { createInterface } from "node:readline";
import { Provider } from "oidc-provider";

// Answers alone go to the output.
console.info = console.error;

const SECRET = "s".repeat(32);
const CLIENT = {
  client_id: "web",
  client_secret: SECRET,
  grant_types: ["refresh_token", "authorization_code"],
  redirect_uris: ["http://127.0.0.1/cb"],
  token_endpoint_auth_method: "client_secret_post",
};
const TYPE = "application/x-www-form-urlencoded";

const provider = new Provider("http://127.0.0.1", {
  clients: [CLIENT],
  rotateRefreshToken: () => true,
  scopes: ["offline_access", "api"],
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  features: { devInteractions: { enabled: false } },
});
const server = provider.listen(0, "127.0.0.1");
await new Promise((listens) => server.once("listening", listens));
const { port } = server.address();
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

/** The text of an answer; `form` makes it a POST. */
function call(path, form) {
  const headers = form ? { "content-type": TYPE, "content-length": Buffer.byteLength(form) } : {};
  const options = { port, path, agent, headers, method: form ? "POST" : "GET" };
  return new Promise((resolve, reject) => {
    const request = http.request(options, (answer) => {
      let text = "";
      answer.on("data", (some) => {
        text += some;
      });
      answer.on("end", () => (answer.statusCode === 200 ? resolve(text) : reject(new Error(text))));
    });
    request.on("error", reject);
    request.end(form);
  });
}

async function first() {
  const grant = new provider.Grant({ accountId: "ada", clientId: "web" });
  grant.addOIDCScope("offline_access api");
  const token = new provider.RefreshToken({
    accountId: "ada",
    client: await provider.Client.find("web"),
    grantId: await grant.save(),
    scope: "offline_access api",
    gty: "authorization_code",
    authTime: 1,
    sessionUid: "session",
    expiresWithSession: false,
    rotations: 0,
    iiat: Math.floor(Date.now() / 1000),
  });
  return token.save();
}

let token = await first();

async function rotate() {
  const form = new URLSearchParams({ grant_type: "refresh_token", client_id: "web", client_secret: SECRET });
  form.set("refresh_token", token);
  token = JSON.parse(await call("/token", form.toString())).refresh_token;
}

async function nanos(times, op) {
  const begun = process.hrtime.bigint();
  for (let n = 0; n < times; n += 1) await op();
  return process.hrtime.bigint() - begun;
}

for await (const line of createInterface({ input: process.stdin })) {
  const rotations = await nanos(Number(line), rotate);
  console.log(String(rotations - (await nanos(Number(line), () => call("/jwks")))));
}
process.exit(0);
