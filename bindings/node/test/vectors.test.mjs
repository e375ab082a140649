// The vectors of the project, by the runner that `cargo xtask vectors` calls.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ROOT } from "./support.mjs";

const DIRECTORIES = ["jwt", "limit", "refresh", "request", "webhook"].map((room) => join(ROOT, "vectors", room));
const RUNNER = join(import.meta.dirname, "run-vectors.mjs");

function run(...paths) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [RUNNER, ...paths], { encoding: "utf8" });
  return { status, stderr, lines: stdout.split("\n").slice(0, -1).map(JSON.parse) };
}

function files(directory) {
  return readdirSync(directory).map((name) => join(directory, name));
}

test("b12_every_vector_has_the_verdict_the_code_and_the_output_that_it_expects", () => {
  const { status, lines } = run(...DIRECTORIES);
  assert.equal(status, 0);
  const observed = new Map(lines.map((line) => [`${line.file} ${line.id}`, line]));
  let count = 0;
  for (const file of DIRECTORIES.flatMap(files)) {
    for (const { id, expect, replies } of JSON.parse(readFileSync(file, "utf8")).cases) {
      const { verdict, code, public: told, output, asked } = observed.get(`${file} ${id}`);
      assert.deepEqual({ verdict, code, public: told, output }, { output: null, ...expect }, `${file} ${id}`);
      assert.equal(asked, replies.length, `${file} ${id}`);
      count += 1;
    }
  }
  assert.equal(count, lines.length);
  assert(count > 1_200);
});

test("a file that holds no vectors ends the run with one line", () => {
  for (const path of [join(ROOT, "Cargo.toml"), join(ROOT, "no-such-file"), join(ROOT, "deny.toml")]) {
    const { status, stderr, lines } = run(path);
    assert.deepEqual([status, lines, stderr.trim().split("\n").length], [2, [], 1]);
  }
});
