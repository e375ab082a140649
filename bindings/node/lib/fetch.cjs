"use strict";
// A fetch that signs.

const { bytes, callable, fault, maybe, options, texts, whole, wrong } = require("./arguments.cjs");
const { Policy } = require("./policy.cjs");
const { isSigner } = require("./sign.cjs");

/** The fields that a signature consists of. */
const SIGNATURE = ["content-digest", "signature-input", "signature"];

/** A `fetch` that signs what goes to one of `authorities`, each attempt anew, and sends no signature elsewhere. */
function signingFetch(signer, given) {
  if (!isSigner(signer)) throw wrong("signer", "Signer");
  const settings = options(given, ["authorities", "clock", "fetch", "seeds"]);
  const authorities = new Set(texts("authorities", settings.authorities));
  // A misspelt one would leave its requests unsigned.
  for (const authority of authorities) new Policy([authority]);
  for (const name of ["clock", "fetch", "seeds"]) maybe(callable, name, settings[name]);

  return async function fetch(input, init) {
    const request = new Request(input, init);
    const url = new URL(request.url);
    const body = request.body === null ? undefined : Buffer.from(await request.arrayBuffer());
    const headers = new Headers(request.headers);
    for (const name of SIGNATURE) headers.delete(name);
    if (authorities.has(url.host)) {
      const moment = {
        now: maybe(whole, "clock", settings.clock?.()),
        seed: maybe(bytes, "seeds", settings.seeds?.()),
      };
      const signed = signer.sign(leaving(request.method, url, headers, body), moment);
      for (const [name, value] of Object.entries(signed)) headers.set(name, value);
    }
    const { method, signal } = request;
    const send = settings.fetch ?? globalThis.fetch;
    return send(url, { ...init, method, headers, body, signal, redirect: redirect(init) });
  };
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

module.exports = { signingFetch };
