"use strict";
// What decisions about sessions end in.

const { inspect } = require("node:util");
const { wrong } = require("./arguments.cjs");
const { ArgumentError } = require("./errors.cjs");

/** Whoever holds this has what the native half answered in hand. */
const ANSWERED = Symbol("answered");

class Refreshed {
  #token;
  #session;
  #how;
  #isFollowed;
  #event;

  constructor(answered, told) {
    if (answered !== ANSWERED) throw wrong("Refreshed", "what a Refresher answers; it is not made by hand");
    this.#token = told.token ?? null;
    this.#session = sessionOf(told.found[0]);
    this.#how = told.how;
    this.#isFollowed = told.isFollowed;
    this.#event = told.event;
  }

  get session() {
    return this.#session;
  }

  get how() {
    return this.#how;
  }

  get token() {
    return this.#token;
  }

  get isFollowed() {
    return this.#isFollowed;
  }

  get event() {
    return this.#event;
  }

  toJSON() {
    throw new ArgumentError("binding_secret_copied");
  }

  [inspect.custom]() {
    return `<Refreshed ${this.#how} session ${this.#session.id}>`;
  }
}

/** Sessions as the native half tells them: a list, one, or one that goes on. */
function sessionsIn(told) {
  if (told.isList) return told.found.map(sessionOf);
  return told.how === undefined ? sessionOf(told.found[0]) : new Refreshed(ANSWERED, told);
}

/** What is not there is null, as everywhere. */
function sessionOf(told) {
  const { boundBy = null, endedBy = null, ended = null } = told;
  return Object.freeze({ ...told, boundBy, endedBy, ended });
}

module.exports = { Refreshed, sessionsIn };
