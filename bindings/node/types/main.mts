// What the types allow and what they refuse. The compiler is the test: an unused `@ts-expect-error` is an error too.

import type { IncomingMessage } from "node:http";
import {
  type Admitted,
  type AdmittedJob,
  ArgumentError,
  Authenticator,
  type Authorized,
  bearer,
  Cells,
  type CODES,
  type CodeName,
  type Content,
  CountersealError,
  drive,
  type endKey,
  ForeignPolicy,
  type inspectRefreshToken,
  type inspectToken,
  Key,
  KeyFetcher,
  KeyVault,
  Limit,
  Limiter,
  type LiveToken,
  Memory,
  type Minted,
  type messageId,
  migrations,
  OidcPolicy,
  OidcVerifier,
  Policy,
  Profile,
  problem,
  type Received,
  Receiver,
  type Refresher,
  RemoteVerifier,
  RequestError,
  Requirement,
  Ring,
  receiveIncoming,
  revokeKey,
  Sender,
  type SessionInfo,
  type Sessions,
  SharedCells,
  SharedRing,
  Signer,
  Sqlite,
  Standing,
  type Statement,
  type Store,
  signingFetch,
  sweeping,
  type TokenClaims,
  TokenKey,
  TokenKeys,
  TokenMinter,
  TokenPolicy,
  TokenSigner,
  TokenVerifier,
  Verified,
  type VerifiedResponse,
  VerifiedToken,
  Verifier,
  type verifiedResponse,
  verifyIncoming,
  Waiting,
} from "counterseal";
import {
  createProxy,
  createSessionProxy,
  type problemResponse,
  type register,
  signedRoute,
  tokenRoute,
  type verified,
  verifyToken,
  verifyTokenAsync,
} from "counterseal/next";
import { Postgres } from "counterseal/stores/pg";
import { Pool } from "pg";

/** Holds only if both types are the same. */
type Same<One, Other> = (<T>() => T extends One ? 1 : 2) extends <T>() => T extends Other ? 1 : 2 ? true : false;

function same<One, Other>(_: Same<One, Other>): void {}

const secret = new Uint8Array(32);
const key = new Key("worker-7", secret, { since: 0, until: null, scope: "jobs", revoked: false });
const policy = new Policy(["api.example"], { cover: ["accept"], digest: "sha-512", pastSeconds: 30 });
const stores: Store[] = [
  new Memory(),
  new Ring({ onePerWorker: true }),
  new SharedRing("/run/ring"),
  new Sqlite("claims.db"),
  new SharedCells("/run/cells", { cells: 1_024 }),
  new Cells(),
];
const verifier = new Verifier(policy, [key], stores[0]);
const signer = new Signer(key, { profile: new Profile(), lifeSeconds: 30 });
const request = { method: "GET", scheme: "https", authority: "api.example", path: "/" } as const;

same<string | null, ReturnType<Verified["component"]>>(true);
same<Record<string, string>, ReturnType<typeof signer.sign>>(true);
same<Verified, ReturnType<typeof verifier.verify>>(true);
const sent = signer.send(request);
same<VerifiedResponse, ReturnType<typeof sent.check>>(true);
same<{ readonly now: number; readonly signAnew: boolean }, ReturnType<typeof sent.clock>>(true);
same<Record<string, string>, ReturnType<Verified["signResponse"]>>(true);
same<Content, ReturnType<typeof verifier.beginContent>>(true);
same<Record<string, string> | null, ReturnType<typeof verifier.signRefusal>>(true);
same<VerifiedResponse | null, ReturnType<typeof verifiedResponse>>(true);
new Verifier(new ForeignPolicy(["api.example"], { require: ["date"], requireNonce: false }));
same<Promise<Verified>, ReturnType<typeof verifier.verifyAsync>>(true);
same<Waiting<Verified>, ReturnType<typeof verifier.begin>>(true);
same<string | null, ReturnType<typeof verifier.keyToLoad>>(true);
same<number | null, Key["until"]>(true);
same<Statement[], ReturnType<typeof migrations>>(true);
same<"environment" | "integrator" | "peer", CountersealError["blame"]>(true);
same<CodeName, CountersealError["code"]>(true);
same<CodeName, keyof typeof CODES>(true);

for (const headers of [
  { accept: "*/*" },
  [["accept", "*/*"] as const],
  ["accept", "*/*"],
  new Headers(),
  new Map([["accept", "*/*"]]),
]) {
  verifier.verify({ ...request, headers, body: secret, query: null }, { now: 1 });
}
signer.sign({ ...request, path: secret, body: "text" }, { seed: secret });
new Signer(key, { profile: policy });

const execute = async ({ name, text, values }: Statement) => [[name, text, values.length, null, 1n, secret]];
same<Promise<Verified>, ReturnType<typeof drivenRequest>>(true);
same<Promise<Key>, ReturnType<typeof drivenKey>>(true);
same<Promise<null>, ReturnType<typeof drivenChange>>(true);

const vault = new KeyVault(secret);
function drivenRequest() {
  return drive(verifier.begin(request), "postgres", execute);
}
function drivenKey() {
  return drive(vault.load("worker-7"), "sqlite", execute);
}
function drivenChange() {
  return drive(vault.rotate("a", "b", secret, { oldUntil: 1 }), "sqlite", execute);
}
same<null, ReturnType<ReturnType<typeof endKey>["verdict"]>>(true);
revokeKey("a", { now: 1 }).run(new Memory());
sweeping("postgres", { limit: 10 }).values.push(1);

const postgres = new Postgres(new Pool(), { timeoutMs: 100 });
const authenticator = new Authenticator(verifier, {
  drive: (waiting) => postgres.drive(waiting),
  loadKey: (id) => postgres.drive(vault.load(id)),
  onEvent: (event) => event.length,
});

const limit = new Limit("login", { burst: 5, everyMs: 1_000, site: [80, 1_000] });
const limiter = new Limiter(limit, { store: new Cells(), hops: 1, field: "forwarded" });
same<Waiting<Admitted>, ReturnType<typeof limit.byName>>(true);
same<Promise<Admitted>, ReturnType<typeof limiter.byAddress>>(true);
same<number | null, Admitted["left"]>(true);
new Limiter(limit, { drive: (waiting) => postgres.drive(waiting) });
new Authenticator(verifier, { byAddress: limiter, byFailure: limiter, byKey: limiter });

const sender = new Sender(["whsec_"]);
same<Record<string, string>, ReturnType<typeof sender.sign>>(true);
const receiver = new Receiver("billing", ["whsec_"], stores[0], { pastSeconds: 30 });
same<Received, ReturnType<typeof receiver.receive>>(true);
same<Waiting<Received>, ReturnType<typeof receiver.begin>>(true);
same<string, ReturnType<typeof messageId>>(true);
sweeping("postgres", { room: "webhook" });
export async function hook(message: IncomingMessage): Promise<string> {
  const { received } = await receiveIncoming(receiver, message, { drive: (waiting) => postgres.drive(waiting) });
  return received.id;
}

export async function listener(message: IncomingMessage): Promise<string> {
  try {
    const { verified, body, headers } = await verifyIncoming(authenticator, message);
    return `${verified.keyId} ${body.length} ${headers.ratelimit ?? ""}`;
  } catch (error) {
    if (error instanceof RequestError || error instanceof ArgumentError) return error.code;
    return problem(error).body;
  }
}

export const send: typeof fetch = signingFetch(signer, { authorities: ["api.example"], fetch, clock: Date.now });

type Context = { params: Promise<{ id: string }> };
export const POST = signedRoute(authenticator, async (incoming: Request, { verified, body }, { params }: Context) => {
  const { id } = await params;
  return Response.json({ id, by: verified.keyId, length: body.length, method: incoming.method });
});
same<(request: Request, context: Context) => Promise<Response>, typeof POST>(true);
export const proxy: (request: Request) => Promise<Response> = createProxy(authenticator);
declare const sessions: Sessions;
export const sessionProxies = [createSessionProxy(sessions), createSessionProxy(async () => sessions)];
same<((request: Request) => Promise<Response>)[], typeof sessionProxies>(true);
same<Promise<string>, ReturnType<Sessions["accessToken"]>>(true);
same<Promise<readonly SessionInfo[]>, ReturnType<Sessions["listed"]>>(true);
same<Verified | null, ReturnType<typeof verified>>(true);
same<void, ReturnType<typeof register>>(true);
same<Response, ReturnType<typeof problemResponse>>(true);

const tokenSigner = TokenSigner.hmac("login-1", "HS256", secret);
const tokenPolicy = new TokenPolicy("access", {
  issuer: "https://login.example",
  audience: ["orders"],
  matchAudience: "any",
});
const minter = new TokenMinter(tokenSigner, tokenPolicy);
same<Minted, ReturnType<typeof minter.mint>>(true);
minter.mint("user-7", { lifeSeconds: 60, claims: { scope: "a" }, certificate: secret, now: 1, seed: secret });
const tokens = new TokenVerifier(tokenPolicy, new TokenKeys([tokenSigner.key, TokenKey.fromJwk("{}")]), { cache: 10 });
same<VerifiedToken, ReturnType<typeof tokens.verify>>(true);
same<unknown, TokenClaims["scope"]>(true);
type Order = TokenClaims & { readonly scope: string };
const orders = new TokenVerifier<Order>(tokenPolicy, [tokenSigner.key]);
same<string, ReturnType<typeof orders.verify>["claims"]["scope"]>(true);
same<string, ReturnType<typeof orders.explain | typeof inspectToken>>(true);
same<string, ReturnType<typeof inspectRefreshToken>>(true);
same<Waiting<string>, ReturnType<Refresher["explain"]>>(true);
same<number | null, VerifiedToken["userVer"]>(true);
export const scoped: { scope: string } = tokens.verify("a.b.c").read(({ scope }) => ({ scope: `${scope}` }));
export function tokenOf(message: IncomingMessage): string[] {
  return [bearer(message.headers), bearer(message.rawHeaders), bearer(new Headers())];
}
const scopes = ({ scope }: Order) => scope.split(" ");
export const GET = tokenRoute(
  orders,
  async (incoming: Request, { verified, claims }, { params }: Context) =>
    Response.json([(await params).id, verified.subject, claims.length, incoming.method]),
  { claims: scopes, onEvent: (event) => event.length },
);
same<(request: Request, context: Context) => Promise<Response>, typeof GET>(true);
export const whose: string = verifyToken(new Request("https://a.example"), tokens).claims.sub;

const standing = new Standing("login", { cacheSeconds: 5 });
const required = new Requirement(["orders:write"], { maxAgeSeconds: 300, methods: ["hwk"], grantedBy: "permissions" });
const order = orders.verify("a.b.c");
same<Waiting<LiveToken<Order>>, ReturnType<typeof asked>>(true);
function asked() {
  return standing.begin(order);
}
same<Promise<LiveToken<Order>>, ReturnType<typeof drivenToken>>(true);
function drivenToken() {
  return postgres.drive(asked());
}
same<Authorized<Order>, ReturnType<typeof permitted>>(true);
function permitted() {
  return required.check(asked().run(new Memory()), { proof: { session: "a", subject: "b", method: "hwk", at: 1 } });
}
same<string, ReturnType<typeof permitted>["token"]["claims"]["scope"]>(true);
same<number | null, Authorized["authenticated"]>(true);
same<Waiting<null>, ReturnType<typeof standing.deny>>(true);
same<Promise<null>, ReturnType<ReturnType<typeof standing.bump>["runAsync"]>>(true);
const remote = new RemoteVerifier<Order>(tokenPolicy, new KeyFetcher("https://a.example", "https://a.example/keys"));
same<Promise<VerifiedToken<Order>>, ReturnType<typeof remote.verify>>(true);
export const DELETE = tokenRoute(
  remote,
  async (_: Request, { live, authorized, claims }) =>
    Response.json([live?.token.subject, authorized?.authenticated, claims.scope]),
  { requirement: required, standing, drive: (waiting) => postgres.drive(waiting) },
);
export async function guarded(request: Request): Promise<string> {
  const { claims } = await verifyTokenAsync(request, remote, { standing, store: new Memory() });
  return verifyToken(request, orders, { requirement: required }).claims.scope + claims.scope;
}
const release = { name: "release", repository: { id: 74, ownerId: 65 }, refs: ["refs/tags/v*"], onlyProtected: true };
const jobs = OidcPolicy.github("https://deploy.example", [release], { maxAgeSeconds: 600 });
same<AdmittedJob, ReturnType<typeof judged>>(true);
function judged() {
  return jobs.verify("a.b.c", [tokenSigner.key]);
}
minter.mint("deploy", { lifeSeconds: 3_600, until: judged().until });
const ci = new OidcVerifier(jobs, new KeyFetcher("https://a.example", "https://a.example/keys"), { fetch });
same<Promise<AdmittedJob>, ReturnType<typeof ci.verify>>(true);
OidcPolicy.ofIssuer("https://ci.example", "deploy", [{ name: "a", equals: { a: ["b"] }, has: { groups: "c" } }]);
// @ts-expect-error a rule has a name
OidcPolicy.github("https://deploy.example", [{ anyRef: true }]);
// @ts-expect-error a repository is two numbers
OidcPolicy.github("https://deploy.example", [{ name: "a", repository: "octo-org/octo-repo" }]);
// @ts-expect-error what is asked elsewhere is awaited
verifyToken(new Request("https://a.example"), remote);
// @ts-expect-error a database of one's own answers later
verifyToken(new Request("https://a.example"), orders, { standing, drive: drivenToken });
// @ts-expect-error a requirement names what is required
new Requirement();
// @ts-expect-error a token that was not verified grants nothing
required.check("a.b.c");
// @ts-expect-error a denial says until when it is kept
standing.deny("a", {});

// @ts-expect-error a token says how long it is to live
minter.mint("user-7", {});
// @ts-expect-error a policy of tokens says for whom they are
new TokenPolicy("access", { issuer: "a" });
// @ts-expect-error there is no such algorithm
TokenKey.hmac("a", "none", secret);
// @ts-expect-error a secret is bytes
TokenSigner.hmac("a", "HS256", "secret");
// @ts-expect-error a key is made by what makes it
new TokenKey();
// @ts-expect-error a proof is not made by hand
new VerifiedToken();
// @ts-expect-error a key id is text
new Key(7, secret);
// @ts-expect-error a secret is bytes
new Key("a", "secret");
// @ts-expect-error an option is spelled as it is
new Key("a", secret, { sinse: 1 });
// @ts-expect-error a time is a number
signer.sign(request, { now: 1n });
// @ts-expect-error a scheme is one of two
signer.sign({ ...request, scheme: "ftp" });
// @ts-expect-error a request has a path
verifier.verify({ method: "GET", scheme: "https", authority: "api.example" });
// @ts-expect-error nothing else is a dialect
migrations("mysql");
// @ts-expect-error a proof is not made by hand
new Verified();
// @ts-expect-error a decision is not made by hand
new Waiting();
// @ts-expect-error a rotation says when the old key is over
vault.rotate("a", "b", secret, {});
// @ts-expect-error codes are a closed list
new CountersealError("request_no_such_code");
// @ts-expect-error a fetch that signs says for whom
signingFetch(signer, {});
// @ts-expect-error a policy names its authorities
new Policy();
