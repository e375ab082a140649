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

/** Replaces a file at once: a process that has the former addon loaded keeps it. */
function replace(from, to) {
  copyFileSync(from, `${to}.new`);
  renameSync(`${to}.new`, to);
}

const directory = JSON.parse(cargo("metadata", "--format-version", "1", "--no-deps")).target_directory;
const library = `${PREFIX}counterseal_node${ENDING}`;
const build = ["rustc", "--locked", "--package", "counterseal-node"];

if (process.argv.includes("--panic-probe")) {
  // For the tests: an addon that panics on demand, away from the package. Its path is all that is printed.
  const probe = join(directory, "panic-probe");
  process.env.RUSTFLAGS = "--cfg counterseal_panic_probe";
  cargo(...build, "--quiet", "--target-dir", probe);
  replace(join(probe, "debug", library), join(probe, addon));
  console.log(join(probe, addon));
} else {
  cargo(...build, "--release", "--", "-C", "strip=symbols");
  replace(join(directory, "release", library), join(here, addon));
}
