"use strict";
// Which sessions have ended, read anew as time passes.

const { callable, maybe, options, wrong } = require("./arguments.cjs");
const { ArgumentError, CountersealError } = require("./errors.cjs");
const { SessionFeed } = require("./session_feed.cjs");
const { isBlocking, nativeStore } = require("./stores.cjs");

/** For so long, in milliseconds, a store that did not answer is not asked again while what is known is good. */
const RETRY = 1_000;

class SessionWatch {
  #feed;
  #settings;
  #ended = null;
  #isDue = true;
  #retryAt = 0;
  #isReading = false;

  constructor(feed, given) {
    if (!(feed instanceof SessionFeed)) throw wrong("feed", "SessionFeed");
    const { clock, drive, store } = options(given, ["clock", "drive", "store"]);
    maybe(callable, "clock", clock);
    maybe(callable, "drive", drive);
    maybe(nativeStore, "store", store);
    if (store === undefined && drive === undefined) throw new ArgumentError("binding_store_missing");
    this.#feed = feed;
    this.#settings = { clock, drive, store };
  }

  async check(session) {
    const now = this.#settings.clock?.() ?? Date.now();
    if (this.#mustRead(now)) await this.#read(now);
    this.#ended.check(session, { now });
  }

  forget() {
    this.#isDue = true;
  }

  /** One reads what is a third of its time old, and others go on with it; what is too old is read by whoever needs it. */
  #mustRead(now) {
    if (this.#ended === null) return true;
    const [age, trusted] = [now - this.#ended.readAt, this.#feed.trustedForSeconds * 1_000];
    if (age < 0 || age > trusted) return true;
    return !this.#isReading && now >= this.#retryAt && (this.#isDue || age > trusted / 3);
  }

  async #read(now) {
    this.#isReading = true;
    this.#isDue = false;
    try {
      this.#ended = await this.#run(this.#feed.read({ now }));
    } catch (error) {
      [this.#isDue, this.#retryAt] = [true, now + RETRY];
      // What was read before may be good for a while; its check says.
      if (this.#ended === null || !(error instanceof CountersealError)) throw error;
    } finally {
      this.#isReading = false;
    }
  }

  #run(waiting) {
    const { drive, store } = this.#settings;
    if (drive !== undefined) return drive(waiting);
    return isBlocking(store) ? waiting.runAsync(store) : waiting.run(store);
  }
}

module.exports = { SessionWatch };
