// The operation `sessions` of the room `refresh`, for run-vectors.mjs.

import {
  CountersealError,
  inspectRefreshToken,
  Memory,
  RefreshError,
  Refreshed,
  Refresher,
  SessionFeed,
  Standing,
} from "counterseal";

export const SESSION_OPERATIONS = { "refresh/sessions": sessions };

const TENANT = "login";
const FIELDS = {
  id: "id",
  tenant: "tenant",
  subject: "subject",
  userVer: "user_ver",
  client: "client",
  device: "device",
  access: "access",
  boundBy: "bound_by",
  generation: "generation",
  began: "began",
  used: "used",
  idleEnd: "idle_end",
  absoluteEnd: "absolute_end",
  endedBy: "ended_by",
  ended: "ended",
};

/** What becomes of sessions, one step after the other, over one store. */
function sessions({ policy, input: { secrets, steps }, now }) {
  let refresher = refresherOf(policy, secrets);
  const store = new Memory({ now });
  const told = steps.map((step) => {
    if (step.do === "inspect") return { text: inspectRefreshToken(step.token) };
    if (step.do === "roll") refresher = refresherOf(policy, step.secrets);
    else if (step.do === "bump" || step.do === "disable")
      new Standing(TENANT)[step.do](step.subject, { now: step.at }).run(store);
    else return turned(refresher, store, step);
    return { code: null };
  });
  return { steps: told };
}

function refresherOf(policy, { signing, verifying = [], detecting = [] }) {
  const pair = ([number, secret]) => [number, bytes(secret)];
  const members = Object.entries(policy).map(([name, value]) => [camel(name), value]);
  const secrets = { signing: pair(signing), verifying: verifying.map(pair), detecting: detecting.map(pair) };
  return new Refresher({ ...Object.fromEntries(members), ...secrets });
}

/** What one step comes to. */
function turned(refresher, store, step) {
  try {
    if (step.do === "feed") return fed(store, step);
    const waiting = BEGIN[step.do](refresher, step);
    if (!step.fails) return shown(step.do, waiting.run(store));
    waiting.statement("sqlite");
    waiting.answer(null);
    return shown(step.do, waiting.verdict());
  } catch (refused) {
    if (!(refused instanceof CountersealError)) throw refused;
    if (step.do !== "mint" && step.do !== "refresh") return { code: refused.code };
    if (!(refused instanceof RefreshError)) throw refused;
    return { code: refused.code, clears_cookies: refused.clearsCookies };
  }
}

/** Which sessions have ended, and what becomes of access tokens. */
function fed(store, { at, after, asked, fails, trusted_for_seconds: trustedForSeconds }) {
  const waiting = new SessionFeed({ trustedForSeconds }).read({ now: at });
  if (fails) {
    waiting.statement("sqlite");
    waiting.answer(null);
  }
  const ended = fails ? waiting.verdict() : waiting.run(store);
  return { ended: ended.size, checked: asked.map((session) => checked(ended, session, at + after)) };
}

/** The code of a refusal. */
function checked(ended, session, now) {
  try {
    ended.check(session, { now });
  } catch (refused) {
    if (!(refused instanceof RefreshError)) throw refused;
    return refused.code;
  }
  return null;
}

/** What a step gives. */
function shown(does, found) {
  if (typeof found === "number") return { ended: found };
  if (typeof found === "string") return { text: found };
  if (Array.isArray(found)) return { sessions: found.map(fields) };
  if (!(found instanceof Refreshed)) return { session: fields(found) };
  const told = { how: found.how, token: found.token, session: fields(found.session) };
  return does === "begin" ? told : { ...told, is_followed: found.isFollowed };
}

function fields(session) {
  return Object.fromEntries(Object.entries(FIELDS).map(([name, told]) => [told, session[name]]));
}

function holder({ client, device_secret: deviceSecret, key }) {
  return { client, deviceSecret: bytes(deviceSecret), key: bytes(key) };
}

const BEGIN = {
  begin: (by, { at, seed, holder: who, new: { tenant, subject, user_ver: userVer, device, access } }) =>
    by.beginSession(tenant, subject, { ...holder(who), userVer, device, access, now: at, seed: bytes(seed) }),
  refresh: (by, { at, token, seed, holder: who }) => by.refresh(token, { ...holder(who), now: at, seed: bytes(seed) }),
  mint: (by, { at, token, holder: who }) => by.mint(token, { ...holder(who), now: at }),
  explain: (by, { at, token, holder: who }) => by.explain(token, { ...holder(who), now: at }),
  confirm: (by, { at, session, generation }) => by.confirm(session, generation, { now: at }),
  log_out: (by, { at, session }) => by.logOut(session, { now: at }),
  revoke: (by, { at, session }) => by.revoke(session, { now: at }),
  revoke_all: (by, { at, subject, which }) => by.revokeAll(TENANT, subject, { ...which, now: at }),
  sessions: (by, { at, subject }) => by.sessions(TENANT, subject, { now: at }),
};

function bytes(hex) {
  return hex === undefined ? undefined : Buffer.from(hex, "hex");
}

function camel(name) {
  return name.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase());
}
