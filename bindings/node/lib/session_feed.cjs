"use strict";
// What verifiers of access tokens know of sessions that have ended.

const { maybe, options, text, whole, wrong } = require("./arguments.cjs");
const { at } = require("./chance.cjs");
const { settled } = require("./errors.cjs");
const native = require("./native.cjs");

/** Whoever holds this has the native half of what was read in hand. */
const READ = Symbol("read");

class SessionFeed {
  #native;
  #trustedForSeconds;

  constructor(given) {
    const parts = options(given, ["trustedForSeconds"]);
    this.#trustedForSeconds = whole("trustedForSeconds", parts.trustedForSeconds);
    this.#native = settled(native.SessionFeed.create(this.#trustedForSeconds));
  }

  get trustedForSeconds() {
    return this.#trustedForSeconds;
  }

  read(given) {
    // Decisions end in what is read, so they know this file.
    return require("./waiting.cjs").waiting(this.#native.read(at(given)));
  }
}

class EndedSessions {
  #native;
  #size;

  constructor(read, made) {
    if (read !== READ) throw wrong("EndedSessions", "what a SessionFeed reads; it is not made by hand");
    this.#native = made;
    this.#size = settled(made.size());
  }

  check(session, given) {
    const told = session === null ? undefined : maybe(text, "session", session);
    settled(this.#native.check(told, at(given)));
  }

  get readAt() {
    return this.#size.readAt;
  }

  get size() {
    return this.#size.size;
  }
}

/** What was read, of its native half; null where it is something else. */
function endedIn(found) {
  return found instanceof native.EndedSessions ? new EndedSessions(READ, found) : null;
}

module.exports = { EndedSessions, SessionFeed, endedIn };
