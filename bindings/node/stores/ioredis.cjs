"use strict";

const { createHash } = require("node:crypto");
const { maybe, options, whole, wrong } = require("../lib/arguments.cjs");
const { Beginning } = require("../lib/beginning.cjs");
const { inTime } = require("../lib/time.cjs");
const { drive } = require("../lib/waiting.cjs");

class Redis {
  #client;
  #timeout;
  #beginning;
  #hashes = new Map();

  constructor(client, given) {
    if (typeof client?.evalsha !== "function") throw wrong("client", "Redis of ioredis");
    const parts = options(given, ["timeoutMs", "futureSeconds", "clock"]);
    // A claim that was made, and is sent again because its answer was lost, would be told as a replay.
    Object.assign(client.options ?? {}, { autoResendUnfulfilledCommands: false, maxRetriesPerRequest: 0 });
    this.#client = client;
    this.#timeout = maybe(whole, "timeoutMs", parts.timeoutMs, 5_000);
    this.#beginning = new Beginning("redis", parts);
  }

  async migrate(given) {
    for (const statement of this.#beginning.ready(given)) await this.#ask(statement);
  }

  drive(waiting) {
    const { futureSeconds } = this.#beginning;
    return drive(waiting, "redis", (statement) => this.#execute(statement), { futureSeconds });
  }

  async #execute(statement) {
    const rows = await this.#ask(statement);
    await this.#beginning.after(rows, (next) => this.#ask(next));
    return rows;
  }

  #ask({ text, values }) {
    return inTime(this.#timeout, "Redis", this.#eval(text, values.map(String)));
  }

  async #eval(text, values) {
    try {
      return await this.#client.evalsha(this.#hash(text), ...values);
    } catch (error) {
      if (!String(error?.message).startsWith("NOSCRIPT")) throw error;
      return this.#client.eval(text, ...values);
    }
  }

  #hash(text) {
    const known = this.#hashes.get(text);
    if (known !== undefined) return known;
    const hash = createHash("sha1").update(text).digest("hex");
    this.#hashes.set(text, hash);
    return hash;
  }
}

module.exports = { Redis };
