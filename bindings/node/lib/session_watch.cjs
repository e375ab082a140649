"use strict";
// Which sessions have ended, read anew as time passes.

const { callable, maybe, options, wrong } = require("./arguments.cjs");
const { ArgumentError, CountersealError } = require("./errors.cjs");
const { SessionFeed } = require("./session_feed.cjs");
const { isBlocking, nativeStore } = require("./stores.cjs");

/** For so long, in milliseconds, a store that did not answer is not asked again. */
const RETRY = 1_000;

class SessionWatch {
  #feed;
  #settings;
  #ended = null;
  // Readings are numbered as they begin: what is known is of one of them, and must be of `least` or a later one.
  #known = 0;
  #begun = 0;
  #least = 1;
  #reading = null;
  #fault;
  #retryAt = 0;

  constructor(feed, given) {
    if (!(feed instanceof SessionFeed)) throw wrong("feed", "SessionFeed");
    const { clock, drive, onEvent, store } = options(given, ["clock", "drive", "onEvent", "store"]);
    maybe(callable, "clock", clock);
    maybe(callable, "drive", drive);
    maybe(callable, "onEvent", onEvent);
    maybe(nativeStore, "store", store);
    if (store === undefined && drive === undefined) throw new ArgumentError("binding_store_missing");
    this.#feed = feed;
    this.#settings = { clock, drive, onEvent, store };
  }

  async check(session) {
    if (this.#mustRead()) await this.#read();
    if (this.#ended === null) throw this.#fault;
    try {
      this.#ended.check(session, { now: this.#now() });
    } catch (error) {
      if (error.code === "refresh_feed_stale" && this.#fault !== undefined) error.cause = this.#fault;
      throw error;
    }
  }

  forget() {
    this.#least = this.#begun + 1;
  }

  #now() {
    return this.#settings.clock?.() ?? Date.now();
  }

  #mustRead() {
    const now = this.#now();
    if (this.#retryAt - now > 0 && this.#retryAt - now <= RETRY) return false;
    if (this.#ended === null || this.#known < this.#least) return true;
    const [age, trusted] = [now - this.#ended.readAt, this.#feed.trustedForSeconds * 1_000];
    if (age < 0 || age > trusted) return true;
    return this.#reading === null && age > trusted / 3;
  }

  /** Waits for a reading that is late enough. */
  #read() {
    if (this.#reading === null || this.#begun < this.#least) {
      this.#begun += 1;
      const reading = this.#load(this.#begun).finally(() => {
        if (this.#reading === reading) this.#reading = null;
      });
      this.#reading = reading;
    }
    return this.#reading;
  }

  async #load(number) {
    try {
      const ended = await this.#run(this.#feed.read({ now: this.#now() }));
      [this.#fault, this.#retryAt] = [undefined, 0];
      if (number > this.#known) [this.#ended, this.#known] = [ended, number];
    } catch (fault) {
      // Of the store, or of a driver of the application's own; what is known may be good for a while.
      [this.#fault, this.#retryAt] = [fault, this.#now() + RETRY];
      if (fault instanceof CountersealError && fault.event !== null) this.#settings.onEvent?.(fault.event);
    }
  }

  async #run(waiting) {
    const { drive, store } = this.#settings;
    if (drive !== undefined) return drive(waiting);
    return isBlocking(store) ? waiting.runAsync(store) : waiting.run(store);
  }
}

module.exports = { SessionWatch };
