"use strict";
// The sessions that had ended at an instant.

const { maybe, text, wrong } = require("./arguments.cjs");
const { at } = require("./chance.cjs");
const { settled } = require("./errors.cjs");
const native = require("./native.cjs");

/** Whoever holds this has the native half of what was read in hand. */
const READ = Symbol("read");

class EndedSessions {
  #native;
  #told;

  constructor(read, made) {
    if (read !== READ) throw wrong("EndedSessions", "what a SessionFeed reads; it is not made by hand");
    this.#native = made;
    this.#told = settled(made.size());
  }

  check(session, given) {
    settled(this.#native.check(maybe(text, "session", session), at(given)));
  }

  get readAt() {
    return this.#told.readAt;
  }

  get size() {
    return this.#told.size;
  }
}

/** What was read, of its native half; nothing where it is something else. */
function endedIn(found) {
  return found instanceof native.EndedSessions ? new EndedSessions(READ, found) : undefined;
}

module.exports = { EndedSessions, endedIn };
