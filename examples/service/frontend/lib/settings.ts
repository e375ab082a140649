import "server-only";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** A setting of this process. */
export function setting(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set`);
  return value;
}

/** A file in the directory that this site shares with the service. */
export function file(name: string): string {
  return join(setting("SERVICE_DIR"), name);
}

/** The secret in the file of this name. It stays in this process: these modules are for the server only. */
export function secret(name: string): Uint8Array {
  return readFileSync(file(`${name}.secret`));
}

/** What `make` gives, made on the first call: a build loads modules too, and has neither settings nor files. */
export function lazy<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}
