"use strict";

const { maybe, options, whole, wrong } = require("../lib/arguments.cjs");
const { drive, migrations, sweeping } = require("../lib/waiting.cjs");

class Postgres {
  #pool;
  #timeout;
  #future;
  #clock;

  constructor(pool, given) {
    if (typeof pool?.query !== "function") throw wrong("pool", "Pool of pg");
    const parts = options(given, ["timeoutMs", "futureSeconds", "clock"]);
    this.#pool = pool;
    this.#timeout = maybe(whole, "timeoutMs", parts.timeoutMs, 5_000);
    this.#future = maybe(whole, "futureSeconds", parts.futureSeconds, 300);
    this.#clock = parts.clock ?? Date.now;
  }

  async migrate(given) {
    this.#future = given?.futureSeconds ?? 60;
    for (const { text, values } of migrations("postgres", given)) await this.#pool.query({ text, values });
  }

  drive(waiting) {
    return drive(waiting, "postgres", (statement) => this.#execute(statement));
  }

  async sweep(given) {
    return (await this.#execute(sweeping("postgres", given))).length;
  }

  /** An answer that takes longer than the timeout is none, and its connection is given up. */
  async #execute({ name, text, values }) {
    const asked = { name, text, values, rowMode: "array", query_timeout: this.#timeout };
    const { rows } = await this.#pool.query(asked);
    if (rows.length === 1 && rows[0][0] === "cold") await this.#begin();
    return rows;
  }

  /** After a crash, the database knows nonces from now on. What asked stays refused, whatever becomes of this. */
  async #begin() {
    const all = migrations("postgres", { futureSeconds: this.#future, now: this.#clock() });
    const epochs = all.filter(({ name }) => name === "counterseal_epoch");
    const ask = ({ text, values }) => this.#pool.query({ text, values, query_timeout: this.#timeout });
    await Promise.all(epochs.map(ask)).catch(() => undefined);
  }
}

module.exports = { Postgres };
