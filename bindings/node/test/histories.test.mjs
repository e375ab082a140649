// One table of histories over every store that runs in this process; those of Postgres and Redis are with theirs.

import { join } from "node:path";
import { test } from "node:test";
import { Memory, Ring, SharedRing, Sqlite } from "counterseal";
import { areAsTold } from "./histories.mjs";
import { directory, NOW } from "./support.mjs";

const at = { now: NOW };
const kinds = {
  memory: () => new Memory(at),
  ring: () => new Ring({ ...at, onePerWorker: true }),
  sharedRing: (path) => new SharedRing(path, at),
  sqlite: (path) => new Sqlite(path, at),
};

for (const [kind, make] of Object.entries(kinds)) {
  test(`h21_h25_every_history_comes_out_as_told_on_${kind}`, async (t) => {
    const place = directory(t);
    let number = 0;
    await areAsTold(() => {
      number += 1;
      const store = make(join(place, `store-${number}`));
      return (waiting) => waiting.run(store);
    });
  });
}
