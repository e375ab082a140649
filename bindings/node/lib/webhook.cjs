"use strict";
// Standard Webhooks, sent and received.

const { maybe, options, raw, text, texts, whole, wrong } = require("./arguments.cjs");
const { at, seed } = require("./chance.cjs");
const { ArgumentError, pairs, settled } = require("./errors.cjs");
const { joinedLines } = require("./message.cjs");
const native = require("./native.cjs");
const { received } = require("./received.cjs");
const { nativeStore } = require("./stores.cjs");
const { waiting } = require("./waiting.cjs");

const LIMITS = ["pastSeconds", "futureSeconds", "bodyLimitBytes"];

let isReceiver;

class Sender {
  #native;

  constructor(secrets) {
    this.#native = settled(native.Sender.create(texts("secrets", secrets)));
  }

  sign(id, body, given) {
    const fields = settled(this.#native.sign(text("id", id), content(body), at(given)));
    return Object.fromEntries(pairs(fields.split("\n").slice(0, -1)));
  }

  toJSON() {
    throw new ArgumentError("binding_secret_copied");
  }
}

class Receiver {
  #native;

  constructor(endpoint, secrets, store, given) {
    const parts = options(given, LIMITS);
    const members = {};
    for (const name of LIMITS) members[name] = maybe(whole, name, parts[name]);
    const claims = maybe(nativeStore, "store", store);
    this.#native = settled(
      native.Receiver.create(text("endpoint", endpoint), texts("secrets", secrets), claims, members),
    );
  }

  receive(headers, body, given) {
    return received(settled(this.#native.receive(joinedLines(headers), content(body), at(given))));
  }

  begin(headers, body, given) {
    return waiting(this.#native.begin(joinedLines(headers), content(body), at(given)));
  }

  check(headers, body, given) {
    return received(settled(this.#native.check(joinedLines(headers), content(body), at(given))));
  }

  get bodyLimitBytes() {
    return settled(this.#native.bodyLimitBytes());
  }

  toJSON() {
    throw new ArgumentError("binding_secret_copied");
  }

  static {
    isReceiver = (value) => typeof value === "object" && value !== null && #native in value;
  }
}

/** A new id for a message. */
function messageId(given) {
  return settled(native.Sender.messageId(seed(options(given, ["seed"]).seed, 16)));
}

/** The content: bytes, or text in UTF-8. */
function content(body) {
  return raw("body", body);
}

/** The receiver that this is. */
function receiverOf(value) {
  if (!isReceiver(value)) throw wrong("receiver", "Receiver");
  return value;
}

module.exports = { Receiver, Sender, messageId, receiverOf };
