import "server-only";
import { type Decided, Sqlite, type Waiting } from "counterseal";
import { Redis } from "counterseal/stores/ioredis";
import { Postgres } from "counterseal/stores/pg";
import IORedis from "ioredis";
import pg from "pg";
import { file, lazy } from "@/lib/settings";

/** The database that `SERVICE_STORE` names; without one, nonces and keys are in files of this host. */
export const database = lazy((): Postgres | Redis | undefined => {
  const url = process.env.SERVICE_STORE;
  if (url === undefined) return undefined;
  if (url.startsWith("redis:")) return new Redis(new IORedis(url));
  return new Postgres(new pg.Pool({ connectionString: url }));
});

const keys = lazy(() => new Sqlite(file("keys.db")));

/** Runs a decision about keys or sessions to its end. */
export function drive<Outcome extends Decided>(waiting: Waiting<Outcome>): Promise<Outcome> {
  return database()?.drive(waiting) ?? waiting.runAsync(keys());
}
