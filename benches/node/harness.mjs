// The harness of `benches/src/harness.rs`: each item runs once per round, and one line of JSON says what it took.

const ROUNDS = 31;
const ROUND_NS = 4e6;
const PREPARED = 512;

export class Bench {
  #name;
  #items = [];

  constructor(name) {
    this.#name = name;
  }

  /** An item whose work is one call of `op`. */
  item(name, bytes, op) {
    return this.#push(name, bytes, undefined, (times) =>
      nanos(() => {
        for (let n = 0; n < times; n += 1) op();
      }),
    );
  }

  /** The same, where `op` gives a promise. */
  waited(name, bytes, op) {
    return this.#push(name, bytes, undefined, async (times) => {
      const begun = process.hrtime.bigint();
      for (let n = 0; n < times; n += 1) await op();
      return Number(process.hrtime.bigint() - begun);
    });
  }

  /** An item whose inputs are used once: they are made before the clock starts. */
  prepared(name, bytes, make, op) {
    return this.#push(name, bytes, PREPARED, (times) => {
      const inputs = Array.from({ length: times }, make);
      return nanos(() => {
        for (const input of inputs) op(input);
      });
    });
  }

  async run() {
    for (const item of this.#items) await calibrate(item);
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const item of this.#items) item.ns.push((await item.run(item.times)) / item.times);
    }
    for (const { name: item, bytes, ns } of this.#items) {
      const rounded = ns.map((sample) => Number(sample.toFixed(1)));
      console.log(JSON.stringify({ bench: this.#name, item, bytes, ns: rounded }));
    }
  }

  #push(name, bytes, times, run) {
    this.#items.push({ name, bytes, times, run, ns: [] });
    return this;
  }
}

/** Warms up, which V8 needs more of than others, and finds out how often to run in a round. */
async function calibrate(item) {
  for (let warm = 0; warm < 20; warm += 1) await item.run(PREPARED);
  for (let times = 1; item.times === undefined; times *= 2) {
    const spent = await item.run(times);
    if (spent > ROUND_NS / 2) item.times = Math.max(1, Math.floor((times * ROUND_NS) / spent));
  }
}

function nanos(work) {
  const begun = process.hrtime.bigint();
  work();
  return Number(process.hrtime.bigint() - begun);
}
