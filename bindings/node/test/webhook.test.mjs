// Standard Webhooks: between this package and the official one, over each store, and behind node:http.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { join } from "node:path";
import { test } from "node:test";
import { inspect } from "node:util";
import {
  Memory,
  messageId,
  problem,
  Receiver,
  Ring,
  receiveIncoming,
  Sender,
  SharedRing,
  Sqlite,
  sweeping,
} from "counterseal";
import { Webhook } from "standardwebhooks";
import { directory, NOW, refused } from "./support.mjs";

const SECRET = `whsec_${Buffer.from(Uint8Array.from({ length: 32 }, (_, at) => at)).toString("base64")}`;
const OTHER = `whsec_${Buffer.alloc(32, 1).toString("base64")}`;
const BODY = '{"paid": true}';
const at = { now: NOW };
const wide = { pastSeconds: 300, futureSeconds: 300, now: NOW - 900_000 };

const STORES = {
  memory: () => new Memory(wide),
  ring: () => new Ring(wide),
  shared: (t) => new SharedRing(join(directory(t), "ring"), wide),
  sqlite: (t) => new Sqlite(join(directory(t), "db"), wide),
};

function sent({ id = "msg_1", body = BODY, now = NOW, secret = SECRET } = {}) {
  return new Sender([secret]).sign(id, body, { now });
}

for (const [name, made] of Object.entries(STORES)) {
  test(`a_delivery_is_taken_once_and_each_attempt_is_another_on_${name}`, (t) => {
    const receiver = new Receiver("billing", [SECRET], made(t));
    const { endpoint, id, created, event } = receiver.receive(sent(), BODY, at);
    assert.deepEqual([endpoint, id, created], ["billing", "msg_1", NOW]);
    assert.deepEqual(JSON.parse(event), { at: NOW, event: "webhook_accepted", key: "billing" });
    const error = refused("webhook_replayed", () => receiver.receive(sent(), BODY, at));
    assert.deepEqual([error.name, error.http, JSON.parse(error.event).key], ["WebhookError", 401, "billing"]);
    assert.equal(receiver.receive(sent({ now: NOW + 1_000 }), BODY, at).id, "msg_1");
  });
}

test("a_store_that_has_just_begun_takes_nothing_that_it_could_have_missed", () => {
  const store = new Memory({ ...wide, now: NOW });
  refused("webhook_store_warming", () => new Receiver("billing", [SECRET], store).receive(sent(), BODY, at));
});

test("without_a_store_a_delivery_is_checked_and_not_claimed", () => {
  const receiver = new Receiver("billing", [SECRET]);
  assert.deepEqual([receiver.check(sent(), BODY, at).id, receiver.check(sent(), BODY, at).id], ["msg_1", "msg_1"]);
  refused("binding_store_missing", () => receiver.receive(sent(), BODY, at));
  refused("webhook_mac_mismatch", () => receiver.check(sent(), "{}", at));
});

test("a_sweep_is_of_every_room_and_a_statement_of_one", (t) => {
  for (const store of [new Memory(wide), new Sqlite(join(directory(t), "db"), wide)]) {
    new Receiver("billing", [SECRET], store).receive(sent(), BODY, at);
    assert.deepEqual([store.sweep(at), store.sweep({ now: NOW + 1e9, limit: 1 }), store.sweep(at)], [0, 1, 0]);
  }
  assert.equal(sweeping("postgres", { room: "webhook" }).values[0], "webhook");
  assert.equal(sweeping("postgres").values[0], "request");
});

test("while_a_secret_is_rotated_either_side_may_know_both", () => {
  const both = new Sender([SECRET, OTHER]).sign("msg_1", BODY, at);
  for (const secrets of [[SECRET], [OTHER], [OTHER, SECRET]])
    assert.equal(new Receiver("billing", secrets).check(both, BODY, at).id, "msg_1");
  refused("webhook_mac_mismatch", () => new Receiver("billing", [OTHER]).check(sent(), BODY, at));
});

test("an_id_is_new_each_time_and_the_same_for_a_seed", () => {
  assert.equal(messageId({ seed: new Uint8Array(16) }), "msg_AAAAAAAAAAAAAAAAAAAAAA");
  assert.equal(new Set(Array.from({ length: 100 }, () => messageId())).size, 100);
});

test("what_cannot_be_has_a_code", () => {
  const cases = {
    webhook_keys_invalid: [() => new Sender([]), () => new Receiver("a", Array(9).fill(SECRET))],
    webhook_key_invalid: [() => new Sender(["whsec_"])],
    webhook_sign_id: [() => new Sender([SECRET]).sign("a.b", "")],
    webhook_policy_limits: [() => new Receiver("a", [SECRET], null, { futureSeconds: 301 })],
    webhook_header_missing: [() => new Receiver("a", [SECRET]).check({}, "")],
    binding_argument_type: [() => new Sender(SECRET), () => new Receiver("a", [SECRET]).check("text", "")],
    binding_argument_choice: [() => sweeping("sqlite", { room: "jwt" })],
    binding_store_window: [() => new Receiver("a", [SECRET], new Memory())],
    binding_secret_copied: [
      () => JSON.stringify(new Sender([SECRET])),
      () => JSON.stringify(new Receiver("a", [SECRET])),
    ],
    key_id_invalid: [() => new Receiver("a b", [SECRET])],
  };
  for (const [code, calls] of Object.entries(cases)) for (const call of calls) refused(code, call);
});

test("a01_no_text_of_it_holds_a_secret_or_a_signature", () => {
  const [sender, receiver, headers] = [new Sender([SECRET]), new Receiver("billing", [SECRET]), sent()];
  const error = refused("webhook_mac_mismatch", () => receiver.check(headers, "{}", at));
  const texts = [sender, receiver, receiver.check(headers, BODY, at), error].map((thing) => inspect(thing));
  for (const text of [...texts, error.event])
    assert(!text.includes(SECRET.slice(6, 20)) && !text.includes(headers["webhook-signature"].slice(3, 20)));
});

// With the official package.

test("the_official_package_takes_what_is_sent", () => {
  const headers = new Sender([SECRET]).sign(messageId(), BODY);
  assert.deepEqual(new Webhook(SECRET).verify(BODY, headers), { paid: true });
  assert.throws(() => new Webhook(SECRET).verify("{}", headers));
});

test("what_the_official_package_sends_is_taken", () => {
  const signature = new Webhook(SECRET).sign("msg_1", new Date(NOW), BODY);
  const headers = { "webhook-id": "msg_1", "webhook-timestamp": `${NOW / 1_000}`, "webhook-signature": signature };
  assert.deepEqual(headers, sent());
  assert.equal(new Receiver("billing", [SECRET]).check(headers, BODY, at).id, "msg_1");
});

test("the_official_package_is_as_docs_compare_says", () => {
  const seconds = `${Math.floor(Date.now() / 1_000)}`;
  const genuine = (body, changed = {}) => {
    const secret = Buffer.from(SECRET.slice(6), "base64");
    const mac = createHmac("sha256", secret).update(`msg_1.${seconds}.`).update(body).digest("base64");
    return {
      "webhook-id": "msg_1",
      "webhook-timestamp": seconds,
      "webhook-signature": `v1,${mac}`,
      ...changed,
    };
  };
  const there = new Webhook(SECRET);
  assert.deepEqual(
    [1, 2].map(() => there.verify("{}", genuine("{}"))),
    [{}, {}],
  );
  for (const more of [".5", "abc"])
    assert.deepEqual(there.verify("{}", genuine("{}", { "webhook-timestamp": seconds + more })), {});
  const bytes = Buffer.from([0xff]);
  assert.throws(() => there.verify(bytes, genuine(bytes)), /No matching signature/);
  assert.throws(() => there.verify("{}", genuine("{}", { "webhook-signature": "v1" })), /No matching signature/);
  assert.throws(() => there.verify("abc", genuine("abc")), SyntaxError);
  assert.ok(new Webhook("whsec_AA=="));
  for (const body of [bytes, "abc"])
    assert.equal(new Receiver("billing", [SECRET]).check(genuine(body), body).id, "msg_1");
});

// Behind node:http.

async function serve(t, receiver, options) {
  const server = createServer(async (message, response) => {
    try {
      const { received, body } = await receiveIncoming(receiver, message, { now: NOW, ...options });
      response.end(JSON.stringify({ id: received.id, body: `${Buffer.from(body)}` }));
    } catch (error) {
      const { status, headers, body } = problem(error);
      response.writeHead(status, headers).end(body);
    }
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return async (headers, body = BODY) => {
    const url = `http://127.0.0.1:${server.address().port}/billing`;
    const answer = await fetch(url, { method: "POST", headers, body });
    const told = await answer.json();
    return [answer.status, told.code ?? told.id];
  };
}

test("a_server_takes_each_delivery_once", async (t) => {
  const post = await serve(t, new Receiver("billing", [SECRET], new Memory(wide)));
  assert.deepEqual(await post(sent()), [200, "msg_1"]);
  assert.deepEqual(await post(sent()), [401, "webhook_replayed"]);
  assert.deepEqual(await post(sent(), "{}"), [401, "webhook_unauthenticated"]);
  assert.deepEqual(await post({}), [400, "webhook_malformed"]);
  assert.deepEqual(await post(sent({ now: NOW - 400_000 })), [401, "webhook_outside_window"]);
});

test("a_server_reads_no_more_than_the_limit", async (t) => {
  const receiver = new Receiver("billing", [SECRET], new Memory(wide), { bodyLimitBytes: 10 });
  const post = await serve(t, receiver);
  assert.deepEqual(await post(sent({ body: "0123456789" }), "0123456789"), [200, "msg_1"]);
  assert.deepEqual(await post(sent(), "x".repeat(1_000)), [400, "webhook_malformed"]);
});

test("a_store_of_the_hosts_own_decides_too", async (t) => {
  const kept = new Memory(wide);
  const post = await serve(t, new Receiver("billing", [SECRET]), { drive: async (waiting) => waiting.run(kept) });
  assert.deepEqual(await post(sent()), [200, "msg_1"]);
  assert.deepEqual(await post(sent()), [401, "webhook_replayed"]);
});
