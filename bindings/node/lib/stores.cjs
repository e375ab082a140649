"use strict";
// The stores that run inside the addon.

const { flag, maybe, options, text, whole, wrong } = require("./arguments.cjs");
const { now, seed } = require("./chance.cjs");
const { settled } = require("./errors.cjs");
const native = require("./native.cjs");
const { refusePrivate } = require("./workers.cjs");

const WINDOW = ["pastSeconds", "futureSeconds"];
const RING = ["perSecond", "ownerCap", ...WINDOW];

let nativeOf;
let isCells;
let isSqlite;

class Store {
  #native;

  constructor(made) {
    this.#native = settled(made);
  }

  static {
    nativeOf = (value) => {
      if (typeof value !== "object" || value === null || !(#native in value)) return undefined;
      return value.#native;
    };
  }
}

class Ring extends Store {
  constructor(given) {
    const parts = options(given, [...RING, "now", "seed", "onePerWorker"]);
    if (!maybe(flag, "onePerWorker", parts.onePerWorker, false)) refusePrivate();
    super(native.Store.ring(sizes(parts), now(parts.now), seed(parts.seed, 16)));
  }

  gauge() {
    return settled(nativeStore("store", this).gauge());
  }
}

class SharedRing extends Store {
  constructor(path, given) {
    const parts = options(given, [...RING, "now", "seed"]);
    super(native.Store.shared(text("path", path), sizes(parts), now(parts.now), seed(parts.seed, 16)));
  }

  gauge() {
    return settled(nativeStore("store", this).gauge());
  }
}

/** What counts for limits, and for nothing else. */
class CellStore extends Store {
  #cells = true;

  isCrowded(given) {
    return settled(nativeStore("store", this).isCrowded(now(options(given, ["now"]).now)));
  }

  gauge(given) {
    return settled(nativeStore("store", this).cellGauge(now(options(given, ["now"]).now)));
  }

  static {
    isCells = (value) => typeof value === "object" && value !== null && #cells in value;
  }
}

class Cells extends CellStore {
  constructor(given) {
    const parts = options(given, ["cells", "seed", "onePerWorker"]);
    if (!maybe(flag, "onePerWorker", parts.onePerWorker, false)) refusePrivate();
    super(native.Store.cells(maybe(whole, "cells", parts.cells), seed(parts.seed, 16)));
  }
}

class SharedCells extends CellStore {
  constructor(path, given) {
    const parts = options(given, ["cells", "seed"]);
    const cells = maybe(whole, "cells", parts.cells);
    super(native.Store.sharedCells(text("path", path), cells, seed(parts.seed, 16)));
  }
}

class Sqlite extends Store {
  /** Each question may wait for a file. */
  #blocking = true;

  constructor(path, given) {
    const parts = options(given, [...WINDOW, "now"]);
    super(native.Store.sqlite(text("path", path), sizes(parts), now(parts.now)));
  }

  sweep(given) {
    return swept(this, given);
  }

  sweepCells(given) {
    return sweptCells(this, given);
  }

  static {
    isSqlite = (value) => typeof value === "object" && value !== null && #blocking in value;
  }
}

class Memory extends Store {
  constructor(given) {
    const parts = options(given, ["capacity", ...WINDOW, "now", "onePerWorker"]);
    if (!maybe(flag, "onePerWorker", parts.onePerWorker, false)) refusePrivate();
    super(native.Store.memory(sizes(parts), now(parts.now)));
  }

  sweep(given) {
    return swept(this, given);
  }

  sweepCells(given) {
    return sweptCells(this, given);
  }
}

/** Whether whoever asks this store may have to wait. */
function isBlocking(store) {
  return isSqlite(store);
}

function swept(store, given) {
  const parts = options(given, ["now", "limit"]);
  return settled(nativeStore("store", store).sweep(now(parts.now), limit(parts)));
}

function sweptCells(store, given) {
  const parts = options(given, ["now", "limit"]);
  return settled(nativeStore("store", store).sweepCells(now(parts.now), limit(parts)));
}

/** Sizes and window, as the native half takes them. */
function sizes(parts) {
  const members = {};
  for (const name of ["capacity", ...RING]) members[name] = maybe(whole, name, parts[name]);
  return members;
}

/** How many rows a sweep may delete. */
function limit(parts) {
  return maybe(whole, "limit", parts.limit, 1_000);
}

/** The native half of a store. */
function nativeStore(name, value) {
  const found = nativeOf(value);
  if (found === undefined) throw wrong(name, "a store of this package");
  return found;
}

module.exports = {
  Cells,
  Memory,
  Ring,
  SharedCells,
  SharedRing,
  Sqlite,
  WINDOW,
  isBlocking,
  isCells,
  limit,
  nativeStore,
  sizes,
};
