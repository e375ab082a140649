"use strict";

const { callable, maybe, options, whole } = require("./arguments.cjs");
const { WINDOW } = require("./stores.cjs");
const { migrations } = require("./waiting.cjs");

/** Begins an epoch for a database that says that it knows of no nonces. */
class Beginning {
  #dialect;
  #future;
  #clock;

  constructor(dialect, { futureSeconds, clock }) {
    this.#dialect = dialect;
    this.#future = maybe(whole, "futureSeconds", futureSeconds, 300);
    this.#clock = maybe(callable, "clock", clock, Date.now);
    this.all({ now: 0 });
  }

  /** How far ahead clocks may be. */
  get futureSeconds() {
    return this.#future;
  }

  /** The statements that make the database ready, for the window that is named or the one that is known. */
  all(given) {
    const { futureSeconds, ...more } = options(given, [...WINDOW, "now"]);
    return migrations(this.#dialect, { ...more, futureSeconds: futureSeconds ?? this.#future });
  }

  /** The same, and the window is known from now on. */
  ready(given) {
    const statements = this.all(given);
    this.#future = given?.futureSeconds ?? this.#future;
    return statements;
  }

  /** Begins anew if these rows say so. What was asked stays refused, whatever becomes of this. */
  async after(rows, ask) {
    if (rows.length !== 1 || rows[0][0] !== "cold") return;
    const epochs = this.all({ now: this.#clock() }).filter(({ name }) => name === "counterseal_epoch");
    await Promise.all(epochs.map(ask)).catch(() => undefined);
  }
}

module.exports = { Beginning };
