"use strict";
// A fetch that signs, learns the service's clock, and checks answers.

const { bytes, callable, fault, flag, maybe, options, texts, whole, wrong } = require("./arguments.cjs");
const { ResponseError } = require("./errors.cjs");
const { Policy } = require("./policy.cjs");
const { isSigner } = require("./sign.cjs");

/** The fields that a signature consists of. */
const SIGNATURE = ["content-digest", "signature-input", "signature"];
/** What the signature of a refusal has that tells the service's clock. */
const TELLS = /"counterseal\/1\/(clock|over)"/;
/** The longest content of a refusal that is looked at. */
const MOST = 4_096;
/** The longest time for it, in milliseconds. */
const PATIENCE = 5_000;
/** What took longer took too long in any case, in milliseconds: a clock may be set by decades meanwhile. */
const LONGEST = 3_600_000;

/** The proofs of responses. */
const proofs = new WeakMap();

/** A `fetch` that signs what goes to one of `authorities`, each attempt anew, and sends no signature elsewhere. */
function signingFetch(signer, given) {
  if (!isSigner(signer)) throw wrong("signer", "Signer");
  const settings = options(given, ["authorities", "clock", "fetch", "seeds", "verifyResponses"]);
  const authorities = new Set(texts("authorities", settings.authorities));
  // A misspelt one would leave its requests unsigned.
  for (const authority of authorities) new Policy([authority]);
  for (const name of ["clock", "fetch", "seeds"]) maybe(callable, name, settings[name]);
  const verifies = maybe(flag, "verifyResponses", settings.verifyResponses, false);
  const clocks = new Clocks(() => maybe(whole, "clock", settings.clock?.()) ?? Date.now());

  return async function fetch(input, init) {
    const request = new Request(input, init);
    const url = new URL(request.url);
    const body = request.body === null ? undefined : Buffer.from(await request.arrayBuffer());
    const headers = new Headers(request.headers);
    for (const name of SIGNATURE) headers.delete(name);
    const { method, signal } = request;
    const send = settings.fetch ?? globalThis.fetch;
    const leave = () => send(url, { ...init, method, headers, body, signal, redirect: redirect(init) });
    if (!authorities.has(url.host)) return leave();

    const attempt = async () => {
      const moment = { now: clocks.now(url.host), seed: maybe(bytes, "seeds", settings.seeds?.()) };
      const sent = signer.send(leaving(method, url, headers, body), moment);
      for (const [name, value] of Object.entries(sent.headers)) headers.set(name, value);
      const [began, left] = [performance.now(), clocks.own()];
      const response = await leave();
      const at = clocks.own();
      // The one stands still while the host sleeps, the other may be set.
      const roundTripMs = Math.min(Math.max(Math.ceil(performance.now() - began), at - left), LONGEST);
      return { sent, response, roundTripMs, at };
    };
    let answer = await attempt();
    let told = await clocks.learn(url.host, answer);
    if (told?.signAnew) {
      for (const name of SIGNATURE) headers.delete(name);
      answer = await attempt();
      told = await clocks.learn(url.host, answer);
    }
    // It is genuine, and no answer.
    if (told) return answer.response;
    if (verifies) proofs.set(answer.response, answer.sent.check(await received(answer.response)));
    return answer.response;
  };
}

/** The proof that a response is the service's answer, where `verifyResponses` asked for it. */
function verifiedResponse(response) {
  return proofs.get(response) ?? null;
}

/** How far the clocks of services are from one's own. */
class Clocks {
  #offsets = new Map();

  constructor(own) {
    this.own = own;
  }

  /** The service's time, as far as it is known. */
  now(authority) {
    return Math.max(this.own() + (this.#offsets.get(authority) ?? 0), 0);
  }

  /** What the answer told of the service's clock, if it told any. */
  async learn(authority, { sent, response, roundTripMs, at }) {
    if (response.status !== 401 || !TELLS.test(response.headers.get("signature-input") ?? "")) return null;
    const body = await beginning(response);
    if (body === null) return null;
    try {
      const told = sent.clock(answered(response, body), { roundTripMs });
      // By the time of the head: the content may have been held back.
      this.#offsets.set(authority, told.now - at);
      return told;
    } catch (error) {
      // A forgery, or one that was held back: the refusal stands as it is.
      if (error instanceof ResponseError) return null;
      throw error;
    }
  }
}

/** The response as it came, while the caller can still read it. */
async function received(response) {
  return answered(response, Buffer.from(await response.clone().arrayBuffer()));
}

function answered({ status, headers }, body) {
  return { status, headers: [...headers], body };
}

/** The content, unless it is longer than that of a refusal, while the caller can still read it. */
async function beginning(response) {
  const chunks = [];
  let size = 0;
  const reader = response.clone().body?.getReader();
  if (!reader) return Buffer.alloc(0);
  let timer;
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, PATIENCE, null);
  });
  try {
    for (;;) {
      const next = await Promise.race([reader.read(), late]);
      if (next?.done) return Buffer.concat(chunks);
      if (next) chunks.push(next.value);
      size += next?.value.length ?? 0;
      if (next === null || size > MOST) {
        // It is done once the caller has let go of the response too.
        reader.cancel().catch(() => undefined);
        return null;
      }
    }
  } finally {
    clearTimeout(timer);
  }
}

/** The request as it will stand on the wire: `fetch` sends host, path and query of the URL, whatever `headers` say. */
function leaving(method, url, headers, body) {
  return {
    method,
    scheme: url.protocol.slice(0, -1),
    authority: url.host,
    path: url.pathname,
    query: url.search.slice(1),
    headers,
    body,
  };
}

/** A signature is for one target: where it leads elsewhere, that is the caller's to see. */
function redirect(init) {
  const wanted = init?.redirect ?? "manual";
  if (wanted === "follow") throw fault("binding_argument_choice", "redirect: manual or error");
  return wanted;
}

module.exports = { signingFetch, verifiedResponse };
