"use strict";

const { maybe, options, whole, wrong } = require("../lib/arguments.cjs");
const { Beginning } = require("../lib/beginning.cjs");
const { inTime } = require("../lib/time.cjs");
const { drive, sweeping, sweepingCells } = require("../lib/waiting.cjs");

/** The lock under which migrations are run one after the other: `cseal/pg`. */
const MIGRATING = "SELECT pg_advisory_xact_lock(7166182901177872487)";

const TABLES = "SELECT FROM counterseal_epoch, counterseal_claim, counterseal_cell LIMIT 0";

class Postgres {
  #pool;
  #timeout;
  #beginning;

  constructor(pool, given) {
    if (typeof pool?.query !== "function") throw wrong("pool", "Pool of pg");
    const parts = options(given, ["timeoutMs", "futureSeconds", "clock"]);
    // A connection that is lost while nobody uses it is no reason to end the process: the next step finds out.
    pool.on?.("error", () => undefined);
    this.#pool = pool;
    this.#timeout = maybe(whole, "timeoutMs", parts.timeoutMs, 5_000);
    this.#beginning = new Beginning("postgres", parts);
  }

  async migrate(given) {
    const statements = this.#beginning.ready(given);
    const client = await this.#connection();
    const run = (statement) => inTime(this.#timeout, "Postgres", client.query(statement));
    let failed = true;
    try {
      await run("BEGIN");
      await run(MIGRATING);
      for (const { text, values } of statements) await run({ text, values });
      await run("COMMIT");
      failed = false;
    } finally {
      // A connection in the midst of a transaction is nobody's.
      client.release(failed);
    }
  }

  async check() {
    const [guard] = this.#beginning.all();
    for (const text of [guard.text, TABLES]) await this.#ask({ text, values: [] });
  }

  drive(waiting) {
    const { futureSeconds } = this.#beginning;
    return drive(waiting, "postgres", (statement) => this.#execute(statement), { futureSeconds });
  }

  async sweep(given) {
    options(given, ["now", "limit"]);
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
    const { rows } = await inTime(this.#timeout, "Postgres", this.#pool.query(asked));
    return rows;
  }

  /** A connection of the pool's; one that comes too late goes back. */
  async #connection() {
    const connecting = this.#pool.connect();
    let client;
    try {
      client = await inTime(this.#timeout, "Postgres", connecting);
    } catch (error) {
      connecting.then(
        (late) => late.release(),
        () => undefined,
      );
      throw error;
    }
    if (typeof client?.release !== "function") throw wrong("pool", "Pool of pg, and no Client");
    return client;
  }
}

module.exports = { Postgres };
