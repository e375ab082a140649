"use strict";

const { maybe, options, whole, wrong } = require("../lib/arguments.cjs");
const { Beginning } = require("../lib/beginning.cjs");
const { inTime } = require("../lib/time.cjs");
const { drive, sweeping, sweepingCells } = require("../lib/waiting.cjs");

/** The lock under which migrations are run one after the other: `cseal/pg`. */
const MIGRATING = "SELECT pg_advisory_xact_lock(7166182901177872487)";

/** What a connection says of its end: whoever waits for it is told, and nobody else is concerned. */
function ignored() {}

class Postgres {
  #pool;
  #timeout;
  #beginning;

  constructor(pool, given) {
    if (typeof pool?.connect !== "function") throw wrong("pool", "Pool of pg");
    const parts = options(given, ["timeoutMs", "futureSeconds", "clock"]);
    // A connection that is lost while nobody uses it is no reason to end the process: the next step finds out.
    pool.on?.("error", ignored);
    this.#pool = pool;
    this.#timeout = maybe(whole, "timeoutMs", parts.timeoutMs, 5_000);
    // A pool waits for ever for a server that says nothing, and its places with it.
    if (pool.options) pool.options.connectionTimeoutMillis ||= this.#timeout;
    this.#beginning = new Beginning("postgres", parts);
  }

  async migrate(given) {
    const statements = this.#beginning.ready(given);
    return this.#lend(async (run) => {
      await run("BEGIN");
      await run(MIGRATING);
      for (const { text, values } of statements) await run({ text, values });
      await run("COMMIT");
    });
  }

  async check() {
    const checks = this.#beginning.all().filter(({ name }) => name === "counterseal_check");
    for (const { text, values } of checks) await this.#ask({ text, values });
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

  async #ask({ name, text, values }) {
    const asked = { name, text, values, rowMode: "array", query_timeout: this.#timeout };
    return this.#lend(async (run) => (await run(asked)).rows);
  }

  /**
   * What `use` makes of a connection that runs statements. An answer that takes longer than the timeout is none, and the connection
   * is given up: it may be in the midst of something. A statement never waits in the pool: what is late there would be run when
   * nobody asks for it any more, by a clock that has moved on.
   */
  async #lend(use) {
    const client = await this.#connection();
    client.on?.("error", ignored);
    let failed = true;
    try {
      const result = await use((statement) => inTime(this.#timeout, "Postgres", client.query(statement)));
      client.off?.("error", ignored);
      failed = false;
      return result;
    } finally {
      client.release(failed);
    }
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
