"use strict";

const { maybe, whole } = require("./arguments.cjs");
const { migrations } = require("./waiting.cjs");

/** Begins an epoch for a database that says that it knows of no nonces. */
class Beginning {
  #dialect;
  #future;
  #clock;

  constructor(dialect, { futureSeconds, clock }) {
    this.#dialect = dialect;
    this.#future = maybe(whole, "futureSeconds", futureSeconds, 300);
    this.#clock = clock ?? Date.now;
  }

  /** Takes the window that the database was made ready for. */
  told(given) {
    this.#future = given?.futureSeconds ?? 60;
  }

  /** Begins anew if these rows say so. What was asked stays refused, whatever becomes of this. */
  async after(rows, ask) {
    if (rows.length !== 1 || rows[0][0] !== "cold") return;
    const all = migrations(this.#dialect, { futureSeconds: this.#future, now: this.#clock() });
    const epochs = all.filter(({ name }) => name === "counterseal_epoch");
    await Promise.all(epochs.map(ask)).catch(() => undefined);
  }
}

module.exports = { Beginning };
