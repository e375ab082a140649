// Objects that are of another class, promises and lists without an end: each one gets a code of ours.

import { test } from "node:test";
import * as counterseal from "counterseal";
import {
  Cells,
  Key,
  Limit,
  Limiter,
  Policy,
  Receiver,
  Signer,
  TokenKey,
  TokenKeys,
  TokenMinter,
  TokenSigner,
  TokenVerifier,
  Verifier,
} from "counterseal";
import {
  AUTHORITY,
  key,
  NOW,
  REQUEST,
  refused,
  rejected,
  signed,
  tokenPolicy,
  tokenSigner,
  verifier,
} from "./support.mjs";

const signer = new Signer(key());
const receiver = new Receiver("a", [`whsec_${"A".repeat(32)}`]);
const limit = new Limit("a", { burst: 1, everyMs: 1 });
const TYPE = "binding_argument_type";
const RANGE = "binding_argument_range";

test("objects_of_another_class_are_refused", () => {
  const policy = new Policy([AUTHORITY]);
  const others = [null, undefined, 1, "a", {}, [], signer, new Proxy(key(), {}), Object.create(Key.prototype)];
  for (const other of others) {
    refused(TYPE, () => new Signer(other));
    refused(TYPE, () => new Verifier(policy, [other]));
    refused(TYPE, () => verifier().putKey(other));
    refused(TYPE, () => verifier().begin(signed(), { now: NOW }).run(other));
    refused(TYPE, () => new Verifier(other));
    refused(TYPE, () => new TokenMinter(other, tokenPolicy()));
    refused(TYPE, () => new TokenMinter(tokenSigner(), other));
    refused(TYPE, () => new TokenVerifier(other, [tokenSigner().key]));
    refused(TYPE, () => new TokenKeys([other]));
    refused(TYPE, () => counterseal.signingFetch(other === signer ? {} : other, { authorities: [] }));
  }
  refused(TYPE, () => new counterseal.Verified());
  refused(TYPE, () => new counterseal.Waiting());
  refused(TYPE, () => new counterseal.Admitted());
  refused(TYPE, () => new counterseal.Received());
  refused(TYPE, () => new counterseal.Minted());
  refused(TYPE, () => new counterseal.VerifiedToken());
  refused(TYPE, () => new counterseal.LiveToken());
  refused(TYPE, () => new counterseal.Authorized());
  refused(TYPE, () => new TokenKey());
  refused(TYPE, () => new TokenSigner());
});

test("too_many_items_are_refused", () => {
  refused("binding_argument_length", () => new Policy(Array(65_537).fill("a")));
  refused("binding_argument_length", () => verifier().replaceKeys(Array(65_537).fill(key())));
  refused("binding_argument_length", () => signer.sign({ ...REQUEST, headers: Array(65_537).fill(["a", "b"]) }));
  const endless = {
    entries: 0,
    __proto__: {
      *entries() {
        for (;;) yield ["a", "b"];
      },
    },
  };
  delete endless.entries;
  refused("binding_argument_length", () => signer.sign({ ...REQUEST, headers: endless }));
});

test("a_promise_rejects_with_the_same_codes", async () => {
  await rejected(TYPE, verifier().verifyAsync(null));
  await rejected(RANGE, verifier().verifyAsync(signed(), { now: Number.NaN }));
  await rejected(
    TYPE,
    counterseal.drive({}, "sqlite", async () => []),
  );
  await rejected(TYPE, counterseal.drive(verifier().begin(signed(), { now: NOW }), "sqlite", null));
  await rejected(TYPE, counterseal.verifyIncoming(verifier(), {}));
  const limiter = new Limiter(limit, { store: new Cells() });
  await rejected(TYPE, counterseal.receiveIncoming(receiver, {}));
  await rejected(TYPE, counterseal.receiveIncoming({}, {}));
  await rejected(TYPE, limiter.byAddress({}));
  await rejected(TYPE, limiter.byAddress(null));
  await rejected(TYPE, limiter.byKey(1));
  await rejected(RANGE, limiter.byName("a", { cost: 1.5 }));
});
