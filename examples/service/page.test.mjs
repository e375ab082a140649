// The page in a real browser.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { open, violations } from "./chromium.mjs";

/** Presses a button and waits for the step that it takes. */
async function press(page, button, title) {
  await page.getByRole("button", { name: button, exact: true }).click();
  const row = page.getByRole("row").nth(1);
  await row.getByRole("rowheader", { name: title }).waitFor();
  return row;
}

/** What the row says: the text of each of its cells. */
async function cells(row) {
  const [verdict, why, worker, right] = await row.getByRole("cell").allInnerTexts();
  return { verdict, why, worker, right };
}

test("a replay is refused by the worker that did not see the original", async (t) => {
  const page = await open(t);
  const sent = await cells(await press(page, "Send", "signed by the site"));
  assert.equal(sent.verdict, "accepted");
  const row = await press(page, "Replay the last one", "replayed by the site");
  const replayed = await cells(row);
  assert.equal(replayed.verdict, "refused");
  assert.equal(replayed.why, "request_replayed");
  assert.equal(replayed.right, "yes");
  assert.notEqual(replayed.worker, sent.worker);
});

test("a refusal is explained: rule, values, what the sender was told, what to do", async (t) => {
  const page = await open(t);
  const row = await press(page, "Change the body", "body changed");
  await row.getByText("request_body_mismatch").click();
  const why = await row.getByRole("definition").allInnerTexts();
  assert.equal(why[0], "the content is not what the signed digest says");
  assert.equal(why[2], "401 request_unauthenticated");
  assert.equal(why[3], "peer");
  assert.match(why[4], /^verify the raw bytes as received/);
});

test("each way to spoil a request is refused for its own reason", async (t) => {
  const page = await open(t);
  const ways = [
    ["Send a stale one", "signed 61 s ago", "request_outside_window"],
    ["Change the path", "path changed", "request_mac_mismatch"],
    ["Change the query", "query changed", "request_mac_mismatch"],
    ["Sign with an unknown key", "signed with an unknown key", "request_key_unknown"],
  ];
  for (const [button, title, code] of ways) {
    const { why, right } = await cells(await press(page, button, title));
    assert.deepEqual([why, right], [code, "yes"]);
  }
});

test("a step that somebody else takes appears without a reload", async (t) => {
  const [watching, acting] = [await open(t), await open(t)];
  await press(acting, "Send", "signed by the site");
  await press(acting, "Change the query", "query changed");
  await watching.getByRole("row").nth(1).getByRole("rowheader", { name: "query changed" }).waitFor();
  await press(acting, "Send", "signed by the site");
  await watching.getByRole("row").nth(1).getByRole("rowheader", { name: "signed by the site" }).waitFor();
});

test("the buttons work without script", async (t) => {
  const page = await open(t, { javaScriptEnabled: false });
  const { verdict } = await cells(await press(page, "Send", "signed by the site"));
  assert.equal(verdict, "accepted");
});

test("the dashboard is for whoever logged in, until all sessions end", async (t) => {
  const page = await open(t);
  const other = await open(t);
  for (const tab of [page, other]) {
    await tab.getByRole("link", { name: "the dashboard" }).click();
    await tab.getByRole("button", { name: "Log in", exact: true }).click();
    await tab.getByRole("heading", { name: "The dashboard of ada" }).waitFor();
  }
  const scripts = await page.evaluate(() => globalThis.document.cookie);
  assert.equal(scripts, "");
  await page.getByRole("button", { name: "End all sessions" }).click();
  await page.getByRole("heading", { name: "Log in" }).waitFor();
  await other.reload();
  await other.getByRole("heading", { name: "Log in" }).waitFor();
});

test("tabs and a lost answer stay in the session, and a stolen cookie ends it for both", async (t) => {
  const page = await open(t);
  await page.getByRole("link", { name: "a session, and a stolen cookie" }).click();
  const acts = [
    ["Log in", ["owner refresh_begun"]],
    ["Refresh in two tabs at once", ["owner refresh_rotated", "other tab refresh_retried"]],
    ["Lose an answer, and ask again", ["owner refresh_rotated", "owner refresh_retried"]],
    ["Copy the cookie", []],
    ["The owner refreshes", ["owner refresh_rotated"]],
    ["The thief refreshes", ["thief refresh_replayed"]],
    ["The owner refreshes", ["owner refresh_ended"]],
  ];
  let told = [];
  for (const [button, more] of acts) {
    await page.getByRole("button", { name: button, exact: true }).click();
    told = [...told, ...more];
    await page.getByRole("row").nth(told.length).waitFor();
    const rows = await page.getByRole("row").all();
    const seen = rows.slice(1).map(async (row) => {
      const who = await row.getByRole("rowheader").textContent();
      return `${who} ${await row.locator("code").textContent()}`;
    });
    assert.deepEqual(await Promise.all(seen), told);
  }
  assert.match(await page.locator(".latest").textContent(), /^The owner was refused: /);
  const marks = ["circle", "rect", "path"].map((mark) => page.locator(`svg.family ${mark}`).count());
  assert.deepEqual(await Promise.all(marks), [4, 2, 2]);
  assert.deepEqual(await violations(page), []);
});

test("no answer of the site holds a secret", async (t) => {
  const page = await open(t);
  const answers = [];
  page.on("response", (answer) => answers.push(answer.body().catch(() => Buffer.alloc(0))));
  await page.reload();
  await press(page, "Send", "signed by the site");
  const text = Buffer.concat([Buffer.from(await page.content()), ...(await settled(answers))]);
  const directory = process.env.SERVICE_DIR;
  const secrets = readdirSync(directory).filter((name) => name.endsWith(".secret"));
  assert.ok(secrets.length >= 4);
  for (const secret of secrets.map((name) => readFileSync(join(directory, name)))) {
    const forms = [secret, ...["hex", "base64", "base64url"].map((form) => secret.toString(form))];
    assert.ok(forms.every((form) => !text.includes(form)));
  }
});

/** The answers that are over; the stream of events never is. */
function settled(answers) {
  const late = new Promise((resolve) => setTimeout(resolve, 1_000, Buffer.alloc(0)));
  return Promise.all(answers.map((answer) => Promise.race([answer, late])));
}

for (const colorScheme of ["light", "dark"]) {
  for (const width of [360, 1280]) {
    test(`axe finds nothing at ${width} px, ${colorScheme}`, async (t) => {
      const page = await open(t, { colorScheme, viewport: { width, height: 800 } });
      const row = await press(page, "Change the body", "body changed");
      await row.getByText("request_body_mismatch").click();
      const values = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"];
      assert.deepEqual(await violations(page, { runOnly: { type: "tag", values } }), []);
    });
  }
}
