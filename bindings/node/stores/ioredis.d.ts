// Nonces and keys in Redis 7, over a client of ioredis.
//
//   const store = new Redis(new IORedis(..));
//   await store.migrate();
//   const authenticator = new Authenticator(new Verifier(policy), {
//     drive: (waiting) => store.drive(waiting),
//     loadKey: (id) => store.drive(vault.load(id)),
//   });
//
// Each step is one script. The server's `maxmemory-policy` must be `noeviction`, or `migrate` rejects. After a restart, a flush or a
// fail-over Redis may have lost nonces; the store notices that, and refuses until nothing older can come: for 305 s, or for 65 s
// where `futureSeconds` is 60 here and clocks may be no further ahead in any policy. What it does not notice is an old primary that
// goes on answering some while a new one answers others (set `min-replicas-to-write`), and a `SWAPDB`. Keys are as durable as the server's own persistence.

import type { Decided, Waiting, WindowOptions } from "../index.js";

/** What is used of `Redis`. */
export interface ScriptClient {
  evalsha(hash: string, ...values: string[]): Promise<unknown>;
  eval(text: string, ...values: string[]): Promise<unknown>;
}

/** A Redis server that decisions are run on. */
export declare class Redis {
  /**
   * A script that takes more than `timeoutMs`, or 5000, has no answer. `futureSeconds` is how far the clocks of signers may be
   * ahead in any policy that is used here, for the beginning after a loss: the most that a policy allows, 300, unless this or
   * `migrate` says less. A policy that allows more is refused.
   */
  constructor(
    client: ScriptClient,
    options?: { readonly timeoutMs?: number; readonly futureSeconds?: number; readonly clock?: () => number },
  );
  /** Makes the server ready for policies of this window; it may be run again. */
  migrate(options?: WindowOptions): Promise<void>;
  /** Runs a decision to its end. */
  drive<Outcome extends Decided>(waiting: Waiting<Outcome>): Promise<Outcome>;
}
