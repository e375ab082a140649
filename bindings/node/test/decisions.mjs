// What every database must do for every decision, whoever its driver is.

import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { KeyVault, Limit, Receiver, Refresher, revokeKey, Sender, Standing } from "counterseal";
import { minted, NOW, REQUEST, rejected, SECRET, signed, tokenVerifier, verifier } from "./support.mjs";

const at = { now: NOW };

/** Of 64 callers with one request one is accepted. */
export async function wonByOne(store) {
  const sent = signed();
  const races = Array.from({ length: 64 }, () => store.drive(verifier().begin(sent, at)));
  const verdicts = await Promise.allSettled(races);
  assert.equal(verdicts.filter(({ status }) => status === "fulfilled").length, 1);
  const codes = verdicts.filter(({ status }) => status === "rejected").map(({ reason }) => reason.code);
  assert.deepEqual([...new Set(codes)], ["request_replayed"]);
}

/** An answer that is lost in mid-claim serves nobody, and honest traffic goes on by itself. */
export async function openedByNoCut(near, far, line) {
  const drive = async (store, sent) => store.drive(verifier().begin(sent, { now: NOW }));
  assert.equal((await drive(far, signed())).keyId, "worker-7");
  for (let turn = 0; turn < 5; turn += 1) {
    const sent = signed();
    line.after(1);
    await rejected("request_store_unavailable", drive(far, sent));
    await rejected("request_replayed", drive(near, sent));
    await rejected("request_replayed", drive(far, sent));
    assert.equal((await drive(far, signed())).keyId, "worker-7");
  }
  assert.equal(line.cuts, 5);
}

/** With nothing said about windows, a delivery whose sender's clock is ahead is taken once, whatever is lost. */
export async function deliveredOnce(store, lose) {
  await store.migrate({ now: NOW - 900_000 });
  const secret = `whsec_${Buffer.from(SECRET).toString("base64")}`;
  const headers = new Sender([secret]).sign("msg_1", "{}", { now: NOW + 200_000 });
  const receiver = new Receiver("billing", [secret]);
  const deliver = (later) => store.drive(receiver.begin(headers, "{}", { now: NOW + later }));
  assert.equal((await deliver(0)).id, "msg_1");
  await rejected("webhook_replayed", deliver(0));
  await lose();
  for (const later of [1_000, 70_000, 400_000]) await rejected("webhook_store_warming", deliver(later));
}

/** After a fail-over what was used stays refused, and what is signed later is served: by itself. */
export async function resumes(store, sent) {
  const drive = (request, now) => store.drive(verifier().begin(request, { now }));
  const code = (request) =>
    drive(request, NOW).then(
      () => "accepted",
      (error) => error.code,
    );
  const end = Date.now() + 30_000;
  while ((await code(sent[0])) === "request_store_unavailable") {
    assert(Date.now() < end, "it never answered again");
    await sleep(50);
  }
  for (const old of sent) assert.equal(await code(old), "request_store_warming");
  const later = NOW + 180_000;
  const fresh = signed(REQUEST, { now: later });
  assert.equal((await drive(fresh, later)).keyId, "worker-7");
  await rejected("request_replayed", drive(fresh, later));
}

/** Keys at rest are saved, loaded and revoked. */
export async function keysAreKept(store) {
  const vault = new KeyVault(SECRET);
  assert.equal(await store.drive(vault.save("stored-1", SECRET, { since: NOW, scope: "jobs" })), null);
  const loaded = await store.drive(vault.load("stored-1"));
  assert.deepEqual([loaded.id, loaded.scope, loaded.since, loaded.until], ["stored-1", "jobs", NOW, null]);
  await rejected("request_key_exists", store.drive(vault.save("stored-1", SECRET)));
  await store.drive(revokeKey("stored-1", at));
  assert.equal((await store.drive(vault.load("stored-1"))).revoked, true);
  await rejected("request_key_missing", store.drive(vault.load("stored-2")));
}

/** Tokens stand as the database says: their subject and its version, their id, and the key that opened their session. */
export async function tokensStand(store) {
  const standing = new Standing("login");
  const ask = async (options) => {
    const token = tokenVerifier().verify(minted(options).token, at);
    return (await store.drive(standing.begin(token, at))).token.subject;
  };
  await rejected("jwt_subject_unknown", ask());
  assert.equal(await store.drive(standing.register("user-7", at)), null);
  assert.equal(await ask(), "user-7");
  await Promise.all(Array.from({ length: 16 }, () => store.drive(standing.bump("user-7", at))));
  await rejected("jwt_user_ver", ask({ userVer: 15 }));
  assert.equal(await ask({ userVer: 16 }), "user-7");
  await rejected("jwt_user_ver_ahead", ask({ userVer: 17 }));
  const { id, expires } = tokenVerifier().verify(minted({ seed: SECRET.subarray(0, 16) }).token, at);
  await store.drive(standing.deny(id, { expires, ...at }));
  await rejected("jwt_denied", ask({ userVer: 16, seed: SECRET.subarray(0, 16) }));
  await store.drive(standing.registerKey("yubikey-1", "user-7", at));
  assert.equal(await ask({ userVer: 16, accessKey: "yubikey-1" }), "user-7");
  await store.drive(standing.disableKey("yubikey-1", at));
  await rejected("jwt_access_key", ask({ userVer: 16, accessKey: "yubikey-1" }));
  await store.drive(standing.disable("user-7", at));
  await rejected("jwt_subject_disabled", ask({ userVer: 17 }));
}

const refresher = new Refresher({
  confirmation: "wired",
  withinSeconds: 86_400,
  windowSeconds: 20,
  retries: 64,
  signing: [1, SECRET],
});
const LATER = NOW + 60_000;

/** Sessions begin, go on, are retried, listed, confirmed, found out and ended. */
export async function sessionsGoOn(store) {
  const begin = (device) =>
    store.drive(refresher.beginSession("login", "ada", { client: "web", userVer: 0, device, now: NOW }));
  const refresh = (token, now) => store.drive(refresher.refresh(token, { client: "web", now }));
  const list = (now) => store.drive(refresher.sessions("login", "ada", { now }));
  const [laptop, phone] = [await begin("laptop"), await begin("phone")];
  const first = await refresh(laptop.token, LATER);
  assert.deepEqual([first.how, first.session.generation], ["rotated", 1]);
  const again = await refresh(laptop.token, LATER + 30_000);
  assert.deepEqual([again.how, again.token], ["retried_late", first.token]);
  assert.deepEqual(
    (await list(LATER)).map(({ device }) => device),
    ["laptop", "phone"],
  );
  await store.drive(refresher.confirm(laptop.session.id, 1, { now: LATER + 40_000 }));
  await rejected("refresh_replayed", refresh(laptop.token, LATER + 80_000));
  await rejected("refresh_ended", refresh(first.token, LATER + 80_000));
  assert.equal(await store.drive(refresher.revokeAll("login", "ada", { but: phone.session.id, now: LATER })), 0);
  const ended = await store.drive(refresher.logOut(phone.session.id, { now: LATER + 80_000 }));
  assert.deepEqual([ended.endedBy, ended.ended], ["logged_out", LATER + 80_000]);
  assert.deepEqual(await list(LATER + 80_000), []);
}

/** Of 64 callers with one token one rotates, and all get the same successor. */
export async function rotatedOnce(store) {
  const begun = await store.drive(refresher.beginSession("login", "ben", { client: "web", userVer: 0, now: NOW }));
  const refresh = () => store.drive(refresher.refresh(begun.token, { client: "web", now: LATER }));
  const given = await Promise.all(Array.from({ length: 64 }, refresh));
  assert.equal(given.filter(({ how }) => how === "rotated").length, 1);
  assert.equal(given.filter(({ how }) => how === "retried").length, 63);
  assert.equal(new Set(given.map(({ token }) => token)).size, 1);
}

/** Of 64 callers as many pass as a burst has, and one more after each interval. */
export async function limited(store) {
  const limit = new Limit("race", { burst: 5, everyMs: 1_000 });
  const ask = (now) => store.drive(limit.byAddress("2001:db8::7", { now }));
  const verdicts = await Promise.allSettled(Array.from({ length: 64 }, () => ask(NOW)));
  assert.equal(verdicts.filter(({ status }) => status === "fulfilled").length, 5);
  const codes = verdicts.filter(({ status }) => status === "rejected").map(({ reason }) => reason.code);
  assert.deepEqual([...new Set(codes)], ["limit_exceeded"]);
  assert.equal((await ask(NOW + 1_000)).left, 0);
  await rejected("limit_exceeded", ask(NOW + 1_000));
}
