"use strict";
// Sessions of browsers: two cookies, the handlers that keep them, and whoever is signed in.

const { createHmac, randomBytes, timingSafeEqual } = require("node:crypto");
const { callable, guarded, maybe, options, text, whole, wrong } = require("./arguments.cjs");
const { ArgumentError, CountersealError, RefreshError } = require("./errors.cjs");
const { problem } = require("./problem.cjs");
const { Refresher } = require("./refresh.cjs");
const { SessionWatch } = require("./session_watch.cjs");
const { isBlocking, nativeStore } = require("./stores.cjs");
const { TokenMinter } = require("./token_mint.cjs");
const { bearer, tokenVerifierOf } = require("./token_verify.cjs");

/** The cookie of the refresh token. */
const REFRESH = "__Host-cs_rt";
/** The cookie of the access token. */
const ACCESS = "__Host-cs_at";
/** A field of the proxy's own: the cookies of this request are newer than the browser's. */
const ROTATED = "cs-rotated";
/** What the proxies of this process make its values with. */
const MARKS = randomBytes(32);
/** Tells a client that is no browser to forget its token. */
const FORGET = "cs-forget";
const HEXADECIMAL = /^(?:[0-9a-fA-F]{2}){16,1024}$/;
const BLANKS = /^[ \t]+|[ \t]+$/g;
const SAFE = ["GET", "HEAD", "OPTIONS"];
/** The longest content of a request for tokens. */
const MOST = 8_192;
/** How many generations are remembered as confirmed; who is forgotten is confirmed once more. */
const CONFIRMED = 4_096;
/** With these, refreshing ends the session. */
const ENDS = ["refresh_replayed", "refresh_unconfirmed"];
/** Who has less left than this, in milliseconds, or than a quarter of a token's life, is refreshed on the way. */
const EARLY = 60_000;

const CALLS = ["claims", "clock", "drive", "onEvent"];
const SETTINGS = [...CALLS, "client", "feed", "lifeSeconds", "origin", "store", "tenant"];
const NEW = ["userVer", "device", "access"];

class Sessions {
  #refresher;
  #minter;
  #verifier;
  #settings;
  #watch;
  #confirmed = new Set();

  constructor(refresher, minter, verifier, given) {
    if (!(refresher instanceof Refresher)) throw wrong("refresher", "Refresher");
    if (!(minter instanceof TokenMinter)) throw wrong("minter", "TokenMinter");
    tokenVerifierOf(verifier);
    const parts = options(given, SETTINGS);
    const settings = {
      client: text("client", parts.client),
      tenant: text("tenant", parts.tenant),
      lifeSeconds: maybe(whole, "lifeSeconds", parts.lifeSeconds, 900),
      origin: maybe(text, "origin", parts.origin),
      store: parts.store ?? undefined,
    };
    for (const name of CALLS) settings[name] = maybe(callable, name, parts[name]);
    maybe(nativeStore, "store", parts.store);
    if (settings.store === undefined && settings.drive === undefined) throw new ArgumentError("binding_store_missing");
    const { clock, drive, onEvent, store } = settings;
    this.#watch = maybe((_, feed) => new SessionWatch(feed, { clock, drive, onEvent, store }), "feed", parts.feed);
    this.#refresher = refresher;
    this.#minter = minter;
    this.#verifier = verifier;
    this.#settings = settings;
  }

  async begin(request, subject, given) {
    this.#sameSite(request);
    const { client, tenant } = this.#settings;
    const parts = { ...options(given, NEW), client, ...this.#at() };
    const begun = await this.#run(this.#refresher.beginSession(tenant, subject, parts));
    return { session: begun.session, headers: this.#given(begun) };
  }

  async signedIn(request) {
    const verified = this.#verified(this.#accessTokenOf(request));
    await this.#goesOn(verified);
    if (fieldOf(request, ROTATED) === null) await this.#confirm(verified);
    return verified;
  }

  async accessToken(request) {
    await this.signedIn(request);
    return this.#accessTokenOf(request);
  }

  async issue(subject, given) {
    const { client, tenant } = this.#settings;
    const parts = { ...options(given, [...NEW, "deviceSecret"]), client, ...this.#at() };
    return this.#tokens(await this.#run(this.#refresher.beginSession(tenant, subject, parts)));
  }

  token(request) {
    return this.#answer(async () => {
      const { token, deviceSecret } = await presented(request);
      return Response.json(this.#tokens(await this.#refreshed(token, deviceSecret)), { headers: PRIVATE });
    }, PROGRAM);
  }

  endToken(request) {
    return this.#answer(async () => {
      const { token, deviceSecret } = await presented(request);
      await this.#logOut(token, deviceSecret);
      return new Response(null, { status: 204 });
    }, PROGRAM);
  }

  refresh(request) {
    return this.#answer(async () => {
      this.#sameSite(request);
      // A proxy has refreshed on the way: the browser gets its cookies, and did not have this one.
      if (fieldOf(request, ROTATED) !== null) return new Response(null, { status: 204 });
      const refreshed = await this.#refreshed(refreshTokenOf(request));
      return new Response(null, { status: 204, headers: this.#given(refreshed) });
    });
  }

  end(request) {
    return this.#answer(async () => {
      this.#sameSite(request);
      await this.#logOut(refreshTokenOf(request));
      return new Response(null, { status: 204, headers: cleared(new Headers(PRIVATE)) });
    });
  }

  async listed(request) {
    const who = await this.signedIn(request);
    return (await this.#of(who)).map(({ id, device, client, began, used, idleEnd, absoluteEnd }) => {
      return { id, device, client, began, used, ends: Math.min(idleEnd, absoluteEnd), isThis: id === who.session };
    });
  }

  list(request) {
    return this.#answer(async () => Response.json(await this.listed(request), { headers: PRIVATE }));
  }

  endOne(request, id) {
    return this.#answer(async () => {
      this.#ownSite(request);
      const found = await this.#of(await this.signedIn(request));
      // Somebody else's is as good as none.
      if (!found.some((session) => session.id === id)) throw new RefreshError("refresh_session_unknown");
      await this.#ending(this.#refresher.revoke(id, this.#at()));
      return new Response(null, { status: 204 });
    });
  }

  endOthers(request) {
    return this.#answer(async () => {
      this.#ownSite(request);
      const { subject, session: but } = await this.signedIn(request);
      await this.#ending(this.#refresher.revokeAll(this.#settings.tenant, subject, { but, ...this.#at() }));
      return new Response(null, { status: 204 });
    });
  }

  forget() {
    this.#watch?.forget();
  }

  async pass(request) {
    const [cookies, headers] = [cookiesOf(request), new Headers(request.headers)];
    const [access, refresh] = [cookies.get(ACCESS), cookies.get(REFRESH)];
    const mark = headers.get(ROTATED);
    for (const name of [...headers.keys()]) if (name.startsWith(OWN)) headers.delete(name);
    if (isMark(mark, access)) headers.set(ROTATED, mark);
    const passed = { headers, set: new Headers(), response: null };
    const left = access === undefined ? 0 : this.#left(access);
    const early = Math.min(EARLY, this.#settings.lifeSeconds * 250);
    if (left > early || refresh === undefined) return passed;
    try {
      const refreshed = await this.#refreshed(refresh);
      passed.set = this.#given(refreshed, cookies);
      headers.set(ROTATED, markOf(cookies.get(ACCESS)));
    } catch (error) {
      if (!(error instanceof CountersealError)) throw error;
      this.#tell(error);
      if (!error.clearsCookies) return left > 0 ? passed : { ...passed, response: answered(error) };
      passed.set = cleared(new Headers(PRIVATE));
      cookies.delete(ACCESS);
      cookies.delete(REFRESH);
    }
    forward(headers, cookies);
    return passed;
  }

  async #refreshed(token, deviceSecret) {
    const { client } = this.#settings;
    try {
      return await this.#run(this.#refresher.refresh(token, { client, deviceSecret, ...this.#at() }));
    } catch (error) {
      if (ENDS.includes(error.code)) this.forget();
      throw error;
    }
  }

  /** Whose session it is is for the refresh token to say: the access token may be over. */
  async #logOut(token, deviceSecret) {
    const { client } = this.#settings;
    try {
      const { session } = await this.#run(this.#refresher.mint(token, { client, deviceSecret, ...this.#at() }));
      await this.#ending(this.#refresher.logOut(session.id, this.#at()));
    } catch (error) {
      // Somebody has a later token. Who refreshes with this one is told so, and the session ends.
      if (error.code === "refresh_superseded") await this.#refreshed(token, deviceSecret);
      throw error;
    }
  }

  /** Runs a decision that ends sessions; where its answer is lost, it may have. */
  async #ending(waiting) {
    let ended;
    try {
      ended = await this.#run(waiting);
    } finally {
      if (ended !== 0) this.forget();
    }
  }

  #of({ subject }) {
    return this.#run(this.#refresher.sessions(this.#settings.tenant, subject, this.#at()));
  }

  /** The access token that goes with an answer. */
  #minted({ session, event }) {
    const { claims = scope, lifeSeconds, onEvent } = this.#settings;
    onEvent?.(event);
    return this.#minter.mint(session.subject, {
      lifeSeconds,
      until: session.absoluteEnd,
      userVer: session.userVer,
      session: session.id,
      generation: session.generation,
      claims: claims(session),
      ...this.#at(),
    });
  }

  /** What a client gets that is no browser. */
  #tokens(refreshed) {
    const { token, expires } = this.#minted(refreshed);
    return { access_token: token, expires, refresh_token: refreshed.token, session: refreshed.session.id };
  }

  /** The fields that set the cookies, and the cookies as they are after it; a refresh token is set where there is a new one. */
  #given(refreshed, cookies = new Map()) {
    const { session, token } = refreshed;
    const minted = this.#minted(refreshed);
    const headers = new Headers(PRIVATE);
    if (token !== null) {
      headers.append("set-cookie", cookie(REFRESH, token, Math.floor((session.idleEnd - session.used) / 1_000)));
      cookies.set(REFRESH, token);
    }
    headers.append("set-cookie", cookie(ACCESS, minted.token, this.#settings.lifeSeconds));
    cookies.set(ACCESS, minted.token);
    return headers;
  }

  /** The access token in the browser's own cookie, or the bearer token of a program. */
  #accessTokenOf(request) {
    const token = cookiesOf(request).get(ACCESS);
    if (token === undefined) {
      if (fieldOf(request, "authorization") === null) throw missing();
      return bearer(request.headers, this.#at());
    }
    if (!SAFE.includes(request.method ?? "GET")) this.#sameSite(request);
    return token;
  }

  #verified(token) {
    try {
      return this.#verifier.verify(token, this.#at());
    } catch (error) {
      throw this.#tell(error);
    }
  }

  /** The access token is not of a session that has ended, as far as is known. */
  async #goesOn({ session }) {
    try {
      await this.#watch?.check(session);
    } catch (error) {
      throw this.#tell(error);
    }
  }

  /** How long an access token is good for, in milliseconds; 0 for one that is none. */
  #left(token) {
    const { now } = this.#at();
    try {
      return Math.max(0, this.#verifier.verify(token, { now }).expires - now);
    } catch {
      return 0;
    }
  }

  /** Confirms that the browser has stored this generation; what fails is tried again with the next request. */
  async #confirm({ session, generation }) {
    const known = `${session}.${generation}`;
    if (session === null || generation === null || this.#confirmed.has(known)) return;
    try {
      await this.#run(this.#refresher.confirm(session, generation, this.#at()));
    } catch (error) {
      if (!(error instanceof CountersealError)) throw error;
      // It only decides what becomes of a refresh token; the access token is genuine.
      this.#tell(error);
      return;
    }
    this.#confirmed.add(known);
    if (this.#confirmed.size > CONFIRMED) this.#confirmed.delete(this.#confirmed.values().next().value);
  }

  /** The same for whoever comes with the browser's cookie; a program has none, and says nothing of sites. */
  #ownSite(request) {
    if (cookiesOf(request).has(ACCESS)) this.#sameSite(request);
  }

  /** Refuses what another site made the browser send. */
  #sameSite(request) {
    const [site, origin] = [fieldOf(request, "sec-fetch-site"), fieldOf(request, "origin")];
    if (site === "same-origin") return;
    if (site === null && this.#settings.origin !== undefined && origin === this.#settings.origin) return;
    throw new RefreshError("binding_cross_site");
  }

  #run(waiting) {
    const { drive, store } = this.#settings;
    if (drive !== undefined) return drive(waiting);
    return isBlocking(store) ? waiting.runAsync(store) : waiting.run(store);
  }

  /** The answer of a handler; a refusal clears the cookies where it says so. */
  async #answer(handle, whose = BROWSER) {
    try {
      return await handle();
    } catch (error) {
      return answered(this.#tell(error), whose);
    }
  }

  #tell(error) {
    if (error instanceof CountersealError && error.event !== null) this.#settings.onEvent?.(error.event);
    return error;
  }

  #at() {
    return { now: this.#settings.clock?.() ?? Date.now() };
  }
}

/** The answer to a refusal. */
function answered(error, { cookies } = BROWSER) {
  const { status, headers, body } = problem(error);
  const fields = new Headers(headers);
  if (error.clearsCookies) {
    if (cookies) cleared(fields);
    // For whoever has no cookies.
    fields.set(FORGET, "1");
  }
  return new Response(body, { status, headers: fields });
}

/** What a client presents that is no browser. What cannot be read is no token, and no reason to forget one. */
async function presented(request) {
  const { refresh_token: token, device_secret: secret } = parsed(await contentOf(request));
  if (typeof token !== "string") throw new RefreshError("refresh_malformed");
  const isSecret = typeof secret === "string" && HEXADECIMAL.test(secret);
  // A text that no bytes stand for is no token.
  return { token: token.isWellFormed() ? token : "", deviceSecret: isSecret ? Buffer.from(secret, "hex") : undefined };
}

function parsed(content) {
  try {
    return JSON.parse(content) ?? {};
  } catch {
    throw new RefreshError("refresh_malformed");
  }
}

/** The content of a request, of which no more is read than such a one has. */
async function contentOf(request) {
  if (request.bodyUsed) throw new ArgumentError("binding_body_consumed");
  const chunks = [];
  let length = 0;
  for await (const chunk of request.body ?? []) {
    length += chunk.length;
    if (length > MOST) throw new RefreshError("refresh_malformed");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/** The mark of requests with an access token that a proxy of this process has put there. */
function markOf(access) {
  return createHmac("sha256", MARKS).update(access).digest("base64url");
}

/** Whether a request comes from within: Next.js asks itself for the page that an action redirects to, with the fields that the action had. */
function isMark(mark, access) {
  if (mark === null || access === undefined) return false;
  const [told, made] = [mark, markOf(access)].map((text) => Buffer.from(text));
  return told.length === made.length && timingSafeEqual(told, made);
}

/** What the page that is asked for sees of the cookies. */
function forward(headers, cookies) {
  const told = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  if (told === "") headers.delete("cookie");
  else headers.set("cookie", told);
}

function refreshTokenOf(request) {
  const token = cookiesOf(request).get(REFRESH);
  if (token === undefined) throw missing();
  return token;
}

function missing() {
  return new RefreshError("binding_session_missing", { headers: [["www-authenticate", "Bearer"]] });
}

/** The cookies of a request by their names. Of a name of ours that comes with two values, one is somebody else's, so there is none. */
function cookiesOf(request) {
  const [cookies, twice] = [new Map(), new Set()];
  for (const part of (fieldOf(request, "cookie") ?? "").split(";")) {
    // Nothing but blanks is taken off: `__Host-` is a promise of browsers about these very letters.
    const pair = part.replace(BLANKS, "");
    const at = pair.indexOf("=");
    const [name, value] = [pair.slice(0, at), pair.slice(at + 1)];
    if (at < 1) continue;
    if (cookies.has(name) && cookies.get(name) !== value) twice.add(name);
    if (!cookies.has(name)) cookies.set(name, value);
  }
  for (const name of [REFRESH, ACCESS]) if (twice.has(name)) cookies.delete(name);
  return cookies;
}

function fieldOf(request, name) {
  return guarded("request", "Request", () => {
    const value = request.headers.get(name);
    if (value !== null && typeof value !== "string") throw wrong("request", "Request");
    return value;
  });
}

function cleared(headers) {
  for (const name of [REFRESH, ACCESS]) headers.append("set-cookie", cookie(name, "", 0));
  return headers;
}

function cookie(name, value, seconds) {
  return `${name}=${value}; Max-Age=${seconds}; Path=/; Secure; HttpOnly; SameSite=Lax`;
}

/** What a session grants, as a claim. */
function scope({ access }) {
  return access === "" ? {} : { scope: access };
}

const BROWSER = { cookies: true };
/** What a program presents says nothing of the cookies of a browser, and any site may send it by one. */
const PROGRAM = { cookies: false };
const PRIVATE = { "cache-control": "private, no-store" };
/** Fields of this package are never a stranger's. */
const OWN = "cs-";

module.exports = { Sessions };
