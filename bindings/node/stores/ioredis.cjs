"use strict";

const { createHash } = require("node:crypto");
const { maybe, options, whole, wrong } = require("../lib/arguments.cjs");
const { Beginning } = require("../lib/beginning.cjs");
const { drive, migrations } = require("../lib/waiting.cjs");

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
    this.#beginning.told(given);
    for (const statement of migrations("redis", given)) await this.#ask(statement);
  }

  drive(waiting) {
    return drive(waiting, "redis", (statement) => this.#execute(statement));
  }

  async #execute(statement) {
    const rows = await this.#ask(statement);
    await this.#beginning.after(rows, (next) => this.#ask(next));
    return rows;
  }

  /** An answer that takes longer than the timeout is none, whatever becomes of the script. */
  async #ask({ text, values }) {
    let timer;
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error("Redis has not answered in time")), this.#timeout);
    });
    try {
      return await Promise.race([this.#eval(text, values.map(String)), late]);
    } finally {
      clearTimeout(timer);
    }
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
