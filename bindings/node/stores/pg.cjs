"use strict";

const { maybe, options, whole, wrong } = require("../lib/arguments.cjs");
const { drive, migrations, sweeping } = require("../lib/waiting.cjs");

class Postgres {
  #pool;
  #timeout;

  constructor(pool, given) {
    if (typeof pool?.query !== "function") throw wrong("pool", "Pool of pg");
    this.#pool = pool;
    this.#timeout = maybe(whole, "timeoutMs", options(given, ["timeoutMs"]).timeoutMs, 5_000);
  }

  async migrate(given) {
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
    return rows;
  }
}

module.exports = { Postgres };
