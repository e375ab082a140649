// Access tokens of sessions that have ended.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  EndedSessions,
  Memory,
  Refresher,
  SessionFeed,
  Sessions,
  SessionWatch,
  TokenMinter,
  TokenVerifier,
} from "counterseal";
import { NOW, refused, SECRET, tokenPolicy, tokenSigner } from "./support.mjs";

const OPTIONS = { confirmation: "wired", withinSeconds: 86_400, windowSeconds: 20, signing: [1, SECRET] };
const FEED = new SessionFeed({ trustedForSeconds: 30 });
const ORIGIN = "https://app.example";

/** A store with its clock, which may be away, and how often it was asked. */
class Service {
  now = NOW;
  asked = 0;
  isAway = false;
  store = new Memory({ now: NOW });
  refresher = new Refresher(OPTIONS);
  at = { clock: () => this.now, drive: async (waiting) => this.drive(waiting) };

  drive(waiting) {
    if (waiting.statement("sqlite").name.endsWith("_ended")) this.asked += 1;
    if (!this.isAway) return waiting.run(this.store);
    waiting.answer(null);
    return waiting.verdict();
  }

  begin() {
    const options = { client: "web", userVer: 0, now: this.now };
    return this.refresher.beginSession("login", "ada", options).run(this.store).session.id;
  }

  end(session) {
    this.refresher.revoke(session, { now: this.now }).run(this.store);
  }

  /** Seconds pass. */
  wait(seconds) {
    this.now += seconds * 1_000;
  }
}

test("what_is_read_says_which_sessions_have_ended", () => {
  const service = new Service();
  const [lives, gone] = [service.begin(), service.begin()];
  service.end(gone);
  const ended = FEED.read({ now: NOW }).run(service.store);
  assert.ok(ended instanceof EndedSessions);
  assert.deepEqual([ended.size, ended.readAt, FEED.trustedForSeconds], [1, NOW, 30]);
  ended.check(lives, { now: NOW });
  const error = refused("refresh_access_ended", () => ended.check(gone, { now: NOW }));
  assert.deepEqual([error.http, error.clearsCookies], [401, false]);
  assert.deepEqual(error.headers, { "www-authenticate": "Bearer" });
  assert.equal(JSON.parse(error.event).key, gone);
  for (const nobody of [null, undefined, "", "x"]) refused("refresh_access_unnamed", () => ended.check(nobody));
  assert.equal(refused("refresh_feed_stale", () => ended.check(lives, { now: NOW + 30_001 })).http, 503);
  for (const seconds of [0, 601]) refused("refresh_policy", () => new SessionFeed({ trustedForSeconds: seconds }));
});

test("a_watch_reads_anew_as_time_passes_and_not_for_each_request", async () => {
  const service = new Service();
  const watch = new SessionWatch(FEED, service.at);
  const [lives, gone] = [service.begin(), service.begin()];
  for (let turn = 0; turn < 5; turn += 1) await watch.check(gone);
  assert.equal(service.asked, 1);
  service.end(gone);
  service.wait(10);
  await watch.check(gone);
  service.wait(1);
  await assert.rejects(watch.check(gone), { code: "refresh_access_ended" });
  await watch.check(lives);
  assert.equal(service.asked, 2);
  // One that was ended here is over at once.
  service.end(lives);
  watch.forget();
  await assert.rejects(watch.check(lives), { code: "refresh_access_ended" });
  assert.equal(service.asked, 3);
});

test("a_watch_goes_on_while_the_store_is_away_until_its_time_is_over", async () => {
  const service = new Service();
  const watch = new SessionWatch(FEED, service.at);
  const lives = service.begin();
  service.isAway = true;
  await assert.rejects(watch.check(lives), { code: "store_unavailable" });
  service.isAway = false;
  service.wait(1);
  await watch.check(lives);
  service.isAway = true;
  service.wait(20);
  await watch.check(lives);
  const asked = service.asked;
  await watch.check(lives);
  assert.equal(service.asked, asked, "a store that is away is not asked by each request");
  service.wait(10);
  await watch.check(lives);
  service.wait(1);
  await assert.rejects(watch.check(lives), { code: "refresh_feed_stale", http: 503 });
  service.isAway = false;
  service.wait(1);
  await watch.check(lives);
});

test("while_one_request_reads_the_others_go_on_with_what_is_known", async () => {
  const service = new Service();
  const reads = [];
  const drive = (waiting) => new Promise((resolve) => reads.push(() => resolve(waiting.run(service.store))));
  const watch = new SessionWatch(FEED, { ...service.at, drive });
  const lives = service.begin();
  const first = [watch.check(lives), watch.check(lives)];
  assert.equal(reads.length, 1, "nothing is known, and all wait for one reading");
  for (const read of reads.splice(0)) read();
  await Promise.all(first);
  service.wait(11);
  const reader = watch.check(lives);
  await watch.check(lives);
  assert.equal(reads.length, 1);
  reads.pop()();
  await reader;
});

test("a_late_answer_does_not_bring_back_what_is_known_to_have_ended", async () => {
  const service = new Service();
  const reads = [];
  const drive = (waiting) => {
    const read = waiting.run.bind(waiting, service.store);
    return new Promise((resolve) => reads.push(() => resolve(read())));
  };
  const watch = new SessionWatch(FEED, { ...service.at, drive });
  const gone = service.begin();
  const early = watch.check(gone);
  // It ends here, and whoever asks after that waits for a reading of its own.
  service.end(gone);
  watch.forget();
  const late = watch.check(gone);
  assert.equal(reads.length, 2);
  reads[1]();
  await assert.rejects(late, { code: "refresh_access_ended" });
  reads[0]();
  await assert.rejects(early, { code: "refresh_access_ended" });
  await assert.rejects(watch.check(gone), { code: "refresh_access_ended" });
});

test("a_store_that_is_away_is_asked_once_in_a_second_by_all_together", async () => {
  const service = new Service();
  const events = [];
  const watch = new SessionWatch(FEED, { ...service.at, onEvent: (event) => events.push(JSON.parse(event).event) });
  const lives = service.begin();
  const all = () => Promise.allSettled(Array.from({ length: 50 }, () => watch.check(lives)));
  service.isAway = true;
  assert.ok((await all()).every(({ reason }) => reason.code === "store_unavailable"));
  assert.equal(service.asked, 1);
  await all();
  assert.deepEqual([service.asked, events], [1, ["store_unavailable"]]);
  service.isAway = false;
  await assert.rejects(watch.check(lives), { code: "store_unavailable" });
  service.wait(1);
  await watch.check(lives);
  // What is too old says why.
  service.isAway = true;
  service.wait(31);
  await assert.rejects(
    watch.check(lives),
    (error) => error.code === "refresh_feed_stale" && error.cause.code === "store_unavailable",
  );
  // A clock that goes back does not keep anybody out.
  service.isAway = false;
  service.wait(-3_600);
  await watch.check(lives);
});

test("a_driver_that_throws_is_a_store_that_does_not_answer", async () => {
  const service = new Service();
  let fails = false;
  const drive = async (waiting) => {
    if (fails) throw new TypeError("timed out");
    return service.drive(waiting);
  };
  const watch = new SessionWatch(FEED, { ...service.at, drive });
  const lives = service.begin();
  await watch.check(lives);
  fails = true;
  service.wait(20);
  await watch.check(lives);
  service.wait(11);
  await assert.rejects(
    watch.check(lives),
    (error) => error.code === "refresh_feed_stale" && error.cause instanceof TypeError,
  );
});

test("who_logs_out_with_a_token_that_was_outrun_ends_the_session", async () => {
  const service = new Service();
  const signer = tokenSigner();
  const verifier = new TokenVerifier(tokenPolicy(), [signer.key]);
  const settings = { client: "web", tenant: "login", origin: ORIGIN, ...service.at };
  const sessions = new Sessions(service.refresher, new TokenMinter(signer, tokenPolicy()), verifier, settings);
  const asks = (cookie) =>
    new Request(`${ORIGIN}/`, { method: "POST", headers: { cookie, "sec-fetch-site": "same-origin" } });
  const pairs = (headers) =>
    headers
      .getSetCookie()
      .map((field) => field.split(";")[0])
      .join("; ");
  const owner = pairs((await sessions.begin(asks(""), "ada", { userVer: 0 })).headers);
  let thief = owner;
  for (let turn = 0; turn < 2; turn += 1) {
    service.wait(60);
    thief = pairs((await sessions.refresh(asks(thief))).headers);
  }
  const out = await sessions.end(asks(owner));
  assert.deepEqual([out.status, out.headers.getSetCookie().length], [401, 2]);
  service.wait(60);
  assert.equal((await sessions.refresh(asks(thief))).status, 401);
});

test("sessions_with_a_feed_refuse_access_tokens_of_sessions_that_have_ended", async () => {
  const service = new Service();
  const signer = tokenSigner();
  const verifier = new TokenVerifier(tokenPolicy(), [signer.key]);
  const settings = { client: "web", tenant: "login", origin: ORIGIN, ...service.at };
  const sessions = new Sessions(service.refresher, new TokenMinter(signer, tokenPolicy()), verifier, {
    ...settings,
    feed: FEED,
  });
  const asks = (token, method = "POST") => {
    const headers = { cookie: token, "sec-fetch-site": "same-origin" };
    return new Request(`${ORIGIN}/`, { method, headers });
  };
  const begun = async () => {
    const { session, headers } = await sessions.begin(asks(""), "ada", { userVer: 0 });
    return {
      id: session.id,
      cookies: headers
        .getSetCookie()
        .map((field) => field.split(";")[0])
        .join("; "),
    };
  };
  const [one, two, three] = [await begun(), await begun(), await begun()];
  for (const { id, cookies } of [one, two, three]) assert.equal((await sessions.signedIn(asks(cookies))).session, id);
  // Each way to end one here is seen at once.
  assert.equal((await sessions.end(asks(one.cookies))).status, 204);
  await assert.rejects(sessions.signedIn(asks(one.cookies)), { code: "refresh_access_ended" });
  assert.equal((await sessions.endOne(asks(two.cookies), three.id)).status, 204);
  await assert.rejects(sessions.signedIn(asks(three.cookies)), { code: "refresh_access_ended" });
  const four = await begun();
  assert.equal((await sessions.endOthers(asks(two.cookies))).status, 204);
  await assert.rejects(sessions.signedIn(asks(four.cookies)), { code: "refresh_access_ended" });
  // So is a theft; the thief's and the owner's access tokens are over.
  const before = two.cookies;
  service.wait(60);
  const rotated = (await sessions.refresh(asks(two.cookies))).headers.getSetCookie();
  await sessions.signedIn(asks(rotated.map((field) => field.split(";")[0]).join("; ")));
  service.wait(60);
  assert.equal((await sessions.refresh(asks(before))).status, 401);
  await assert.rejects(sessions.signedIn(asks(before)), { code: "refresh_access_ended" });
  // Without a feed an access token is good until it ends.
  const bare = new Sessions(service.refresher, new TokenMinter(signer, tokenPolicy()), verifier, settings);
  assert.equal((await bare.signedIn(asks(before))).session, two.id);
});

test("what_a_watch_is_made_of_is_looked_at", () => {
  refused("binding_store_missing", () => new SessionWatch(FEED, {}));
  refused("binding_argument_type", () => new SessionWatch({}, { store: new Memory() }));
  refused("binding_argument_type", () => new SessionWatch(FEED, { store: {} }));
});
