// Sessions of browsers: cookies, handlers, and what a proxy does.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Memory, RefreshError, Refresher, Sessions, sessionFetch, TokenMinter, TokenVerifier } from "counterseal";
import { NOW, refused, SECRET, tokenPolicy, tokenSigner, tokenVerifier } from "./support.mjs";

const ORIGIN = "https://app.example";
const [SECOND, MINUTE] = [1_000, 60_000];
const REFRESH = "__Host-cs_rt";

/** A service with its clock, and browsers that keep cookies. */
class Service {
  now = NOW;
  events = [];
  store = new Memory({ now: NOW });
  isAway = false;

  constructor(settings = {}) {
    const refresher = new Refresher({
      confirmation: "wired",
      withinSeconds: 86_400,
      windowSeconds: 20,
      signing: [1, SECRET],
    });
    const signer = tokenSigner();
    const verifier = new TokenVerifier(tokenPolicy(), [signer.key]);
    this.verifier = verifier;
    this.sessions = new Sessions(refresher, new TokenMinter(signer, tokenPolicy()), verifier, {
      client: "web",
      tenant: "login",
      origin: ORIGIN,
      clock: () => this.now,
      drive: async (waiting) => this.#drive(waiting),
      onEvent: (event) => this.events.push(JSON.parse(event).event),
      ...settings,
    });
  }

  #drive(waiting) {
    if (!this.isAway) return waiting.run(this.store);
    waiting.statement("sqlite");
    waiting.answer(null);
    return waiting.verdict();
  }

  async signedIn(device = "laptop") {
    const browser = new Browser(this);
    const options = { userVer: 0, device, access: "orders:read" };
    const { headers } = await this.sessions.begin(browser.asks(), "ada", options);
    browser.takes(headers);
    return browser;
  }
}

class Browser {
  cookies = new Map();

  constructor(service) {
    this.service = service;
  }

  asks(fields = { "sec-fetch-site": "same-origin" }) {
    const headers = new Headers(fields);
    const cookie = [...this.cookies].map((pair) => pair.join("=")).join("; ");
    if (cookie !== "") headers.set("cookie", cookie);
    return new Request(`${ORIGIN}/`, { method: "POST", headers });
  }

  takes(headers) {
    for (const field of headers.getSetCookie()) {
      const [pair, ...attributes] = field.split("; ");
      assert.deepEqual(attributes.slice(1), ["Path=/", "Secure", "HttpOnly", "SameSite=Lax"]);
      const [name, value] = pair.split("=");
      if (attributes[0] === "Max-Age=0") this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
  }

  async does(name, ...more) {
    const response = await this.service.sessions[name](this.asks(), ...more);
    this.takes(response.headers);
    return response;
  }

  who() {
    return this.service.sessions.signedIn(this.asks());
  }
}

test("a browser stays signed in", async () => {
  const service = new Service();
  const browser = await service.signedIn();
  for (let turn = 1; turn < 4; turn += 1) {
    service.now += 20 * MINUTE;
    await assert.rejects(browser.who(), { code: "jwt_expired" });
    const answer = await browser.does("refresh");
    assert.deepEqual([answer.status, answer.headers.get("cache-control")], [204, "private, no-store"]);
    const { subject, generation, claims } = await browser.who();
    assert.deepEqual([subject, generation, claims.scope], ["ada", turn, "orders:read"]);
  }
  assert.equal(service.events.filter((event) => event === "refresh_rotated").length, 3);
});

test("r01 tabs that refresh at once stay signed in together", async () => {
  const service = new Service();
  const browser = await service.signedIn();
  service.now += 20 * MINUTE;
  const tabs = Array.from({ length: 15 }, () => service.sessions.refresh(browser.asks()));
  const answers = await Promise.all(tabs);
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([204]));
  for (const { headers } of answers) browser.takes(headers);
  const given = answers.flatMap(({ headers }) => headers.getSetCookie()).filter((field) => field.startsWith(REFRESH));
  assert.equal(new Set(given.map((field) => field.split(";")[0])).size, 1);
  assert.equal((await browser.who()).generation, 1);
});

test("r02 a stolen cookie ends the session and clears the cookies", async () => {
  const service = new Service();
  const browser = await service.signedIn();
  const thief = new Browser(service);
  thief.cookies = new Map(browser.cookies);
  service.now += 20 * MINUTE;
  await browser.does("refresh");
  await browser.who();
  service.now += MINUTE;
  const stolen = await thief.does("refresh");
  assert.deepEqual([stolen.status, stolen.headers.get("content-type")], [401, "application/problem+json"]);
  assert.equal(thief.cookies.size, 0);
  assert.equal((await browser.does("refresh")).status, 401);
  assert.equal(browser.cookies.size, 0);
  assert.deepEqual(service.events.slice(-2), ["refresh_replayed", "refresh_ended"]);
});

test("what another site makes a browser send changes nothing", async () => {
  const service = new Service();
  const browser = await service.signedIn();
  for (const [fields, status] of [
    [{ "sec-fetch-site": "same-origin", origin: "https://evil.example" }, 204],
    [{ origin: ORIGIN }, 204],
    [{ "sec-fetch-site": "same-site", origin: ORIGIN }, 403],
    [{ "sec-fetch-site": "cross-site" }, 403],
    [{ "sec-fetch-site": "none" }, 403],
    [{ origin: "https://evil.example" }, 403],
    [{ origin: "null" }, 403],
    [{}, 403],
  ]) {
    for (const name of ["refresh", "end", "endOthers"]) {
      const victim = name === "end" ? await service.signedIn() : browser;
      const answer = await service.sessions[name](victim.asks(fields));
      assert.equal(answer.status, status, `${name} ${JSON.stringify(fields)}`);
      if (status === 403)
        assert.deepEqual([(await answer.json()).code, answer.headers.getSetCookie()], ["cross_site", []]);
    }
  }
});

test("sessions are listed and ended by their holder", async () => {
  const service = new Service();
  const [laptop, phone] = [await service.signedIn(), await service.signedIn("phone")];
  const listed = await (await laptop.does("list")).json();
  assert.deepEqual(
    new Set(listed.map(({ device, isThis }) => `${device} ${isThis}`)),
    new Set(["laptop true", "phone false"]),
  );
  const other = listed.find(({ device }) => device === "phone").id;
  assert.equal((await laptop.does("endOne", "A".repeat(22))).status, 404);
  assert.equal((await laptop.does("endOne", other)).status, 204);
  assert.equal((await phone.does("refresh")).status, 401);
  const tablet = await service.signedIn("tablet");
  assert.equal((await laptop.does("endOthers")).status, 204);
  assert.equal((await tablet.does("refresh")).status, 401);
  assert.equal((await (await laptop.does("list")).json()).length, 1);
});

test("who logs out is out and has no cookies", async () => {
  const service = new Service();
  const browser = await service.signedIn();
  const kept = new Map(browser.cookies);
  service.now += 60 * MINUTE;
  const answer = await browser.does("end");
  assert.deepEqual([answer.status, answer.headers.get("cache-control")], [204, "private, no-store"]);
  assert.equal(browser.cookies.size, 0);
  browser.cookies = kept;
  assert.equal((await browser.does("refresh")).status, 401);
});

test("who has no cookie is told to log in", async () => {
  const stranger = new Browser(new Service());
  await assert.rejects(stranger.who(), { code: "binding_session_missing" });
  for (const name of ["refresh", "end", "list"]) {
    const answer = await stranger.does(name);
    const told = [answer.status, (await answer.json()).code, answer.headers.get("www-authenticate")];
    assert.deepEqual(told, [401, "login_required", "Bearer"]);
  }
});

test("a proxy refreshes, and the page sees the new cookies at once", async () => {
  const service = new Service();
  const browser = await service.signedIn();
  const idle = await service.sessions.pass(browser.asks({ "cs-rotated": "1", "cs-other": "2", accept: "a/b" }));
  assert.deepEqual([...idle.headers.keys()].sort(), ["accept", "cookie"]);
  assert.deepEqual([idle.response, [...idle.set]], [null, []]);

  service.now += 14 * MINUTE + 1;
  const passed = await service.sessions.pass(browser.asks());
  assert.equal((await service.sessions.signedIn({ headers: passed.headers })).generation, 1);
  assert.notEqual(passed.headers.get("cs-rotated"), null);
  browser.takes(passed.set);
  assert.equal(passed.set.get("cache-control"), "private, no-store");
  assert.equal(passed.headers.get("cookie"), browser.asks().headers.get("cookie"));
});

test("what a proxy forwards confirms nothing, and what the browser has stored does", async () => {
  for (const isStored of [false, true]) {
    const service = new Service();
    const browser = await service.signedIn();
    const before = new Map(browser.cookies);
    service.now += 20 * MINUTE;
    const passed = await service.sessions.pass(browser.asks());
    await service.sessions.signedIn({ headers: passed.headers });
    if (isStored) {
      browser.takes(passed.set);
      await browser.who();
    }
    // The answer was lost, or an old cookie was stolen.
    browser.cookies = before;
    service.now += 5 * MINUTE;
    assert.equal((await browser.does("refresh")).status, isStored ? 401 : 204);
  }
});

test("what a forwarded request leads to confirms nothing, and no stranger can say that theirs is one", async () => {
  const other = new Service();
  const eve = await other.signedIn("eve");
  other.now += 20 * MINUTE;
  const hers = (await other.sessions.pass(eve.asks())).headers.get("cs-rotated");
  for (const [forged, status] of [
    [null, 204],
    ["1", 401],
    ["A".repeat(43), 401],
    [hers, 401],
  ]) {
    const service = new Service();
    const browser = await service.signedIn();
    const before = new Map(browser.cookies);
    service.now += 20 * MINUTE;
    const { headers } = await service.sessions.pass(browser.asks());
    if (forged !== null) headers.set("cs-rotated", forged);
    const within = await service.sessions.pass({ headers });
    assert.deepEqual([within.headers.has("cs-rotated"), [...within.set]], [forged === null, []]);
    await service.sessions.signedIn({ headers: within.headers });
    browser.cookies = before;
    service.now += 5 * MINUTE;
    assert.equal((await browser.does("refresh")).status, status);
  }
});

test("a short life is refreshed in its last quarter", async () => {
  const service = new Service({ lifeSeconds: 60 });
  const browser = await service.signedIn();
  service.now += 45 * SECOND - 1;
  assert.deepEqual([...(await service.sessions.pass(browser.asks())).set], []);
  service.now += 1;
  assert.equal((await service.sessions.pass(browser.asks())).set.getSetCookie().length, 2);
});

test("a page gets the access token of whoever is signed in, and their sessions", async () => {
  const service = new Service();
  const [laptop, phone] = [await service.signedIn(), await service.signedIn("phone")];
  const token = await service.sessions.accessToken(laptop.asks());
  const who = await laptop.who();
  assert.equal(service.verifier.verify(token, { now: NOW }).session, who.session);
  assert.equal(
    await service.sessions.accessToken({ headers: new Headers({ authorization: `Bearer ${token}` }) }),
    token,
  );
  const told = await service.sessions.listed(phone.asks());
  assert.deepEqual(told, await (await phone.does("list")).json());
  assert.equal(told.find(({ id }) => id === who.session).isThis, false);
  for (const name of ["accessToken", "listed"]) {
    await assert.rejects(service.sessions[name](new Browser(service).asks()), { code: "binding_session_missing" });
    await assert.rejects(service.sessions[name](laptop.asks({ "sec-fetch-site": "cross-site" })), {
      code: "binding_cross_site",
    });
  }
});

test("a store that is away takes no cookie from anybody", async () => {
  const service = new Service();
  const browser = await service.signedIn();
  service.isAway = true;
  service.now += 14 * MINUTE + 1;
  const nearly = await service.sessions.pass(browser.asks());
  assert.deepEqual([nearly.response, [...nearly.set]], [null, []]);
  service.now += MINUTE;
  const over = await service.sessions.pass(browser.asks());
  assert.deepEqual([over.response.status, over.response.headers.getSetCookie()], [503, []]);
  assert.notEqual(over.response.headers.get("retry-after"), null);
  service.isAway = false;
  assert.equal((await browser.does("refresh")).status, 204);
});

test("a proxy takes the cookies of a session that is over, and lets the page decide", async () => {
  const service = new Service();
  const browser = await service.signedIn();
  const kept = new Map(browser.cookies);
  await browser.does("end");
  browser.cookies = kept;
  service.now += 20 * MINUTE;
  const passed = await service.sessions.pass(browser.asks());
  assert.equal(passed.response, null);
  assert.equal(passed.headers.get("cookie"), null);
  assert.equal(passed.set.get("cache-control"), "private, no-store");
  browser.takes(passed.set);
  assert.equal(browser.cookies.size, 0);
});

test("what cannot be set up is refused", () => {
  const signer = tokenSigner();
  const refresher = new Refresher({ confirmation: "wired", withinSeconds: 60, signing: [1, SECRET] });
  const made = [refresher, new TokenMinter(signer, tokenPolicy()), tokenVerifier()];
  const names = { client: "web", tenant: "login" };
  refused("binding_store_missing", () => new Sessions(...made, names));
  refused("binding_argument_type", () => new Sessions(...made, { ...names, store: 7 }));
  refused("binding_argument_type", () => new Sessions({}, made[1], made[2], names));
  refused("binding_argument_type", () => new Sessions(made[0], {}, made[2], names));
});

/** A client that is no browser, and the service that it asks. */
async function program(service, settings = {}, issued = {}) {
  const { refresh_token: first } = await service.sessions.issue("ada", { userVer: 0, ...issued });
  const keep = { tokens: [first], asked: 0, isAway: false, elsewhere: [] };
  const fetch = sessionFetch(`${ORIGIN}/session/token`, {
    load: () => keep.tokens.at(-1),
    save: (token) => void keep.tokens.push(token),
    clock: () => service.now,
    fetch: async (request) => {
      const { host, pathname } = new URL(request.url);
      if (host !== "app.example" || !request.url.startsWith("https:")) {
        keep.elsewhere.push(request.headers.get("authorization"));
        return new Response(null, { status: 401 });
      }
      if (pathname !== "/session/token") return orders(service, request);
      keep.asked += 1;
      await new Promise((resolve) => setTimeout(resolve, 5));
      return keep.isAway ? new Response(null, { status: 503 }) : service.sessions.token(request);
    },
    ...settings,
  });
  return { fetch, keep };
}

/** A route for access tokens. */
async function orders(service, request) {
  try {
    const token = request.headers.get("authorization").slice("Bearer ".length);
    const { generation } = service.verifier.verify(token, { now: service.now });
    return Response.json([generation, await request.text()]);
  } catch {
    return new Response(null, { status: 401 });
  }
}

test("a program refreshes once for all its requests", async () => {
  const service = new Service();
  const { fetch, keep } = await program(service);
  for (let turn = 1; turn < 4; turn += 1) {
    service.now += 20 * MINUTE;
    const send = () => fetch(`${ORIGIN}/orders`, { method: "POST", body: "a" });
    const answers = await Promise.all(Array.from({ length: 20 }, send));
    for (const answer of answers) assert.deepEqual(await answer.json(), [turn, "a"]);
    assert.equal(keep.asked, turn);
  }
  assert.equal(new Set(keep.tokens).size, 4);
});

test("a program stores its refresh token before it uses the access token", async () => {
  const service = new Service();
  const save = () => Promise.reject(new Error("no space left"));
  const { fetch, keep } = await program(service, { save });
  service.now += 20 * MINUTE;
  await assert.rejects(fetch(`${ORIGIN}/orders`), { message: "no space left" });
  service.now += 60 * MINUTE;
  const answer = await service.sessions.token(asked({ refresh_token: keep.tokens[0] }));
  assert.equal(answer.status, 200);
});

test("a program whose session is over forgets its token and asks for a login", async () => {
  const service = new Service();
  const { fetch, keep } = await program(service);
  service.now += 20 * MINUTE;
  assert.equal((await fetch(`${ORIGIN}/orders`)).status, 200);
  assert.equal((await service.sessions.endToken(asked({ refresh_token: keep.tokens.at(-1) }))).status, 204);
  service.now += 20 * MINUTE;
  for (let turn = 0; turn < 2; turn += 1) {
    await assert.rejects(fetch(`${ORIGIN}/orders`), (error) => {
      assert(error instanceof RefreshError);
      return error.code === "binding_login_needed";
    });
  }
  assert.deepEqual([keep.tokens.at(-1), keep.asked], [null, 2]);
});

test("a program keeps its token while the service is away", async () => {
  const service = new Service();
  const { fetch, keep } = await program(service);
  service.now += 20 * MINUTE;
  keep.isAway = true;
  await assert.rejects(fetch(`${ORIGIN}/orders`), { code: "binding_refresh_failed" });
  assert.equal(keep.tokens.length, 1);
  keep.isAway = false;
  assert.equal((await fetch(`${ORIGIN}/orders`)).status, 200);
});

test("a program shows its tokens to its service only", async () => {
  const { fetch, keep } = await program(new Service());
  for (const url of ["https://evil.example/", "http://app.example/orders", "https://app.example.evil/"]) {
    assert.equal((await fetch(url)).status, 401);
  }
  assert.deepEqual(keep.elsewhere, [null, null, null]);
});

test("a refresh that is redirected, or makes no sense, changes nothing", async () => {
  const tokens = { access_token: "a", expires: NOW, refresh_token: null };
  for (const answer of [
    () => Response.redirect("https://evil.example/session/token", 307),
    () => Response.json({ ...tokens, access_token: "a\nb" }),
    () => Response.json({ ...tokens, expires: "x" }),
    () => Response.json({ ...tokens, refresh_token: 5 }),
    () => Response.json([]),
    () => new Response("{"),
  ]) {
    const stored = ["secret"];
    const seen = [];
    const fetch = sessionFetch(`${ORIGIN}/session/token`, {
      load: () => stored.at(-1),
      save: (token) => void stored.push(token),
      fetch: async (request) => {
        seen.push([request.url, request.redirect]);
        return answer();
      },
    });
    await assert.rejects(fetch(`${ORIGIN}/orders`), { code: "binding_refresh_failed" });
    assert.deepEqual(stored, ["secret"]);
    assert.deepEqual(seen, [[`${ORIGIN}/session/token`, "manual"]]);
  }
});

test("a login or a logout during a refresh is not overwritten", async () => {
  const service = new Service();
  const { fetch, keep } = await program(service);
  const { refresh_token: other } = await service.sessions.issue("ben", { userVer: 0 });
  service.now += 20 * MINUTE;
  const waiting = fetch(`${ORIGIN}/orders`);
  await new Promise((resolve) => setTimeout(resolve, 1));
  keep.tokens.push(other);
  assert.equal((await waiting).status, 200);
  assert.equal(keep.tokens.length, 3);
  keep.tokens.push(null);
  await assert.rejects(fetch(`${ORIGIN}/orders`), { code: "binding_login_needed" });
});

test("a program whose clock is wrong, or whose tokens are short, refreshes once for a request", async () => {
  for (const [ahead, lifeSeconds, sent, refreshes] of [
    [-20 * MINUTE, 900, 2, 1],
    [14 * MINUTE, 900, 2, 1],
    [15 * MINUTE, 900, 2, 2],
    [24 * 60 * MINUTE, 900, 2, 2],
    [0, 30, 2, 1],
  ]) {
    const service = new Service({ lifeSeconds });
    const { fetch, keep } = await program(service, { clock: () => service.now + ahead });
    for (let turn = 0; turn < sent; turn += 1) assert.equal((await fetch(`${ORIGIN}/orders`)).status, 200);
    assert.equal(keep.asked, refreshes, `${ahead} ${lifeSeconds}`);
  }
});

test("a program that does not forget its token asks for it a few times", async () => {
  const service = new Service();
  const { fetch, keep } = await program(service, { load: () => "csrt1_AAAA" });
  await assert.rejects(fetch(`${ORIGIN}/orders`), { code: "binding_refresh_failed" });
  assert.deepEqual([keep.asked, keep.tokens.slice(1)], [3, [null, null, null]]);
});

test("what a program presents changes no cookie, whoever sent it", async () => {
  const service = new Service();
  const browser = await service.signedIn();
  const { refresh_token: ended } = await service.sessions.issue("ada", { userVer: 0 });
  assert.equal((await service.sessions.endToken(asked({ refresh_token: ended }))).status, 204);
  for (const token of ["x", "\ud800", "\u0000", ended]) {
    for (const route of ["token", "endToken"]) {
      const told = await service.sessions[route](asked({ refresh_token: token }));
      assert.deepEqual([told.status, told.headers.get("cs-forget"), told.headers.getSetCookie()], [401, "1", []]);
    }
  }
  assert.equal((await browser.who()).subject, "ada");
});

test("a program lists and ends sessions by its access token", async () => {
  const service = new Service();
  const browser = await service.signedIn();
  const { access_token: access } = await service.sessions.issue("ada", { userVer: 0 });
  const bearing = () => new Request(`${ORIGIN}/`, { method: "POST", headers: { authorization: `Bearer ${access}` } });
  const { session } = await browser.who();
  assert.equal((await service.sessions.endOne(bearing(), session)).status, 204);
  assert.equal((await service.sessions.endOthers(bearing())).status, 204);
  const left = await (await service.sessions.list(bearing())).json();
  assert.deepEqual(
    left.map(({ isThis }) => isThis),
    [true],
  );
});

test("whoever does not want to wait for a refresh does not", async () => {
  const never = () => new Promise(() => {});
  const fetch = sessionFetch(`${ORIGIN}/session/token`, { load: () => "secret", save: () => {}, fetch: never });
  const patience = new AbortController();
  setTimeout(() => patience.abort(new Error("enough")), 10);
  await assert.rejects(fetch(`${ORIGIN}/orders`, { signal: patience.signal }), { message: "enough" });
  await assert.rejects(fetch("not a url"), TypeError);
});

test("a program's own access token says who it is, and confirms", async () => {
  const service = new Service();
  const { refresh_token: first } = await service.sessions.issue("ada", { userVer: 0 });
  service.now += 20 * MINUTE;
  const { access_token: access } = await (await service.sessions.token(asked({ refresh_token: first }))).json();
  const who = await service.sessions.signedIn({ headers: new Headers({ authorization: `Bearer ${access}` }) });
  assert.deepEqual([who.subject, who.generation], ["ada", 1]);
  service.now += MINUTE;
  assert.equal((await service.sessions.token(asked({ refresh_token: first }))).headers.get("cs-forget"), "1");
});

test("a proxy and the route behind it confirm nothing that the browser has not stored", async () => {
  const service = new Service();
  const browser = await service.signedIn();
  service.now += 20 * MINUTE;
  const { headers } = await service.sessions.pass(browser.asks());
  const answer = await service.sessions.refresh(new Request(`${ORIGIN}/`, { method: "POST", headers }));
  assert.deepEqual([answer.status, answer.headers.getSetCookie()], [204, []]);
  service.now += 60 * MINUTE;
  assert.equal((await browser.does("refresh")).status, 204);
  assert(!service.events.includes("refresh_replayed"));
});

test("cookies have exact names and one value", async () => {
  const service = new Service();
  const [victim, eve] = [await service.signedIn(), await service.signedIn("eve")];
  const access = ({ cookies }) => cookies.get("__Host-cs_at");
  const [theirs, hers] = [victim, eve].map(access);
  const who = (cookie) => service.sessions.signedIn({ headers: new Headers({ cookie }) });
  const { session } = await who(`__Host-cs_at=${theirs}`);
  for (const mark of ["\u00a0", "\u0085", "__host-", "a"]) {
    assert.equal((await who(`${mark}__Host-cs_at=${hers}; __Host-cs_at=${theirs}`)).session, session);
    await assert.rejects(who(`${mark}__Host-cs_at=${hers}`), { code: "binding_session_missing" });
  }
  await assert.rejects(who(`__Host-cs_at=${hers}; __Host-cs_at=${theirs}`), { code: "binding_session_missing" });
  const tossed = new Headers({ cookie: `${REFRESH}=junk; ${victim.asks().headers.get("cookie")}` });
  service.now += 20 * MINUTE;
  assert.deepEqual([...(await service.sessions.pass({ headers: tossed })).set], []);
});

test("an agent is bound to the secret of its machine, and what is no token ends nothing", async () => {
  const service = new Service();
  const { fetch, keep } = await program(service, { deviceSecret: SECRET }, { deviceSecret: SECRET });
  service.now += 20 * MINUTE;
  const [token] = keep.tokens;
  for (const [body, forgets] of [
    [{ refresh_token: token }, null],
    [{ refresh_token: token, device_secret: "zz" }, null],
    [{ refresh_token: token, device_secret: "00".repeat(32) }, null],
    [{ refresh_token: 7 }, null],
    [null, null],
    ["{", null],
    ["[]", null],
    ["a".repeat(9_000), null],
    [{ refresh_token: "a" }, "1"],
  ]) {
    const answer = await service.sessions.token(asked(body));
    assert.deepEqual([answer.status, answer.headers.get("cs-forget")], [401, forgets]);
  }
  assert.deepEqual(await (await fetch(`${ORIGIN}/orders`)).json(), [1, ""]);
});

function asked(body) {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return new Request(`${ORIGIN}/session/token`, { method: "POST", body: text });
}
