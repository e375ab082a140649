import "server-only";
import { Redis } from "counterseal/stores/ioredis";
import { Postgres } from "counterseal/stores/pg";
import IORedis from "ioredis";
import pg from "pg";

/** The database that `SERVICE_STORE` names; without one, nonces and keys are in files of this host. */
export function database(): Postgres | Redis | undefined {
  const url = process.env.SERVICE_STORE;
  if (url === undefined) return undefined;
  if (url.startsWith("redis:")) return new Redis(new IORedis(url));
  return new Postgres(new pg.Pool({ connectionString: url }));
}
