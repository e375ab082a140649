// Debian's Chromium, for the tests of the site. `cargo xtask test browser` starts the demo and names it in SITE and SERVICE_DIR.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after } from "node:test";
import { chromium } from "playwright-core";

export const SITE = process.env.SITE;
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: FLAGS });
after(() => browser.close());

/** Opens the page in a browser of its own; whatever goes wrong in it fails the test that opened it. */
export async function open(t, options = {}) {
  const context = await browser.newContext(options);
  const wrong = [];
  context.on("console", (message) => message.type() === "error" && wrong.push(said(message)));
  context.on("weberror", (error) => wrong.push(error.error().message));
  t.after(async () => {
    await context.close();
    assert.deepEqual(wrong, []);
  });
  const page = await context.newPage();
  await page.goto(SITE);
  return page;
}

/** An error of a page, and where it comes from. */
function said(message) {
  return `${message.text()} ${message.location().url}`;
}

/** What axe has to say about a page: the rules that it breaks, and where. */
export async function violations(page, options = {}) {
  await page.evaluate(AXE);
  const found = await page.evaluate((given) => globalThis.axe.run(given), options);
  return found.violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]);
}
