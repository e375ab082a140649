"use strict";
// A fetch with the access tokens of a session, refreshed once for all requests that need it.

const { bytes, callable, guarded, maybe, options, text, texts, whole, wrong } = require("./arguments.cjs");
const { RefreshError } = require("./errors.cjs");

const CALLS = ["clock", "fetch", "load", "save"];
const SETTINGS = [...CALLS, "authorities", "deviceSecret"];
/** Who has less left than this, in milliseconds, or than a quarter of what it had, is refreshed before the request is sent. */
const EARLY = 30_000;
/** How often is begun anew where somebody logs in or out meanwhile. */
const TURNS = 3;
/** How long a refresh may take, in milliseconds. */
const PATIENCE = 30_000;
/** What can stand in a field. */
const VISIBLE = /^[!-~]+$/;

/** A `fetch` for the client that keeps its refresh token by `load` and `save`, and refreshes at `url`. */
function sessionFetch(url, given) {
  const session = new Session(placeOf("url", text("url", url)), given);
  return async (input, init) => session.fetch(new Request(input, init));
}

class Session {
  #url;
  #hosts;
  #settings = {};
  #access;
  /** The refresh token that is stored beside it. */
  #of;
  /** Until when this host's clock says that it is good. */
  #good = 0;
  /** The refresh that is under way. */
  #refreshing;

  constructor(url, given) {
    const parts = options(given, SETTINGS);
    this.#url = url;
    const others = maybe(texts, "authorities", parts.authorities, []);
    const hosts = others.map((authority) => placeOf("authorities", `${url.protocol}//${authority}`).host);
    this.#hosts = new Set([url.host, ...hosts]);
    for (const name of ["load", "save"]) this.#settings[name] = callable(name, parts[name]);
    for (const name of ["clock", "fetch"]) this.#settings[name] = maybe(callable, name, parts[name]);
    this.#settings.deviceSecret = maybe(bytes, "deviceSecret", parts.deviceSecret);
  }

  async fetch(request) {
    const { host, protocol } = new URL(request.url);
    if (!this.#hosts.has(host) || protocol !== this.#url.protocol) return this.#send(request);
    // A body is read once, and may have to be sent twice.
    const body = request.body === null ? undefined : await request.arrayBuffer();
    const used = await whileWanted(request.signal, this.#token());
    const answer = await this.#bearing(request, body, used);
    if (answer.status !== 401) return answer;
    await answer.body?.cancel();
    return this.#bearing(request, body, await whileWanted(request.signal, this.#token(used)));
  }

  /** A good access token of the stored session, that was not refused. What was made for this request is, whatever the clocks say. */
  async #token(refused) {
    for (let turn = 0; turn < TURNS; turn += 1) {
      const token = await this.#load();
      if (this.#of === token && this.#access !== refused && this.#now() < this.#good) return this.#access;
      this.#refreshing ??= this.#refresh(token).finally(() => {
        this.#refreshing = undefined;
      });
      const made = await this.#refreshing;
      if (made !== undefined) return made;
    }
    throw new RefreshError("binding_refresh_failed");
  }

  /** A new access token; none where the session is over, or somebody has logged in or out meanwhile. */
  async #refresh(token) {
    const { deviceSecret, save } = this.#settings;
    const asked = { refresh_token: token, device_secret: deviceSecret && Buffer.from(deviceSecret).toString("hex") };
    const headers = { "content-type": "application/json" };
    const signal = AbortSignal.timeout(PATIENCE);
    const [method, body, redirect] = ["POST", JSON.stringify(asked), "manual"];
    const answer = await this.#send(new Request(this.#url, { method, headers, body, redirect, signal }));
    const told = await toldBy(answer);
    if ((await this.#settings.load()) !== token) return undefined;
    if (told === null) {
      await save(null);
      return undefined;
    }
    // It is stored before the access token is used.
    if (told.refresh_token !== null) await save(told.refresh_token);
    const left = told.expires - this.#now();
    this.#access = told.access_token;
    this.#good = told.expires - Math.min(EARLY, left / 4);
    this.#of = told.refresh_token ?? token;
    return this.#access;
  }

  async #load() {
    const token = await this.#settings.load();
    if (typeof token === "string") return token;
    if (token !== null && token !== undefined) throw wrong("load", "function that gives a string or null");
    this.#access = undefined;
    throw new RefreshError("binding_login_needed");
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

/** What the service answered if it refreshed; null where the token is to be forgotten. */
async function toldBy(answer) {
  if (answer.headers.get("cs-forget") === "1") return null;
  const told = answer.status === 200 ? await answer.json().catch(() => null) : null;
  const { access_token: access, expires, refresh_token: refresh } = told ?? {};
  const isAccess = typeof access === "string" && VISIBLE.test(access) && Number.isSafeInteger(expires);
  if (!isAccess || (refresh !== null && typeof refresh !== "string")) throw new RefreshError("binding_refresh_failed");
  return told;
}

/** What comes of `waiting`, unless whoever asked does not want it any more; others may still wait for it. */
function whileWanted(signal, waiting) {
  signal.throwIfAborted();
  let end;
  const unwanted = new Promise((_, reject) => {
    end = () => reject(signal.reason);
    signal.addEventListener("abort", end, { once: true });
  });
  return Promise.race([waiting, unwanted]).finally(() => signal.removeEventListener("abort", end));
}

/** An absolute URL of the web, without names of users. */
function placeOf(name, url) {
  return guarded(name, "absolute URL without credentials", () => {
    const place = new URL(url);
    const isPlain = place.username === "" && place.password === "" && /^https?:$/.test(place.protocol);
    if (!isPlain) throw wrong(name, "absolute URL without credentials");
    return place;
  });
}

module.exports = { sessionFetch };
