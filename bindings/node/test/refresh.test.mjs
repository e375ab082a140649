// Sessions that go on by refresh tokens, on the stores inside the extension.

import assert from "node:assert/strict";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { inspect } from "node:util";
import { inspectRefreshToken, Memory, RefreshError, Refresher, Sqlite } from "counterseal";
import { rotatedOnce, sessionsGoOn } from "./decisions.mjs";
import { NOW, refused, SECRET } from "./support.mjs";

const refresher = new Refresher({ confirmation: "wired", withinSeconds: 3_600, signing: [1, SECRET] });
const who = { client: "web" };
const LATER = NOW + 90_000;

function begin(store) {
  return refresher.beginSession("login", "ada", { ...who, userVer: 0, now: NOW }).run(store);
}

for (const make of [
  () => new Memory({ now: NOW }),
  () => new Sqlite(join(mkdtempSync(join(tmpdir(), "counterseal-")), "db"), { now: NOW }),
]) {
  const store = make();
  const near = { drive: (waiting) => waiting.runAsync(store) };
  test(`r02 sessions go on and end in ${store.constructor.name}`, () => sessionsGoOn(near));
  test(`r01 of 64 callers one rotates in ${store.constructor.name}`, () => rotatedOnce(near));
}

test("what is no token of ours asks no store", () => {
  for (const text of ["", "csrt1_", "hunter2"]) {
    assert.throws(
      () => refresher.refresh(text, who),
      (error) => {
        assert(error instanceof RefreshError && !error.message.includes("hunter2"));
        assert.deepEqual([error.code, error.clearsCookies], ["refresh_malformed", true]);
        return true;
      },
    );
  }
});

test("an answer shows its token to nobody who does not ask", () => {
  const begun = begin(new Memory({ now: NOW }));
  for (const text of [inspect(begun), `${begun}`, begun.event, JSON.stringify(begun.session)]) {
    assert(!text.includes(begun.token));
  }
  refused("binding_secret_copied", () => JSON.stringify(begun));
});

/** Whatever of a token would be seen in a text that has too much of it. */
function isEchoed(token, told) {
  return [...token.slice(7)].some((_, index) => told.includes(token.slice(index, index + 8)));
}

test("why a token is refused is told, and nothing is written", async () => {
  const store = new Memory({ now: NOW });
  const begun = begin(store);
  const rotated = refresher.refresh(begun.token, { ...who, now: LATER }).run(store);
  refresher.confirm(begun.session.id, 1, { now: LATER }).run(store);
  const at = { ...who, now: LATER + 90_000 };
  for (const told of [
    refresher.explain(begun.token, at).run(store),
    await refresher.explain(begun.token, at).runAsync(store),
  ]) {
    assert(told.startsWith("refused: refresh_replayed, and the session would end\n"), told);
    assert(!isEchoed(begun.token, told) && !isEchoed(rotated.token, told));
  }
  assert(refresher.explain(rotated.token, at).run(store).startsWith("taken: rotated\n"));
  assert.equal(refresher.refresh(rotated.token, at).run(store).how, "rotated");
});

test("a text that is no token is explained without a store", () => {
  const waiting = refresher.explain("hunter2", who);
  assert.equal(waiting.statement("sqlite"), null);
  const told = waiting.verdict();
  assert(told.startsWith("refused: refresh_malformed\n") && !told.includes("hunter2"), told);
});

test("a token is inspected without a secret", () => {
  const { session, token } = begin(new Memory({ now: NOW }));
  const told = inspectRefreshToken(token);
  assert(told.startsWith("nothing of this is checked"), told);
  assert(told.includes(`\nsession ${session.id}\ngeneration 0\n`) && !isEchoed(token, told), told);
  assert(inspectRefreshToken(` ${token}`).endsWith("\nno refresh token: it does not begin with csrt1_"));
});

test("events say what was given and what was refused", () => {
  const store = new Memory({ now: NOW });
  const begun = begin(store);
  const rotated = refresher.refresh(begun.token, { ...who, now: LATER }).run(store);
  const events = [begun, rotated].map(({ event }) => JSON.parse(event));
  assert.deepEqual(
    events.map(({ event, key }) => [event, key]),
    [
      ["refresh_begun", begun.session.id],
      ["refresh_rotated", begun.session.id],
    ],
  );
  refresher.logOut(begun.session.id, { now: LATER }).run(store);
  assert.throws(
    () => refresher.refresh(rotated.token, { ...who, now: LATER }).run(store),
    (error) => {
      assert.deepEqual([JSON.parse(error.event).event, error.detail.end], ["refresh_ended", "logged_out"]);
      return true;
    },
  );
});
