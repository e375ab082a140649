"use strict";
// A fetch with the access tokens of a session, refreshed once for all requests that need it.

const { bytes, callable, guarded, maybe, options, text, texts, whole } = require("./arguments.cjs");
const { RefreshError } = require("./errors.cjs");

const CALLS = ["clock", "fetch", "load", "save"];
const SETTINGS = [...CALLS, "authorities", "deviceSecret"];
/** Who has less left than this, in milliseconds, is refreshed before the request is sent. */
const EARLY = 30_000;

/** A `fetch` for the client that keeps its refresh token by `load` and `save`, and refreshes at `url`. */
function sessionFetch(url, given) {
  const place = guarded("url", "URL", () => new URL(text("url", url)));
  const session = new Session(place, given);
  return (input, init) => session.fetch(new Request(input, init));
}

class Session {
  #url;
  #authorities;
  #settings = {};
  #access;
  #expires = 0;
  /** The refresh that is under way. */
  #refreshing;

  constructor(url, given) {
    const parts = options(given, SETTINGS);
    this.#url = url;
    this.#authorities = new Set([url.host, ...texts("authorities", parts.authorities ?? [])]);
    for (const name of ["load", "save"]) this.#settings[name] = callable(name, parts[name]);
    for (const name of ["clock", "fetch"]) this.#settings[name] = maybe(callable, name, parts[name]);
    this.#settings.deviceSecret = maybe(bytes, "deviceSecret", parts.deviceSecret);
  }

  async fetch(request) {
    const { host, protocol } = new URL(request.url);
    if (!this.#authorities.has(host) || protocol !== this.#url.protocol) return this.#send(request);
    // A body is read once, and may have to be sent twice.
    const body = request.body === null ? undefined : await request.arrayBuffer();
    const used = await this.#token();
    const answer = await this.#bearing(request, body, used);
    if (answer.status !== 401) return answer;
    await answer.body?.cancel();
    return this.#bearing(request, body, await this.#token(used));
  }

  /** A good access token that was not refused. */
  async #token(refused) {
    const isGood = this.#access !== undefined && this.#access !== refused && this.#now() < this.#expires - EARLY;
    if (isGood) return this.#access;
    this.#refreshing ??= this.#refresh().finally(() => {
      this.#refreshing = undefined;
    });
    await this.#refreshing;
    return this.#access;
  }

  async #refresh() {
    const { deviceSecret, load, save } = this.#settings;
    const token = await load();
    if (token === null || token === undefined) throw new RefreshError("binding_login_needed");
    const asked = { refresh_token: token, device_secret: deviceSecret && Buffer.from(deviceSecret).toString("hex") };
    const headers = { "content-type": "application/json" };
    const answer = await this.#send(new Request(this.#url, { method: "POST", headers, body: JSON.stringify(asked) }));
    if (answer.headers.get("cs-forget") === "1") {
      this.#access = undefined;
      await save(null);
      throw new RefreshError("binding_login_needed");
    }
    const told = await toldBy(answer);
    // It is stored before the access token is used.
    if (told.refresh_token !== null) await save(told.refresh_token);
    this.#access = told.access_token;
    this.#expires = told.expires;
  }

  #bearing(request, body, token) {
    const headers = new Headers(request.headers);
    headers.set("authorization", `Bearer ${token}`);
    const { method, url, signal } = request;
    return this.#send(new Request(url, { method, headers, body, signal, redirect: "manual" }));
  }

  #send(request) {
    return (this.#settings.fetch ?? globalThis.fetch)(request);
  }

  #now() {
    return maybe(whole, "clock", this.#settings.clock?.()) ?? Date.now();
  }
}

/** What the service answered, if it refreshed. */
async function toldBy(answer) {
  const told = answer.status === 200 ? await answer.json().catch(() => null) : null;
  const { access_token: access, expires, refresh_token: refresh } = told ?? {};
  const isTold = typeof access === "string" && typeof expires === "number";
  if (!isTold || (refresh !== null && typeof refresh !== "string")) throw new RefreshError("binding_refresh_failed");
  return told;
}

module.exports = { sessionFetch };
