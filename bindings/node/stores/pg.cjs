"use strict";

const { maybe, options, whole, wrong } = require("../lib/arguments.cjs");
const { Beginning } = require("../lib/beginning.cjs");
const { inTime } = require("../lib/time.cjs");
const { drive, sweeping, sweepingCells } = require("../lib/waiting.cjs");

/** The lock under which migrations are run one after the other: `cseal/pg`. */
const MIGRATING = "SELECT pg_advisory_xact_lock(7166182901177872487)";

/** What a connection says of its end: whoever waits for it is told, and nobody else is concerned. */
function ignored() {}

const ABLE = `DO $do$ DECLARE need text; BEGIN
IF to_regclass('counterseal_epoch') IS NULL OR to_regclass('counterseal_claim') IS NULL
OR to_regclass('counterseal_cell') IS NULL OR to_regprocedure('counterseal_swept(text)') IS NULL THEN
RAISE EXCEPTION 'counterseal: tables are missing; run migrate, and look at the search_path of this role'; END IF;
IF current_setting('transaction_read_only') = 'on' THEN
RAISE EXCEPTION 'counterseal: set default_transaction_read_only to off for this role, or find the primary'; END IF;
FOREACH need IN ARRAY ARRAY['counterseal_claim SELECT', 'counterseal_claim INSERT', 'counterseal_epoch SELECT',
'counterseal_epoch INSERT', 'counterseal_epoch UPDATE', 'counterseal_cell SELECT', 'counterseal_cell INSERT',
'counterseal_cell UPDATE'] LOOP IF NOT has_table_privilege(split_part(need, ' ', 1), split_part(need, ' ', 2)) THEN
RAISE EXCEPTION 'counterseal: grant % to this role', need; END IF; END LOOP;
IF NOT has_function_privilege('counterseal_swept(text)', 'EXECUTE') THEN
RAISE EXCEPTION 'counterseal: grant EXECUTE on counterseal_swept to this role'; END IF; END $do$`;

class Postgres {
  #pool;
  #timeout;
  #beginning;

  constructor(pool, given) {
    if (typeof pool?.connect !== "function") throw wrong("pool", "Pool of pg");
    const parts = options(given, ["timeoutMs", "futureSeconds", "clock"]);
    // A connection that is lost while nobody uses it is no reason to end the process: the next step finds out.
    pool.on?.("error", ignored);
    // A pool waits for ever for a server that says nothing, and its places with it.
    if (pool.options) pool.options.connectionTimeoutMillis ||= maybe(whole, "timeoutMs", parts.timeoutMs, 5_000);
    this.#pool = pool;
    this.#timeout = maybe(whole, "timeoutMs", parts.timeoutMs, 5_000);
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
    const [guard] = this.#beginning.all();
    for (const text of [guard.text, ABLE]) await this.#ask({ text, values: [] });
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
