// Nonces and keys in Postgres, over a pool of pg.
//
//   const store = new Postgres(new Pool(..));
//   await store.migrate();
//   const authenticator = new Authenticator(new Verifier(policy), {
//     drive: (waiting) => store.drive(waiting),
//     loadKey: (id) => store.drive(vault.load(id)),
//   });
//
// The pool is the store's own: each statement takes a connection and is committed by itself. Its `connectionTimeoutMillis` is set if it has none. Statements have names, so a pooler
// between must keep to a connection (or know prepared statements, as PgBouncer does from 1.21 on). Nonces lie in tables that
// Postgres empties after a crash; the store notices that, and refuses until nothing older can come: for 305 s, or for 65 s where
// `futureSeconds` is 60 here and clocks may be no further ahead in any policy. `migrate` rejects where the role's transactions are
// isolated more strictly than `read committed`, or its commits are acknowledged before they are safe (`synchronous_commit = off`):
// a crash could bring back a key that was revoked. `check` does the same for a worker whose role makes no tables. Both reject
// with what pg says.
//
// A dump has the claims of its time, and of the time after it none: leave them out (`--no-unlogged-table-data`), and what is
// restored begins anew.

import type { Decided, SweepOptions, Waiting, WindowOptions } from "../index.js";

/** What is used of `PoolClient`. */
export interface PoolConnection {
  // biome-ignore lint/suspicious/noExplicitAny: pg has many forms of it
  query(statement: any): Promise<any>;
  release(destroy?: boolean): void;
  on?(event: "error", listener: (error: Error) => void): unknown;
  off?(event: "error", listener: (error: Error) => void): unknown;
}

/** What is used of `Pool`. */
export interface ConnectionPool {
  connect(): Promise<PoolConnection>;
  /** A pool tells of connections that are lost while nobody uses them. */
  on?(event: "error", listener: (error: Error) => void): unknown;
  /** What the pool was made with. */
  readonly options?: object;
}

/** A database that decisions are run on. */
export declare class Postgres {
  /**
   * A step that waits more than `timeoutMs`, or 5000, for a connection, or as long for its answer, has none. `futureSeconds` is how far
   * the clocks of signers may be ahead in any policy that is used here, for the beginning after a crash: the most that a policy
   * allows, 300, unless this or `migrate` says less. A policy that allows more is refused.
   */
  constructor(
    pool: ConnectionPool,
    options?: { readonly timeoutMs?: number; readonly futureSeconds?: number; readonly clock?: () => number },
  );
  /** Makes the database ready for policies of this window; it may be run again, and by many at once. */
  migrate(options?: WindowOptions): Promise<void>;
  /** Rejects with what is in the way where the pool's role cannot serve: run it when a worker starts. */
  check(): Promise<void>;
  /** Runs a decision to its end. */
  drive<Outcome extends Decided>(waiting: Waiting<Outcome>): Promise<Outcome>;
  /** Deletes nonces that are over, and counts them. Run it now and then. */
  sweep(options?: SweepOptions): Promise<number>;
  /** Deletes cells of limits that are empty, and counts them. Run it now and then, where limits count here. */
  sweepCells(options?: SweepOptions): Promise<number>;
}
