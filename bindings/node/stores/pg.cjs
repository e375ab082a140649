"use strict";

const { maybe, options, whole, wrong } = require("../lib/arguments.cjs");
const { Beginning } = require("../lib/beginning.cjs");
const { drive, migrations, sweeping, sweepingCells } = require("../lib/waiting.cjs");

/** The lock under which migrations are run one after the other: `cseal/pg`. */
const MIGRATING = "SELECT pg_advisory_xact_lock(7166182901177872487)";

class Postgres {
  #pool;
  #timeout;
  #beginning;

  constructor(pool, given) {
    if (typeof pool?.query !== "function") throw wrong("pool", "Pool of pg");
    const parts = options(given, ["timeoutMs", "futureSeconds", "clock"]);
    this.#pool = pool;
    this.#timeout = maybe(whole, "timeoutMs", parts.timeoutMs, 5_000);
    this.#beginning = new Beginning("postgres", parts);
  }

  async migrate(given) {
    this.#beginning.told(given);
    const statements = migrations("postgres", given);
    const client = await this.#pool.connect();
    let failed = true;
    try {
      await client.query("BEGIN");
      await client.query(MIGRATING);
      for (const { text, values } of statements) await client.query({ text, values });
      await client.query("COMMIT");
      failed = false;
    } finally {
      // A connection in the midst of a transaction is nobody's.
      client.release(failed);
    }
  }

  drive(waiting) {
    return drive(waiting, "postgres", (statement) => this.#execute(statement));
  }

  async sweep(given) {
    let swept = 0;
    for (const room of ["request", "webhook"])
      swept += (await this.#execute(sweeping("postgres", { ...given, room }))).length;
    return swept;
  }

  async sweepCells(given) {
    return (await this.#execute(sweepingCells("postgres", given))).length;
  }

  async #execute(statement) {
    const rows = await this.#ask(statement);
    await this.#beginning.after(rows, (next) => this.#ask(next));
    return rows;
  }

  /** An answer that takes longer than the timeout is none, and its connection is given up. */
  async #ask({ name, text, values }) {
    const asked = { name, text, values, rowMode: "array", query_timeout: this.#timeout };
    const { rows } = await this.#pool.query(asked);
    return rows;
  }
}

module.exports = { Postgres };
