"use strict";
// A fetch that signs, learns the service's clock, and checks answers.

const { bytes, callable, fault, flag, maybe, options, texts, whole, wrong } = require("./arguments.cjs");
const { Policy } = require("./policy.cjs");
const { isSigner } = require("./sign.cjs");

/** The fields that a signature consists of. */
const SIGNATURE = ["content-digest", "signature-input", "signature"];
/** What the signature of a refusal has that tells the service's clock. */
const CLOCK = '"counterseal/1/clock"';

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
      const began = performance.now();
      const response = await leave();
      return { sent, response, roundTripMs: Math.ceil(performance.now() - began) };
    };
    let answer = await attempt();
    if (await clocks.learn(url.host, answer)) {
      for (const name of SIGNATURE) headers.delete(name);
      answer = await attempt();
    }
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
  #own;
  #offsets = new Map();

  constructor(own) {
    this.#own = own;
  }

  /** The service's time, as far as it is known. */
  now(authority) {
    return this.#own() + (this.#offsets.get(authority) ?? 0);
  }

  /** Whether the answer told the service's clock, so that it is worth signing anew. */
  async learn(authority, { sent, response, roundTripMs }) {
    if (response.status !== 401 || !response.headers.get("signature-input")?.includes(CLOCK)) return false;
    try {
      const clock = sent.clock(await received(response), { roundTripMs });
      this.#offsets.set(authority, clock - this.#own());
      return true;
    } catch {
      // A forgery, or one that was held back: the refusal stands as it is.
      return false;
    }
  }
}

/** The response as it came, while the caller can still read it. */
async function received(response) {
  const body = Buffer.from(await response.clone().arrayBuffer());
  return { status: response.status, headers: [...response.headers], body };
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
