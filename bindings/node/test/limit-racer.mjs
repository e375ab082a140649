// Counts as fast as it can in a file that others count in too, and says how often it passed.

import { Limit, SharedCells } from "counterseal";
import { NOW } from "./support.mjs";

// The runner of the tests takes this file for one of them, and starts it alone.
if (process.send !== undefined) {
  const cells = new SharedCells(process.argv[2]);
  process.once("message", () => process.send(race(cells), () => process.disconnect()));
  process.send("ready");
}

function race(cells) {
  const limit = new Limit("race", { burst: 500, everyMs: 60_000 });
  let passed = 0;
  for (let turn = 0; turn < 2_000; turn += 1) {
    try {
      limit.byAddress("192.0.2.7", { now: NOW }).run(cells);
      passed += 1;
    } catch (error) {
      if (error.code !== "limit_exceeded") throw error;
    }
  }
  return passed;
}
