// Builds the addon of this platform as it ships, and puts it beside the package's own files.

import { spawnSync } from "node:child_process";
import { copyFileSync, renameSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const { addon } = createRequire(import.meta.url)("./lib/platform.cjs");

const PREFIX = process.platform === "win32" ? "" : "lib";
const ENDING = { darwin: ".dylib", win32: ".dll" }[process.platform] ?? ".so";

/** Runs cargo in this directory, and leaves with its exit code if it fails. */
function cargo(...args) {
  const { status, stdout, error } = spawnSync("cargo", args, { cwd: here, stdio: ["ignore", "pipe", "inherit"] });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
  return stdout;
}

const target = JSON.parse(cargo("metadata", "--format-version", "1", "--no-deps")).target_directory;
cargo("rustc", "--locked", "--release", "--package", "counterseal-node", "--", "-C", "strip=symbols");

// A process that has the former addon loaded keeps it: the file is replaced and not written over.
const built = join(target, "release", `${PREFIX}counterseal_node${ENDING}`);
copyFileSync(built, join(here, `${addon}.new`));
renameSync(join(here, `${addon}.new`), join(here, addon));
