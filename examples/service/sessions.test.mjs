// Sessions in a real browser: two cookies, the proxy that refreshes them, and pages that ask who is signed in. The site is of a quick
// pace: access tokens live for ten seconds, and tabs get the same for one.

import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { open, SITE, violations } from "./chromium.mjs";

const [REFRESH, ACCESS] = ["__Host-cs_rt", "__Host-cs_at"];
const DASHBOARD = `${SITE}/dashboard`;
/** A window of the site, and a little. */
const WINDOW = 1_100;
/** Fields by which a proxy of this package, or of Next.js, tells the page something. */
const FORGED = {
  "cs-rotated": "1",
  "x-middleware-next": "1",
  "x-middleware-override-headers": "cookie,cs-rotated",
  "x-middleware-request-cs-rotated": "1",
  "x-middleware-subrequest": Array(5).fill("proxy").join(":"),
};

async function login(t, device = "this browser") {
  const page = await open(t);
  await page.goto(`${SITE}/login`);
  await page.getByLabel("Device").fill(device);
  await press(page, "Log in");
  await isIn(page);
  return page;
}

function press(page, name) {
  return page.getByRole("button", { name, exact: true }).click();
}

function isIn(page) {
  return page.getByRole("heading", { name: "The dashboard of ada" }).waitFor();
}

function isOut(page) {
  return page.getByRole("heading", { name: "Log in" }).waitFor();
}

/** The cookies that the browser has, by their names. */
async function jar(page) {
  const cookies = await page.context().cookies();
  return new Map(cookies.map((cookie) => [cookie.name, cookie]));
}

/** Puts cookies into a browser, and takes away what it has. */
async function fill(page, cookies) {
  await page.context().clearCookies();
  await page.context().addCookies([...cookies.values()]);
}

/** Lets the refresh token become one that is rotated, and the access token be over: then browsers drop its cookie. */
async function later(...pages) {
  await sleep(2 * WINDOW);
  for (const page of pages) await page.context().clearCookies({ name: ACCESS });
}

/** What an access token says. */
function claims(cookies) {
  return JSON.parse(Buffer.from(cookies.get(ACCESS).value.split(".")[1], "base64url"));
}

test("a login sets two cookies, which no script reads and no other host gets", async (t) => {
  const page = await login(t);
  const { hostname } = new URL(SITE);
  const cookies = await jar(page);
  assert.deepEqual([...cookies.keys()].sort(), [ACCESS, REFRESH]);
  for (const { domain, path, httpOnly, secure, sameSite } of cookies.values()) {
    assert.deepEqual([domain, path, httpOnly, secure, sameSite], [hostname, "/", true, true, "Lax"]);
  }
  assert.equal(await page.evaluate(() => globalThis.document.cookie), "");
  const [text, { value: refresh }, { value: access }] = [
    await page.content(),
    cookies.get(REFRESH),
    cookies.get(ACCESS),
  ];
  assert(!text.includes(refresh) && !text.includes(access));
  assert.deepEqual(await violations(page), []);
});

test("a navigation with an access token that is over is refreshed on the way", async (t) => {
  const page = await login(t);
  const before = await jar(page);
  const { exp, gen, sid } = claims(before);
  await sleep(Math.max(0, exp * 1_000 - Date.now()) + 100);
  // The browser's clock may be behind.
  await fill(page, new Map([...before].map(([name, cookie]) => [name, { ...cookie, expires: -1 }])));
  const answer = await page.goto(DASHBOARD);
  await isIn(page);
  assert.match((await answer.allHeaders())["cache-control"], /no-store/);
  const after = await jar(page);
  await page.getByText(new Date(claims(after).exp * 1_000).toISOString()).waitFor();
  assert.notEqual(after.get(REFRESH).value, before.get(REFRESH).value);
  assert.deepEqual([claims(after).sid, claims(after).gen], [sid, gen + 1]);
});

test("the answer of a page that is the same for everybody is kept by nobody while it sets cookies", async (t) => {
  const page = await login(t);
  await later(page);
  const answer = await page.goto(`${SITE}/login`);
  assert.match((await answer.allHeaders())["set-cookie"], /__Host-cs_rt=csrt1_/);
  assert.equal((await answer.allHeaders())["cache-control"], "private, no-store");
  const again = await page.goto(`${SITE}/login`);
  assert.equal((await again.allHeaders())["set-cookie"], undefined);
});

test("what the router of a page fetches is refreshed as navigations are, prefetches too", async (t) => {
  const [page, other] = [await login(t), await open(t)];
  await page.goto(SITE);
  await later(page);
  const rendered = page.waitForResponse((answer) => answer.request().headers().rsc === "1");
  await press(other, "Send");
  assert.match((await (await rendered).allHeaders())["set-cookie"], /__Host-cs_rt=csrt1_/);
  await later(page);
  await page.evaluate(() => fetch("/dashboard", { headers: { rsc: "1", "next-router-prefetch": "1" } }));
  assert.deepEqual([...(await jar(page)).keys()].sort(), [ACCESS, REFRESH]);
});

test("tabs that are refreshed at the same moment stay logged in, with one token", async (t) => {
  const page = await login(t);
  const other = await page.context().newPage();
  await later(page);
  const old = (await jar(page)).get(REFRESH).value;
  const answers = await together([page, other]);
  const sent = await Promise.all(answers.map(async (answer) => (await answer.request().allHeaders()).cookie));
  assert.deepEqual(sent, Array(2).fill(`${REFRESH}=${old}`));
  const given = await Promise.all(answers.map(async (answer) => (await answer.allHeaders())["set-cookie"]));
  const tokens = given.map((fields) => /__Host-cs_rt=(csrt1_[^;]+)/.exec(fields)[1]);
  assert.equal(tokens[0], tokens[1]);
  for (const tab of [page, other]) {
    await later(tab);
    await tab.goto(DASHBOARD);
    await isIn(tab);
  }
});

/** Opens the dashboard in all tabs, whose requests leave at once. The cache of a browser would let those for one address wait. */
async function together(pages) {
  let waiting = pages.length;
  let release;
  const released = new Promise((resolve) => {
    release = resolve;
  });
  return Promise.all(
    pages.map(async (page, at) => {
      await page.route(`${DASHBOARD}?tab=${at}`, async (route) => {
        waiting -= 1;
        if (waiting === 0) release();
        await released;
        await route.continue();
      });
      const answer = await page.goto(`${DASHBOARD}?tab=${at}`);
      await isIn(page);
      return answer;
    }),
  );
}

test("a stolen refresh cookie ends the session for both, who forget their cookies", async (t) => {
  const [owner, thief] = [await login(t), await open(t)];
  await later(owner);
  const stolen = await jar(owner);
  for (let visit = 0; visit < 2; visit += 1) {
    await owner.goto(DASHBOARD);
    await isIn(owner);
  }
  await sleep(WINDOW);
  await fill(thief, stolen);
  const told = [];
  thief.on("response", async (answer) => told.push(answer.headersArray()));
  await thief.goto(DASHBOARD);
  await isOut(thief);
  const [first] = await Promise.all(told);
  const cleared = first.filter(({ name }) => name.toLowerCase() === "set-cookie").map(({ value }) => value);
  assert.deepEqual(
    cleared.flatMap((lines) => lines.split("\n")),
    [REFRESH, ACCESS].map((name) => `${name}=; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=Lax`),
  );
  assert.equal((await jar(thief)).size, 0);
  await later(owner);
  await owner.goto(DASHBOARD);
  await isOut(owner);
  assert.equal((await jar(owner)).size, 0);
});

test("a logout ends the session on the server, whatever the browser has kept", async (t) => {
  const page = await login(t);
  const kept = await jar(page);
  await press(page, "Log out");
  await isOut(page);
  assert.equal((await jar(page)).size, 0);
  await fill(page, kept);
  await later(page);
  await page.goto(DASHBOARD);
  await isOut(page);
  assert.equal((await jar(page)).size, 0);
});

test("a logout that is refreshed on the way leaves no cookie", async (t) => {
  const page = await login(t);
  await later(page);
  await press(page, "Log out");
  await isOut(page);
  assert.equal((await jar(page)).size, 0);
});

test("a session of another device is ended by an action that is refreshed on the way", async (t) => {
  const name = `phone ${process.pid}`;
  const [laptop, phone] = [await login(t, "laptop"), await login(t, name)];
  await laptop.reload();
  await later(laptop);
  await press(laptop, `End ${name}`);
  await laptop.getByRole("rowheader", { name, exact: true }).waitFor({ state: "detached" });
  await isIn(laptop);
  assert.equal((await jar(laptop)).size, 2);
  await later(phone);
  await phone.goto(DASHBOARD);
  await isOut(phone);
});

test("an answer that is lost logs nobody out, not one of an action either", async (t) => {
  const name = `tablet ${process.pid}`;
  const [page] = [await login(t), await login(t, name)];
  await page.reload();
  await later(page);
  const before = await jar(page);
  const answer = await lost(page, () => press(page, `End ${name}`));
  assert.match(answer.headers.get("x-action-redirect"), /^\/dashboard;/);
  assert(!(await answer.text()).includes(name));
  assert.equal(answer.headers.getSetCookie().length, 2);
  await sleep(WINDOW);
  const again = await page.context().newPage();
  await fill(again, before);
  await again.goto(DASHBOARD);
  await isIn(again);
});

/** The answer to what the browser posts, which the browser never gets. */
async function lost(page, act) {
  const sent = new Promise((resolve) => {
    page.route(DASHBOARD, (route) => resolve(route.request()));
  });
  await act();
  const request = await sent;
  const cookie = [...(await jar(page)).values()].map(({ name, value }) => `${name}=${value}`).join("; ");
  const headers = { ...request.headers(), cookie, origin: SITE, "sec-fetch-site": "same-origin" };
  return fetch(request.url(), { method: "POST", headers, body: request.postDataBuffer(), redirect: "manual" });
}

test("fields that only a proxy sets are taken off, and let nobody in", async (t) => {
  const [page, stranger] = [await login(t), await open(t)];
  const before = await jar(page);
  const answer = await page.evaluate(async (headers) => {
    const { status } = await fetch("/session/refresh", { method: "POST", headers });
    return status;
  }, FORGED);
  const cookies = await jar(page);
  assert.equal(answer, 204);
  // The route was not told that the proxy had refreshed.
  assert.notEqual(cookies.get(ACCESS).value, before.get(ACCESS).value);
  await stranger.setExtraHTTPHeaders(FORGED);
  const { value } = before.get(ACCESS);
  const forged = {
    ...before.get(ACCESS),
    expires: -1,
    value: `${value.slice(0, value.lastIndexOf("."))}.${"A".repeat(86)}`,
  };
  await fill(stranger, new Map([[ACCESS, forged]]));
  await stranger.goto(DASHBOARD);
  await isOut(stranger);
});
