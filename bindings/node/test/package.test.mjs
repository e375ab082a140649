// The package as it is published: both module systems, its types, its files, and platforms that it is not for.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { test } from "node:test";
import * as counterseal from "counterseal";
import * as next from "counterseal/next";
import * as pg from "counterseal/stores/pg";
import { ROOT } from "./support.mjs";

const require = createRequire(import.meta.url);
const HERE = dirname(require.resolve("counterseal/package.json"));

for (const [name, module] of Object.entries({ counterseal, "counterseal/next": next, "counterseal/stores/pg": pg })) {
  test(`${name}_is_the_same_for_import_and_require`, () => {
    const required = require(name);
    assert.deepEqual(Object.keys(required).toSorted(), Object.keys(module).toSorted());
    for (const [member, value] of Object.entries(required)) assert.equal(value, module[member], member);
  });
}

test("an_error_of_one_module_system_is_an_instance_in_the_other", () => {
  assert.throws(() => new counterseal.Key("", new Uint8Array()), require("counterseal").SigningKeyError);
  assert(new (require("counterseal").Policy)(["a.example"]).profile instanceof counterseal.Profile);
});

for (const [types, module] of [
  ["index.d.ts", counterseal],
  ["next.d.ts", next],
  ["stores/pg.d.ts", pg],
]) {
  test(`${types}_declares_what_is_there`, () => {
    const declared = readFileSync(join(HERE, types), "utf8").matchAll(
      /^export declare (?:class|function|const) (\w+)/gm,
    );
    const names = [...declared].map(([, name]) => name);
    const given = Object.keys(module).filter((name) => name !== "CODES");
    assert.deepEqual(names.toSorted(), given.toSorted());
  });
}

test("the_package_holds_its_files_and_no_others", () => {
  const { stdout } = spawnSync("npm", ["pack", "--dry-run", "--json"], {
    cwd: join(ROOT, "bindings/node"),
    encoding: "utf8",
  });
  const [{ files, unpackedSize }] = JSON.parse(stdout);
  const paths = files.map(({ path }) => path);
  const addons = paths.filter((path) => path.endsWith(".node"));
  assert.equal(addons.length, 1);
  assert(unpackedSize < 8_000_000);
  for (const path of paths) {
    assert.match(
      path,
      /^(README\.md|LICENSE-\w+$|package\.json|codes\.|index\.|next\.|counterseal\.[\w-]+\.node$|(lib|stores)\/\w+\.)/,
    );
    assert(!/\.(rs|toml|json5?)$/.test(path) || path === "package.json", path);
  }
});

/** Runs a program after this one, beside the package. */
function run(code, ...flags) {
  return spawnSync(process.execPath, [...flags, "--eval", code], { cwd: import.meta.dirname, encoding: "utf8" });
}

test("a_platform_without_an_addon_is_told_so", () => {
  const { status, stderr } = run(`Object.defineProperty(process, "arch", { value: "mips" }); require("counterseal")`);
  assert.notEqual(status, 0);
  assert.match(stderr, /counterseal does not run on \w+-mips[\w-]*: this package holds no addon for it/);
});

test("nothing_of_it_is_for_browsers", () => {
  for (const name of ["counterseal", "counterseal/next", "counterseal/stores/pg"]) {
    const { stderr } = run(`require("${name}")`, "--conditions=browser");
    assert.match(stderr, /ERR_PACKAGE_PATH_NOT_EXPORTED/);
  }
});

test("what_is_inside_is_not_exported", () => {
  for (const path of ["lib/native.cjs", "codes.cjs", "index.cjs"]) {
    assert.throws(() => require(`counterseal/${path}`), { code: "ERR_PACKAGE_PATH_NOT_EXPORTED" });
  }
});

test("a_process_that_loads_it_ends_by_itself", () => {
  const { status, stdout, stderr } = run(
    `require("counterseal"); require("counterseal/next").register(); console.log("loaded")`,
  );
  assert.deepEqual([status, stdout, stderr], [0, "loaded\n", ""]);
});
