"use strict";
// Tokens of requests that a framework hands over.

const { callable, guarded, maybe, options, wrong } = require("./arguments.cjs");
const { ArgumentError, CountersealError } = require("./errors.cjs");
const { requirement } = require("./requirement.cjs");
const { standing } = require("./standing.cjs");
const { isBlocking, nativeStore } = require("./stores.cjs");
const { isRemote } = require("./token_remote.cjs");
const { bearer, tokenVerifierOf, verifyHeld } = require("./token_verify.cjs");

const CALLS = ["certificate", "claims", "clock", "onEvent"];
const SETTINGS = [...CALLS, "requirement", "standing", "store"];

/** Reads the tokens of requests, as these settings say. */
class TokenReader {
  #verifier;
  #settings;

  constructor(verifier, given, more = []) {
    const parts = options(given, [...SETTINGS, ...more]);
    const settings = {};
    for (const name of [...CALLS, ...more]) settings[name] = maybe(callable, name, parts[name]);
    maybe(nativeStore, "store", parts.store);
    settings.store = parts.store ?? undefined;
    settings.requirement = maybe(requirement, "requirement", parts.requirement);
    settings.standing = maybe(standing, "standing", parts.standing);
    if (settings.standing !== undefined && (settings.store ?? settings.drive) === undefined)
      throw new ArgumentError("binding_store_missing");
    this.#verifier = verifier;
    this.#settings = settings;
  }

  /** What a request's token proves, at once. */
  read(request) {
    const [at, headers] = [this.#at(), headersOf(request)];
    try {
      const verified = this.#verify(bearer(headers, at), { ...this.#shown(request), ...at });
      const { store } = this.#settings;
      return this.#proof(verified, this.#asked(verified, at)?.run(store), at);
    } catch (error) {
      throw this.#told(error);
    }
  }

  /** The same, where keys are fetched or a database is asked. */
  async readAsync(request) {
    const [at, headers] = [this.#at(), headersOf(request)];
    try {
      const [token, shown] = [bearer(headers, at), this.#shown(request)];
      const isFar = isRemote(this.#verifier);
      const verified = isFar ? await this.#verifier.verify(token, shown) : this.#verify(token, { ...shown, ...at });
      return this.#proof(verified, await this.#run(this.#asked(verified, at)), at);
    } catch (error) {
      throw this.#told(error);
    }
  }

  #verify(token, shown) {
    const { requirement: required, standing: stands } = this.#settings;
    const isAsked = required !== undefined || stands !== undefined;
    return isAsked ? verifyHeld(this.#verifier, token, shown) : this.#verifier.verify(token, shown);
  }

  #asked(verified, at) {
    return this.#settings.standing?.begin(verified, at);
  }

  #run(asked) {
    const { drive, store } = this.#settings;
    if (asked === undefined) return undefined;
    if (drive !== undefined) return drive(asked);
    return isBlocking(store) ? asked.runAsync(store) : asked.run(store);
  }

  #proof(verified, live, at) {
    const { claims, requirement: required } = this.#settings;
    const authorized = required?.check(verified, at) ?? null;
    const read = claims === undefined ? verified.claims : verified.read(claims);
    return { verified, live: live ?? null, authorized, claims: read };
  }

  #at() {
    return { now: this.#settings.clock?.() ?? Date.now() };
  }

  #shown(request) {
    return { certificate: this.#settings.certificate?.(request) };
  }

  #told(error) {
    if (error instanceof CountersealError && error.event !== null) this.#settings.onEvent?.(error.event);
    return error;
  }
}

/** What reads tokens at once. */
function tokenReader(verifier, given) {
  const reader = new TokenReader(tokenVerifierOf(verifier), given);
  return (request) => reader.read(request);
}

/** What reads tokens, whoever has to be asked for it. */
function tokenReaderAsync(verifier, given) {
  const asked = isRemote(verifier) ? verifier : tokenVerifierOf(verifier);
  const reader = new TokenReader(asked, given, ["drive"]);
  return (request) => reader.readAsync(request);
}

function headersOf(request) {
  return guarded("request", "Request", () => {
    const { headers } = request;
    if (typeof headers !== "object" || headers === null) throw wrong("request", "Request");
    return headers;
  });
}

module.exports = { tokenReader, tokenReaderAsync };
