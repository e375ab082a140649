// Signed requests that cannot be replayed.
//
//   const signer = new Signer(new Key("worker-7", secret));
//   const headers = { ...own, ...signer.sign({ method: "POST", scheme: "https", authority: "api.example", path: "/v1/jobs", body }) };
//
//   const verifier = new Verifier(new Policy(["api.example"]), [key], new SharedRing("/run/jobs/ring"));
//   const verified = verifier.verify({ method, scheme, authority, path, query, headers, body });
//
// Paths and queries are the raw ones, percent-encoded as they go over the wire. Times are milliseconds since 1970;
// `now` and `seed` may be left out, for the host's clock and generator. Every refusal is a `CountersealError`.

import type { IncomingMessage } from "node:http";
import type { CodeName } from "./codes.js";

export { CODES, type CodeFacts, type CodeName } from "./codes.js";

/** Bytes, or text in UTF-8. */
export type Bytes = string | Uint8Array;

/** Field lines: an object, pairs, names and values in turn (as `rawHeaders`), or what lists its pairs (as `Headers`). */
export type FieldLines =
  | Readonly<Record<string, Bytes>>
  | ReadonlyArray<readonly [Bytes, Bytes]>
  | ReadonlyArray<Bytes>
  | { entries(): Iterable<[string, string]> };

/** An HTTP request as it goes over the wire. */
export interface SignableRequest {
  readonly method: Bytes;
  readonly scheme: "http" | "https";
  /** The `Host` field, or `:authority`. */
  readonly authority: Bytes;
  /** The raw path. */
  readonly path: Bytes;
  /** The raw query without its `?`. */
  readonly query?: Bytes | null;
  readonly headers?: FieldLines | null;
  /** The whole content. */
  readonly body?: Bytes | null;
}

/** The instant to decide at; the host's clock when it is left out. */
export interface At {
  readonly now?: number;
}

export interface KeyOptions {
  /** When it begins; 1970 when it is left out. */
  readonly since?: number;
  /** The first instant at which it is over; a key without it has no end. */
  readonly until?: number | null;
  /** What it is for: handed on with each verified request, never interpreted. */
  readonly scope?: string;
  readonly revoked?: boolean;
}

/** A signing key. Its secret does not come out again: no text, no JSON, no copy. */
export declare class Key {
  /** `secret` is 32 random bytes or more. */
  constructor(id: string, secret: Uint8Array, options?: KeyOptions);
  readonly id: string;
  readonly since: number;
  readonly until: number | null;
  readonly scope: string;
  readonly revoked: boolean;
  toJSON(): never;
}

export interface ProfileOptions {
  /** Fields to cover beyond the profile's own, in this order. */
  readonly cover?: readonly string[];
  readonly coverScheme?: boolean;
  /** What says for whom a request is: the authority, or the field `cs-audience`. */
  readonly audience?: "authority" | "field";
  readonly digest?: "sha-256" | "sha-512";
}

/** What a signature covers. */
export declare class Profile {
  constructor(options?: ProfileOptions);
  /** The profile of a JSON text; unknown members are refused. */
  static parse(json: string): Profile;
}

export interface PolicyOptions extends ProfileOptions {
  /** How old `created` may be; 60 when it is left out. */
  readonly pastSeconds?: number;
  /** How far ahead `created` may be; 60 when it is left out. */
  readonly futureSeconds?: number;
  /** How long a used nonce is remembered. */
  readonly retainSeconds?: number;
  readonly bodyLimitBytes?: number;
}

/** What a verifier accepts. */
export declare class Policy {
  /** `authorities` are those that the verifier serves. */
  constructor(authorities: readonly string[], options?: PolicyOptions);
  /** The policy of a JSON text; unknown members are refused. */
  static parse(json: string): Policy;
  readonly profile: Profile;
  readonly bodyLimitBytes: number;
}

export interface ForeignPolicyOptions {
  /** Which signature is read; without it a request has one only. */
  readonly tag?: string;
  /**
   * The components that must be covered, method, authority, path and query unless said: `@method`, `@target-uri`,
   * `@authority`, `@scheme`, `@request-target`, `@path`, `@query`, `@query-param;name="page"`, or a field in lower case.
   */
  readonly require?: readonly string[];
  /** Without a nonce two equal requests within a second are one; it is needed unless said. */
  readonly requireNonce?: boolean;
  /** Without a covered digest anyone on the way may change the content; it is needed unless said. */
  readonly requireDigest?: boolean;
  readonly pastSeconds?: number;
  readonly futureSeconds?: number;
  readonly retainSeconds?: number;
  readonly bodyLimitBytes?: number;
}

/** What a verifier accepts of other signers of HTTP Message Signatures, in the place of a `Policy`. */
export declare class ForeignPolicy {
  constructor(authorities: readonly string[], options?: ForeignPolicyOptions);
  readonly bodyLimitBytes: number;
}

export interface SignerOptions {
  /** What to cover; the default profile when it is left out. */
  readonly profile?: Profile | Policy;
  /** How long a signature lives: 1 to 120, or 60 when it is left out. */
  readonly lifeSeconds?: number;
}

export interface SignOptions extends At {
  /** 16 random bytes, never the same twice; the host's generator when it is left out. */
  readonly seed?: Uint8Array;
}

/** Signs requests with one key. */
export declare class Signer {
  constructor(key: Key, options?: SignerOptions);
  readonly keyId: string;
  /** The fields that sign the request; they replace those of an earlier attempt. */
  sign(request: SignableRequest, options?: SignOptions): Record<string, string>;
  /** The same, keeping what the response is checked against. */
  send(request: SignableRequest, options?: SignOptions): Sent;
  /** The signature base, to be compared with a verifier's. It holds the covered values: for operators only. */
  explain(request: SignableRequest, options?: SignOptions): string;
  toJSON(): never;
}

/** A response as received: raw content, before any decompression. */
export interface ReceivedResponse {
  readonly status: number;
  readonly headers: FieldLines;
  readonly body?: Bytes | null;
}

/** A signed request that waits for its response. */
export declare class Sent {
  private constructor();
  /** The fields to add to the request. */
  readonly headers: Record<string, string>;
  /** The response, if it is the signed answer to this request. */
  check(response: ReceivedResponse): VerifiedResponse;
  /**
   * The service's clock, from the signed refusal of a request that was outside of its window, and whether the request may be
   * signed anew by it, once: it was not served and cannot be any more, or its method changes nothing. `roundTripMs` is how
   * long the head of the answer took by a monotonic clock; 5 s are the most.
   */
  clock(
    response: ReceivedResponse,
    options: { readonly roundTripMs: number },
  ): { readonly now: number; readonly signAnew: boolean };
  toJSON(): never;
}

/** A response to the request that was sent, by a holder of its key. */
export declare class VerifiedResponse {
  private constructor();
  readonly keyId: string;
  /** The status, which is covered. */
  readonly status: number;
  /** When the service signed it, by its clock. */
  readonly created: number;
  toJSON(): { keyId: string; status: number; created: number };
}

/** The content of a genuine request, which follows in pieces. Act on none of it before the proof. */
export declare class Content {
  private constructor();
  /** Takes the next piece. Whoever is refused here reads no further. */
  update(piece: Bytes): void;
  /** All of it came: everything but the claim, which the host runs on a store of its own. */
  finish(): Waiting<Verified>;
  /** All of it came: claims the nonce in the verifier's store. */
  verify(): Verified;
  /** The same, in a thread of Node's pool. */
  verifyAsync(): Promise<Verified>;
  toJSON(): never;
}

/** A request that was accepted: signed by a known key, in time, with this content, for the first time. */
export declare class Verified {
  private constructor();
  readonly keyId: string;
  readonly scope: string;
  /** The signed time. */
  readonly created: number;
  /** The signed end. */
  readonly expires: number;
  /** 16 bytes. */
  readonly nonce: Uint8Array;
  /** Names and values of what was covered, in signing order. */
  readonly covered: ReadonlyArray<readonly [string, string]>;
  /** The acceptance as one line of JSON for the audit log. */
  readonly event: string;
  /** The value of one covered component. */
  component(name: string): string | null;
  /**
   * The fields to set on the response with this status and content. A proof can do that if `answers` was asked for, or if it
   * is the verdict of a decision (`begin`, `beginContent`).
   */
  signResponse(status: number, body: Bytes, options?: At): Record<string, string>;
  toJSON(): { keyId: string; scope: string; created: number; expires: number };
}

/** What a verifier compared, for the operator. */
export interface Explained {
  /** The base as the verifier builds it, redacted. */
  readonly base: string;
  /** The code of the rule that components or parameters break, if they do. */
  readonly brokenRule: CodeName | null;
  /** The first place in which the signer's base differs, if one was given and does. */
  readonly difference: { readonly line: number; readonly component: string | null; readonly at: number } | null;
}

export interface VerifyOptions extends At {
  /** Whether the proof shall be able to sign the response, which costs a native object. */
  readonly answers?: boolean;
}

/** Verifies requests. */
export declare class Verifier {
  /**
   * `store` is where nonces are claimed; a verifier without one can only `begin`. Keys that come from a store are loaded
   * again every `refreshSeconds`, 1 to 3600, or 30: that is how long a revocation may take.
   */
  constructor(
    policy: Policy | ForeignPolicy,
    keys?: readonly Key[] | null,
    store?: Store | null,
    options?: { readonly refreshSeconds?: number },
  );
  /** Verifies the request and claims its nonce. With a store that may wait for a file, prefer `verifyAsync`. */
  verify(request: SignableRequest, options?: VerifyOptions): Verified;
  /** The same, in a thread of Node's pool. */
  verifyAsync(request: SignableRequest, options?: VerifyOptions): Promise<Verified>;
  /** Everything but the claim, which the host runs on a store of its own (see `drive`). */
  begin(request: SignableRequest, options?: At): Waiting<Verified>;
  /** Everything but content and claim: the content follows in pieces, so forgeries are refused before it is read. */
  beginContent(request: SignableRequest, options?: At): Content;
  /**
   * The fields that sign the refusal, with this status and content, of a request that is genuine and outside of its window,
   * so that its sender learns this clock; null for any other request.
   */
  signRefusal(request: SignableRequest, status: number, body: Bytes, options?: At): Record<string, string> | null;
  /** What the verifier compares; `base` is the signer's, to find the first difference. */
  explain(request: SignableRequest, options?: { readonly base?: string }): Explained;
  /** The id of the key to load before the request is verified: not a known one, and not too often. */
  keyToLoad(request: SignableRequest, options?: At): string | null;
  /** The id of a known key that is due to be loaded again. Ask until there is none. */
  keyToRefresh(options?: At): string | null;
  /** Knows this key from now on, in the place of the one with its id, if any. */
  putKey(key: Key): void;
  forgetKey(id: string): void;
  /** Knows these keys only. */
  replaceKeys(keys: readonly Key[]): void;
  readonly keyIds: string[];
  /** The most bytes of content; an adapter stops reading there. */
  readonly bodyLimitBytes: number;
  /** Whether `verify` may wait for a file. */
  readonly blocking: boolean;
  toJSON(): never;
}

/** The window of the policies that a store will serve; 60 s each when it is left out. */
export interface WindowOptions extends At {
  readonly pastSeconds?: number;
  readonly futureSeconds?: number;
}

export interface RingOptions extends WindowOptions {
  /** Requests per second that it is made for; 2000 when it is left out. */
  readonly perSecond?: number;
  /** How many claims one key may win in 15 s. */
  readonly ownerCap?: number;
  /** 16 random bytes; the host's generator when it is left out. */
  readonly seed?: Uint8Array;
}

/** What a store of one process needs where several worker processes serve. */
export interface PrivateOptions {
  /** Each worker has a store of its own on purpose: a replay that reaches another worker is accepted there. */
  readonly onePerWorker?: boolean;
}

/** How full a ring is, in nonces. */
export interface Gauge {
  readonly capacity: number;
  readonly live: number;
  readonly generation: number;
  readonly fullest: number;
}

export interface SweepOptions extends At {
  /** The most rows to delete; 1000 when it is left out. */
  readonly limit?: number;
}

/** Nonces in a file that all worker processes of a host map. The one to use. */
export declare class SharedRing {
  constructor(path: string, options?: RingOptions);
  gauge(): Gauge;
}

/** Nonces of one process. Refused with `binding_ring_private` where several workers are configured. */
export declare class Ring {
  constructor(options?: RingOptions & PrivateOptions);
  gauge(): Gauge;
}

/** Nonces, keys and counts of limits in a database file. */
export declare class Sqlite {
  constructor(path: string, options?: WindowOptions);
  /** Deletes claims that are over, and counts them. */
  sweep(options?: SweepOptions): number;
  /** Deletes cells of limits that are empty, and counts them. */
  sweepCells(options?: SweepOptions): number;
}

/** Nonces, keys and counts of limits in the memory of one process. Refused as `Ring` is. */
export declare class Memory {
  constructor(options?: WindowOptions & PrivateOptions & { readonly capacity?: number });
  /** Deletes claims that are over, and counts them. */
  sweep(options?: SweepOptions): number;
  /** Deletes cells of limits that are empty, and counts them. */
  sweepCells(options?: SweepOptions): number;
}

export interface CellOptions {
  /** How many words of 8 bytes, rounded up to a power of two from 1024 to 2^26; 2^20 when it is left out. */
  readonly cells?: number;
  /** 16 random bytes; the host's generator when it is left out. */
  readonly seed?: Uint8Array;
}

/** How many cells of a table of limits are not empty. */
export interface CellGauge {
  readonly cells: number;
  /** Above half of `cells` honest callers begin to be refused for what others did. */
  readonly hot: number;
}

/** Counts of limits in a file that all worker processes of a host map. */
export declare class SharedCells {
  constructor(path: string, options?: CellOptions);
  /** Whether limits that yield step aside now. */
  isCrowded(options?: At): boolean;
  gauge(options?: At): CellGauge;
}

/** Counts of limits of one process. Refused as `Ring` is. */
export declare class Cells {
  constructor(options?: CellOptions & PrivateOptions);
  /** Whether limits that yield step aside now. */
  isCrowded(options?: At): boolean;
  gauge(options?: At): CellGauge;
}

export type Store = Memory | Ring | SharedRing | Sqlite | SharedCells | Cells;

export type Dialect = "postgres" | "redis" | "sqlite";

/** What stands in a row or is bound to a statement. */
export type Cell = null | number | bigint | string | Uint8Array;

export type Row = readonly Cell[];

/** What a driver runs. Its answer is the rows, as arrays of cells in the order of their columns. */
export interface Statement {
  /** The same for all statements of one text, for drivers that prepare them by name. */
  readonly name: string;
  readonly text: string;
  readonly values: Cell[];
}

/** What a decision may end in. */
export type Decided =
  | Verified
  | Key
  | Admitted
  | Received
  | LiveToken<unknown>
  | Refreshed
  | Session
  | readonly Session[]
  | EndedSessions
  | number
  | string
  | null;

/** A decision that waits for a store's answer. It serves once. */
export declare class Waiting<Outcome extends Decided = Decided> {
  private constructor();
  /**
   * The statement to run now; null once it is decided. `futureSeconds` is what the database was made ready for; a policy by which
   * clocks may be further ahead throws `binding_store_window`.
   */
  statement(dialect: Dialect, options?: { readonly futureSeconds?: number }): Statement | null;
  /** Hands over the rows of the last statement, or null when the store did not answer. */
  answer(rows: readonly Row[] | null): void;
  /** What was decided, once. */
  verdict(): Outcome;
  /** Runs it to its end on a store of this package. */
  run(store: Store): Outcome;
  /** The same, in a thread of Node's pool: for `Sqlite`, which may wait for a file. */
  runAsync(store: Store): Promise<Outcome>;
}

/** Runs a decision to its end with `execute`, your own driver. If it rejects, the decision refuses, with its error as `cause`. */
export declare function drive<Outcome extends Decided>(
  waiting: Waiting<Outcome>,
  dialect: Dialect,
  execute: (statement: Statement) => Promise<readonly Row[]>,
): Promise<Outcome>;

/** What makes a database ready, in this order; all of it may be run again. */
export declare function migrations(dialect: Dialect, options?: WindowOptions): Statement[];

/** Whose claims. */
export type Room = "denied" | "job" | "refresh" | "request" | "webhook";

/** What deletes what is over in a room, `request` unless said. Run it now and then. */
export declare function sweeping(dialect: Dialect, options?: SweepOptions & { readonly room?: Room }): Statement;

/** What deletes cells of limits that are empty. Run it now and then, where a database keeps them. */
export declare function sweepingCells(dialect: Dialect, options?: SweepOptions): Statement;

/** Signs messages for one endpoint. */
export declare class Sender {
  /** With 1 to 8 secrets, `whsec_..`: with each of them, while one is rotated. */
  constructor(secrets: readonly string[]);
  /** The fields that sign a message which leaves now. Sign each attempt anew, with the same id. */
  sign(id: string, body: Uint8Array | string, options?: At): Record<string, string>;
  toJSON(): never;
}

/** A new id for a message. `seed` is 16 random bytes; the host's generator when it is left out. */
export declare function messageId(options?: { readonly seed?: Uint8Array }): string;

export interface ReceiverOptions {
  /** How old the signed time may be: 1 to 300, or 300. The store must be made for that window. */
  readonly pastSeconds?: number;
  /** How far ahead it may be: 1 to 300, or 300. */
  readonly futureSeconds?: number;
  /** The most bytes of content; 1 MiB when it is left out. */
  readonly bodyLimitBytes?: number;
}

/** Takes deliveries for one endpoint. */
export declare class Receiver {
  /** For the endpoint that this program calls `endpoint`, with 1 to 8 secrets. */
  constructor(endpoint: string, secrets: readonly string[], store?: Store | null, options?: ReceiverOptions);
  /** Takes a delivery as it was sent, once. Whatever fails throws. */
  receive(headers: FieldLines, body: Uint8Array | string, options?: At): Received;
  /** Everything but the claim, which waits for a store of your own. */
  begin(headers: FieldLines, body: Uint8Array | string, options?: At): Waiting<Received>;
  /** The same, and no claim after it: for programs that remember the ids of messages themselves, for longer than the window. */
  check(headers: FieldLines, body: Uint8Array | string, options?: At): Received;
  /** The most bytes of content; an adapter stops reading there. */
  readonly bodyLimitBytes: number;
  toJSON(): never;
}

/** A message that was received. Only a receiver makes one. */
export declare class Received {
  private constructor();
  readonly endpoint: string;
  /** The message's id: the same for each attempt to deliver it. */
  readonly id: string;
  /** When this attempt was signed, in milliseconds. */
  readonly created: number;
  /** The acceptance as one line of JSON for the audit log. */
  readonly event: string;
}

/**
 * Takes a delivery that a server of `node:http` or `node:https` received, once: raw field lines, and the raw body, which is read
 * up to the receiver's limit. Call it before anything reads the body, or hand over the raw `body` that was read. `drive` runs
 * the decision on a store of your own.
 */
export declare function receiveIncoming(
  receiver: Receiver,
  message: IncomingMessage,
  options?: At & {
    readonly body?: Uint8Array;
    readonly drive?: (waiting: Waiting<Received>) => Promise<Received>;
  },
): Promise<{ readonly received: Received; readonly body: Uint8Array }>;

export interface LimitOptions {
  /** How many requests pass at once. */
  readonly burst: number;
  /** After how many milliseconds one more passes. */
  readonly everyMs: number;
  /** Burst and milliseconds for all networks of one site of version 6 (/48); 16 times as much when it is left out. */
  readonly site?: readonly [burst: number, everyMs: number];
  /** Whether it admits when its store does not answer. */
  readonly admitsUnknown?: boolean;
  /** Whether it steps aside while its table of cells is crowded. A limit on guesses must not. */
  readonly yields?: boolean;
}

export interface CountOptions extends At {
  /** As how many requests it counts; 1 when it is left out. */
  readonly cost?: number;
  /** Whether the table of cells is crowded. */
  readonly isCrowded?: boolean;
}

/** How many requests pass at once, and how fast more do. Its name is public. */
export declare class Limit {
  constructor(name: string, options: LimitOptions);
  /** Counts a request for a client's address, and for its site's where it has one. */
  byAddress(client: string, options?: CountOptions): Waiting<Admitted>;
  /** Counts a request for a key of this program's own. */
  byKey(id: string, options?: CountOptions): Waiting<Admitted>;
  /** Counts a request for a name as people write it; spellings that look alike count as one. */
  byName(name: string, options?: CountOptions): Waiting<Admitted>;
  readonly yields: boolean;
}

/** Someone who is within a limit. Only a limit makes one. */
export declare class Admitted {
  private constructor();
  /** How many more would pass now; null when nothing was counted. */
  readonly left: number | null;
  /** Whether nothing was counted because the limit stepped aside. */
  readonly steppedAside: boolean;
  /** Fields for the response. */
  readonly headers: Record<string, string>;
}

/** The field that proxies write a client's address into. */
export type ForwardingField = "forwarded" | "x-forwarded-for";

/**
 * The address of the client of a connection from `peer`, where `hops` proxies of your own have written into `field`, whose
 * lines have these values, in their order. A peer without an address is 0.0.0.0.
 */
export declare function clientAddress(
  peer: string | null | undefined,
  values: readonly string[],
  options: { readonly hops: number; readonly field?: ForwardingField },
): string;

export interface LimiterSettings {
  /** What counts: this, or `drive`. */
  readonly store?: Cells | Memory | SharedCells | Sqlite;
  /** Runs a decision on a store of your own (see `drive`). */
  readonly drive?: (waiting: Waiting<Admitted>) => Promise<Admitted>;
  /** The number of your own proxies that write `field`; with none the address is the peer's. */
  readonly hops?: number;
  readonly field?: ForwardingField;
  /** Gets each refusal as one line of JSON for the audit log. */
  readonly onEvent?: (event: string) => void;
  readonly clock?: () => number;
}

/**
 * A limit and the store that counts for it. Each method rejects with a `LimitError` (429) once the limit is used up;
 * `problem` makes the answer of it, with `RateLimit` fields and `Retry-After`.
 */
export declare class Limiter {
  constructor(limit: Limit, settings: LimiterSettings);
  /** Counts a message for its client's address, as `cost` requests or 1. */
  byAddress(message: IncomingMessage, options?: { readonly cost?: number }): Promise<Admitted>;
  /** Counts a request for a key: the `keyId` of a proof, never one that a peer names. */
  byKey(id: string, options?: { readonly cost?: number }): Promise<Admitted>;
  byName(name: string, options?: { readonly cost?: number }): Promise<Admitted>;
}

export interface NewKeyOptions {
  /** When it begins; now when it is left out. */
  readonly since?: number;
  readonly until?: number | null;
  readonly scope?: string;
  /** 12 random bytes; the host's generator when it is left out. */
  readonly seed?: Uint8Array;
}

/** Decides about stored keys, whose secrets it seals. */
export declare class KeyVault {
  /** `secret` is 32 random bytes. */
  constructor(secret: Uint8Array);
  load(id: string): Waiting<Key>;
  save(id: string, secret: Uint8Array, options?: NewKeyOptions): Waiting<null>;
  /** Saves a successor of the key `old`, which is over at `oldUntil`. */
  rotate(
    old: string,
    id: string,
    secret: Uint8Array,
    options: NewKeyOptions & { readonly oldUntil: number },
  ): Waiting<null>;
  toJSON(): never;
}

/** Lets a key be over at `until`, or earlier if it was to be. */
export declare function endKey(id: string, until: number): Waiting<null>;

/** Revokes a key, for good. */
export declare function revokeKey(id: string, options?: At): Waiting<null>;

/** How a token is signed; a key is for one of them. */
export type TokenAlgorithm = "HS256" | "HS384" | "HS512" | "ES256" | "ES384" | "EdDSA" | "RS256" | "PS256";
/** Those of a secret that both sides have. */
export type SecretAlgorithm = "HS256" | "HS384" | "HS512";

/** A key that tokens are verified with: an id, an algorithm, and what verifies. */
export declare class TokenKey {
  private constructor();
  /** The key of a secret: `HS256` (32 bytes or more), `HS384` (48) or `HS512` (64). */
  static hmac(id: string, algorithm: SecretAlgorithm, secret: Uint8Array): TokenKey;
  /** The key of a public key in PEM, for this algorithm and no other. */
  static public(id: string, algorithm: Exclude<TokenAlgorithm, SecretAlgorithm>, pem: string): TokenKey;
  /** The key of a JWK as JSON text, which says its `kty`, `alg` and `kid`. */
  static fromJwk(json: string): TokenKey;
  readonly id: string;
  readonly algorithm: TokenAlgorithm;
  toJSON(): never;
}

/** A key that tokens are signed with. It does not come out again: no text, no JSON, no copy. */
export declare class TokenSigner {
  private constructor();
  /** Signs with a secret; verifiers need the same. */
  static hmac(id: string, algorithm: SecretAlgorithm, secret: Uint8Array): TokenSigner;
  /** Signs with a private key in PEM (PKCS#8): Ed25519, P-256 or P-384, each by its own algorithm. */
  static private(id: string, pem: string | Uint8Array): TokenSigner;
  /** What verifies its tokens. */
  readonly key: TokenKey;
  toJSON(): never;
}

/** The keys of an issuer: 1 to 64, each id once. */
export declare class TokenKeys {
  constructor(keys: readonly TokenKey[]);
  /** The keys of a JWK Set, JSON text. */
  static fromJwks(json: string): TokenKeys;
  /** The keys for JWT-SVIDs of a SPIFFE bundle, JSON text. */
  static fromSpiffeBundle(json: string): TokenKeys;
  readonly ids: string[];
  toJSON(): never;
}

/** What tokens are for, and with it how long they may live: 30 minutes, 30 minutes, 2 hours, 24 hours, 2 minutes and an hour. */
export type TokenProfile = "access" | "app" | "job" | "openid" | "provisioner" | "svid";

export interface TokenPolicyOptions {
  /** Who issues; for `svid` the trust domain, such as `spiffe://example.org`. */
  readonly issuer: string;
  /** For whom the tokens are. */
  readonly audience: string | readonly string[];
  /** Which names of `audience` a token must be for; `any` when it is left out. `only`: for no others. */
  readonly matchAudience?: "all" | "any" | "only";
  /** The kind of token that the header must name, where it is not the profile's. */
  readonly typ?: string;
  /** How far clocks may differ: 0 to 120, or 30 when it is left out. */
  readonly leewaySeconds?: number;
  /** How long a token may live, where it is less than the profile allows. */
  readonly lifeSeconds?: number;
}

/** What a verifier demands of a token, and what a minter writes. */
export declare class TokenPolicy {
  constructor(profile: TokenProfile, options: TokenPolicyOptions);
  readonly issuer: string;
}

export interface MintOptions extends At {
  /** How long it is to live; the policy and `until` may make that less. */
  readonly lifeSeconds: number;
  /** An instant that it must not outlive, such as the end of its session. */
  readonly until?: number;
  /** The version of the subject, `user_ver`. */
  readonly userVer?: number;
  /** The registered key with which the session was opened, `akid`. */
  readonly accessKey?: string;
  /** The session that it belongs to, `sid`. */
  readonly session?: string;
  /** The generation of the session, `gen`. */
  readonly generation?: number;
  /** The SHA-256 thumbprint of the client's certificate that it is bound to. */
  readonly certificate?: Uint8Array;
  /** The SHA-256 thumbprint of the client's key that it is bound to. */
  readonly key?: Uint8Array;
  /** Further claims: an object, or the JSON text of one. */
  readonly claims?: object | string;
  /** 16 random bytes, never the same twice; the host's generator when it is left out. */
  readonly seed?: Uint8Array;
}

export interface TokenRingOptions {
  /** How long tokens live at most; 1800 when it is left out. */
  readonly lifeSeconds?: number;
  /** How long verifiers may keep a copy of the published keys; 300 when it is left out. */
  readonly maxAgeSeconds?: number;
  /** How long a host goes by what it read; 300 when it is left out. */
  readonly hostsSeconds?: number;
  /** How long a key signs at least. With it the next one can wait, and take over from one that is lost. */
  readonly periodSeconds?: number;
  /** How long a key is published before it signs, where all verifiers are known. */
  readonly leadSeconds?: number;
  /** How long after its end a token is taken, where all verifiers are known. */
  readonly toleranceSeconds?: number;
}

export interface RotateOptions extends At {
  /** The algorithm of a key that is made here; `ES256` when it is left out. */
  readonly algorithm?: "ES256" | "ES384" | "EdDSA";
  /** A private key, PKCS#8 as PEM. */
  readonly pem?: string | Uint8Array;
  /** Whether the private part stays with the host, and is not stored. */
  readonly held?: boolean;
  /** 64 random bytes for a new key, and 12 for its seal; the host's generator when it is left out. */
  readonly seed?: Uint8Array;
}

/** A key of a ring. */
export interface RingKey {
  /** Its `kid`: the thumbprint of the key. */
  readonly id: string;
  readonly state: "announced" | "active" | "retiring" | "retired";
  /** Since when it is published. */
  readonly announced: number;
  /** Since when, or from when on, it signs. */
  readonly active: number;
  /** When it signs no more, if another one was announced. */
  readonly ends: number | null;
  /** When it is published no more, if another one was announced. */
  readonly gone: number | null;
}

export interface FollowRingOptions {
  /** Ends it. */
  readonly signal: AbortSignal;
  /** A store of this package. */
  readonly store?: Store;
  /** Reads in a database of your own, as the `drive` of `counterseal/stores/pg` and `/ioredis` does. */
  readonly drive?: (reading: Waiting<null>) => Promise<null>;
  /** How often it reads, up to 3600; as the ring says when it is left out: each minute, and each second while no key signs. */
  readonly everySeconds?: number;
  readonly clock?: () => number;
  /** Gets each failure, also what a `drive` throws; without it they become warnings of the process. */
  readonly onFailure?: (error: unknown) => void;
}

/**
 * The keys of an issuer in a store: rotated by one command, signed with (`new TokenMinter(ring, policy)`), verified with
 * (`new TokenVerifier(policy, ring)`) and published. A host goes by what it read last, for five minutes at most.
 */
export declare class TokenRing {
  /** `sealingKey` is 32 random bytes, the same on all hosts, which seal private keys in the store. */
  constructor(issuer: string, sealingKey: Uint8Array, options?: TokenRingOptions);
  readonly issuer: string;
  /** Reads the keys. */
  load(options?: At): Waiting<null>;
  /** Announces a key. It is published before it signs; the first one signs at once. */
  rotate(options?: RotateOptions): Waiting<null>;
  /** Announces a first key if there is none, and reads the keys otherwise: for hosts that start, all at once and any number of times. */
  ensure(options?: At & { readonly seed?: Uint8Array }): Waiting<null>;
  /** Removes a key at once and for good. */
  revoke(keyId: string, options?: At): Waiting<null>;
  /** Signs with this private key too, PKCS#8 as PEM, of which the store has the public part only. */
  hold(pem: string | Uint8Array): void;
  /** What a route for the keys answers. */
  published(options?: At): PublishedKeys;
  /** Its keys, in the order in which they sign; none before they were read. */
  keys(options?: At): RingKey[];
  /** How many milliseconds to wait before the next reading. */
  pause(options?: At): number;
  /** Reads the keys again and again, until `signal` is aborted; while that fails it goes by what it read before, for as long as it may. */
  follow(options: FollowRingOptions): Promise<void>;
  toJSON(): never;
}

/** What a route for the keys answers. */
export declare class PublishedKeys {
  private constructor();
  /** The JSON text. */
  readonly body: string;
  readonly contentType: string;
  /** The strong entity tag, with its quotes. */
  readonly etag: string;
  /** For how long a copy is good. */
  readonly cacheControl: string;
  /** Whether the client has it already, by the field `If-None-Match` of these field lines: then the answer is 304. */
  isKnown(headers: FieldLines | NodeJS.Dict<string | string[]>): boolean;
}

/** Mints tokens with one key, or with whichever key of a ring signs, for verifiers of one policy. */
export declare class TokenMinter {
  constructor(signer: TokenSigner | TokenRing, policy: TokenPolicy);
  /** A token about `subject`. */
  mint(subject: string, options: MintOptions): Minted;
  toJSON(): never;
}

/** A token that was minted. It stands in no text and no JSON of this object. */
export declare class Minted {
  private constructor();
  readonly token: string;
  /** When it is over. */
  readonly expires: number;
  /** What decided how long it lives. */
  readonly decidedBy: "asked" | "policy" | "ring" | "until";
  toJSON(): never;
}

/** The claims of a token as it was signed. Those that no rule is about are the issuer's word, of any type. */
export interface TokenClaims {
  readonly iss: string;
  readonly sub: string;
  readonly aud: string | readonly string[];
  readonly exp: number;
  readonly iat: number;
  readonly [name: string]: unknown;
}

/** A token that is genuine, for this audience, and in time. It may be kept and given to many, so it does not change. */
export declare class VerifiedToken<Claims = TokenClaims> {
  private constructor();
  /** The key that signed it. */
  readonly keyId: string;
  readonly subject: string;
  /** Its own id, `jti`. */
  readonly id: string | null;
  /** The session that it belongs to, `sid`. */
  readonly session: string | null;
  /** The registered key with which its session was opened, `akid`. */
  readonly accessKey: string | null;
  readonly userVer: number | null;
  readonly generation: number | null;
  readonly issued: number;
  /** From when on it is valid, without leeway. */
  readonly begins: number;
  /** When it is over, without leeway. */
  readonly expires: number;
  /** What it is bound to. */
  readonly boundBy: "jkt" | "x5t#S256" | null;
  /** All claims, as the JSON text that was signed. */
  readonly payload: string;
  /** All claims, frozen. Their type is what the program says it is; `read` looks. */
  readonly claims: Claims;
  /** What `parse` makes of the claims; whatever it throws becomes a `TokenError`, `binding_claims_unfit`. */
  read<Model>(parse: (claims: Claims) => Model): Model;
  toJSON(): { keyId: string; id: string | null; issued: number; begins: number; expires: number };
}

export interface VerifyTokenOptions extends At {
  /** The SHA-256 thumbprint of the peer's certificate, for a token that is bound to one. */
  readonly certificate?: Uint8Array | null;
  /** The SHA-256 thumbprint of the key that the peer has shown to hold, for a token that is bound to one. */
  readonly key?: Uint8Array | null;
}

/**
 * Verifies tokens of one policy. A token that comes again costs no signature: its proof is kept, and its times are looked at
 * each time. Proofs of bound tokens are not kept.
 */
export declare class TokenVerifier<Claims = TokenClaims> {
  /** `cache` proofs are kept in memory, by their tokens: 0 to 65536, or 1024 when it is left out. */
  constructor(
    policy: TokenPolicy,
    keys: TokenKeys | TokenRing | readonly TokenKey[],
    options?: { readonly cache?: number },
  );
  /** The proof that `token` is genuine. Whatever fails throws a `TokenError`. */
  verify(token: string, options?: VerifyTokenOptions): VerifiedToken<Claims>;
  /**
   * What `verify` makes of `token`, as text: the verdict, then each check with what it compared, up to the one that refuses. For the
   * log, not for the peer.
   */
  explain(token: string, options?: VerifyTokenOptions): string;
  /** Knows these keys, and no others, from now on. */
  replaceKeys(keys: TokenKeys | readonly TokenKey[]): void;
  readonly keyIds: string[];
  readonly issuer: string;
  toJSON(): never;
}

/** That a genuine token may still act, by what a store said. */
export declare class LiveToken<Claims = TokenClaims> {
  private constructor();
  readonly token: VerifiedToken<Claims>;
  toJSON(): ReturnType<VerifiedToken["toJSON"]>;
}

/** That a token grants what was required. */
export declare class Authorized<Claims = TokenClaims> {
  private constructor();
  readonly token: VerifiedToken<Claims>;
  /** When its bearer authenticated, where that was required. */
  readonly authenticated: number | null;
  toJSON(): ReturnType<VerifiedToken["toJSON"]>;
}

/** A token that was verified, or the one in a further proof. */
export type ProvenToken<Claims = TokenClaims> =
  | VerifiedToken<Claims>
  | LiveToken<Claims>
  | Authorized<Claims>
  | AdmittedJob<Claims>;

export interface RequirementOptions {
  /** Whether one of the permissions is enough; it goes with no step-up. */
  readonly any?: boolean;
  /** How long ago the bearer may have authenticated, by one of `methods` or at one of `levels`. */
  readonly maxAgeSeconds?: number;
  /** The methods of which one is enough, as `amr` has them. */
  readonly methods?: readonly string[];
  /** The levels of which one is enough, as `acr` has them. */
  readonly levels?: readonly string[];
  /** The claim that grants; `scope` when it is left out. */
  readonly grantedBy?: "permissions" | "scope";
  /** Whether a token may grant everything, with `*`. */
  readonly rootGrants?: boolean;
}

/** An authentication that the application has seen just now, of WebAuthn for one. */
export interface FreshProof {
  /** The session in which it was seen, as `sid` has it. */
  readonly session: string;
  /** Who authenticated. */
  readonly subject: string;
  /** How, as `amr` has it. */
  readonly method: string;
  /** When, in milliseconds. */
  readonly at: number;
}

/**
 * What a handler requires of whoever calls it: all of these permissions, `segment:segment:...`, or any of them; and, with
 * `maxAgeSeconds`, an authentication that is that fresh.
 */
export declare class Requirement {
  constructor(permissions: readonly string[], options?: RequirementOptions);
  /**
   * Whether the bearer of this token may. A `TokenError` has what the client is told in its `headers`: which authentication is
   * needed, and how fresh, for `jwt_mfa_required` (RFC 9470). `proof` stands in the place of what the token tells.
   */
  check<Claims>(token: ProvenToken<Claims>, options?: At & { readonly proof?: FreshProof | null }): Authorized<Claims>;
  readonly permissions: string[];
}

export interface StandingOptions {
  /** Whether subjects that are not stored may act. */
  readonly anySubject?: boolean;
  /** Whether tokens must name an access key. */
  readonly withAccessKey?: boolean;
  /** How long what a store said is trusted: 0 to 60, or 0 when it is left out. Others see a change at most this much later. */
  readonly cacheSeconds?: number;
  /** For how many tokens: 4096 when it is left out. */
  readonly cachePlaces?: number;
}

/**
 * Asks a store, in one look, whether genuine tokens may still act: their subject and its version, the token's own id, and the
 * access key that opened the session. What it takes back is over at once for this process.
 *
 * What it does not protect: a token stands until it is over where nobody asks.
 */
export declare class Standing {
  /** `tenant` is the name under which subjects are stored: one for each issuer. */
  constructor(tenant: string, options?: StandingOptions);
  /** Asks whether this token may still act. */
  begin<Claims>(token: ProvenToken<Claims>, options?: At): Waiting<LiveToken<Claims>>;
  /** Asks at which version new tokens of a subject are minted, `userVer`. */
  versionOf(subject: string, options?: At): Waiting<number>;
  /** Stores a subject, at version 0. */
  register(subject: string, options?: At): Waiting<null>;
  /** Ends all tokens of a subject: its version is raised. */
  bump(subject: string, options?: At): Waiting<null>;
  /** Ends all tokens of a subject, and takes no new ones. */
  disable(subject: string, options?: At): Waiting<null>;
  /** Takes new tokens of a subject that was disabled. */
  enable(subject: string, options?: At): Waiting<null>;
  /** Ends one token: `id` is its `jti`, `expires` its end. */
  deny(id: string, options: At & { readonly expires: number }): Waiting<null>;
  /** Stores an access key of a subject. */
  registerKey(accessKey: string, subject: string, options?: At): Waiting<null>;
  /** Ends the tokens of sessions that this access key opened, for good. */
  disableKey(accessKey: string, options?: At): Waiting<null>;
}

/** A secret of refresh tokens: its number, 0 to 255, and 32 bytes or more. */
export type NumberedSecret = readonly [number: number, secret: Uint8Array];

export interface RefresherOptions {
  /**
   * How it is known that a client has stored what it was given. `wired`: the service calls `confirm` when an access token of that
   * generation comes from the client's own store in a later request. `on_next_use`: nobody does, and who follows slowly with a copy
   * is not found.
   */
  readonly confirmation: "on_next_use" | "wired";
  /** For how long an answer that may be lost is given again: at most a week if wired, else ten minutes. */
  readonly withinSeconds: number;
  /** For how long after an answer its siblings get the same; 30 when it is left out. */
  readonly windowSeconds?: number;
  /** How often in a window; 32 when it is left out. */
  readonly retries?: number;
  /** How long a session may lie unused; 14 days when it is left out. */
  readonly idleSeconds?: number;
  /** How long it may last; 90 days when it is left out. */
  readonly absoluteSeconds?: number;
  /** By how much clocks differ; 5 when it is left out. */
  readonly skewSeconds?: number;
  /** What ends when a token was used after its successor; `session` when it is left out. */
  readonly onReuse?: "session" | "subject";
  /** Whether sessions are bound to what their client shows; `prefer` when it is left out. */
  readonly binding?: "none" | "prefer" | "require";
  /** The secret that signs. */
  readonly signing: NumberedSecret;
  /** Those that sessions still go on from. */
  readonly verifying?: readonly NumberedSecret[];
  /** Those whose tokens are only known to be stolen. */
  readonly detecting?: readonly NumberedSecret[];
}

/** Who presents a token. */
export interface SessionHolder {
  /** The client, as it was authenticated. */
  readonly client: string;
  /** The secret of its device: 16 bytes or more. */
  readonly deviceSecret?: Uint8Array;
  /** The thumbprint of a key that it has shown to hold: 32 bytes. */
  readonly key?: Uint8Array;
}

export interface BeginSessionOptions extends SessionHolder, At {
  /** The subject's version, as the store says; 0 for one that is not stored. */
  readonly userVer: number;
  /** What its holder calls the device. */
  readonly device?: string;
  /** What it grants, in the words of the application. */
  readonly access?: string;
  /** 40 random bytes, never used twice; the host's generator when it is left out. */
  readonly seed?: Uint8Array;
}

export interface RefreshOptions extends SessionHolder, At {
  /** 16 random bytes, never used twice; the host's generator when it is left out. */
  readonly seed?: Uint8Array;
}

/** Which sessions of a subject: one of these, or none for all. */
export interface WhichSessions extends At {
  /** All but this one. */
  readonly but?: string;
  /** Those of this client. */
  readonly client?: string;
  /** Those of this device. */
  readonly device?: string;
}

/** A session. Times are milliseconds since 1970. */
export interface Session {
  /** Its id: the `sid` of its access tokens. */
  readonly id: string;
  /** Whose subject. */
  readonly tenant: string;
  /** Whose it is. */
  readonly subject: string;
  /** The subject's version when it began; its access tokens carry it. */
  readonly userVer: number;
  /** Which client's. */
  readonly client: string;
  /** What its holder calls the device. */
  readonly device: string;
  /** What it grants. */
  readonly access: string;
  /** What it is bound to. */
  readonly boundBy: "device" | "key" | null;
  /** How many refresh tokens came before the newest; its access tokens carry it. */
  readonly generation: number;
  /** When it began. */
  readonly began: number;
  /** When its newest token was made. */
  readonly used: number;
  /** When it is over unless it is used. */
  readonly idleEnd: number;
  /** When it is over. */
  readonly absoluteEnd: number;
  /** How it ended, if it did before. */
  readonly endedBy: "logged_out" | "replayed" | "revoked" | "store_behind" | "unconfirmed" | null;
  /** When it did. */
  readonly ended: number | null;
}

/** What a holder of a session gets. Its token stands in no text and no JSON of this object. */
export declare class Refreshed {
  private constructor();
  /** The session, as it is now. */
  get session(): Session;
  /** How the token was answered. */
  get how(): "begun" | "minted" | "retried" | "retried_late" | "rotated" | "same";
  /** The refresh token that the client stores; null where it keeps the one that it has. */
  get token(): string | null;
  /** Whether somebody may follow with a copy: tell an operator. */
  get isFollowed(): boolean;
  /** The answer as one line of JSON for the audit log. */
  get event(): string;
  /** Always throws `binding_secret_copied`. */
  toJSON(): never;
}

/**
 * Begins, refreshes, confirms, ends and lists sessions of one kind of client.
 *
 * ```js
 * const refresher = new Refresher({ confirmation: "wired", withinSeconds: 86_400, signing: [1, secret] });
 * const begun = refresher.beginSession("login", "ada", { client: "web", userVer: 0 }).run(store);
 * const refreshed = refresher.refresh(token, { client: "web" }).run(store); // whatever fails throws RefreshError
 * if (refreshed.token !== null) store(refreshed.token); // before the access token is used
 * ```
 *
 * Each token has one successor. A request whose answer was lost is answered with the same one again, however late, for `withinSeconds`; a
 * token that is used after its successor was ends the session, for thief and owner alike.
 *
 * What it does not protect: who uses a stolen token right after its owner did, each time, is found only where the session is bound to a
 * key or to the secret of a device.
 */
export declare class Refresher {
  constructor(options: RefresherOptions);
  /** Begins a session, after its holder has logged in. */
  beginSession(tenant: string, subject: string, options: BeginSessionOptions): Waiting<Refreshed>;
  /** Begins to refresh with this token. Give its answer to the client, who stores it before it uses the access token. */
  refresh(token: string, options: RefreshOptions): Waiting<Refreshed>;
  /** Begins to ask for an access token without rotating, where the client cannot store what it would be given. */
  mint(token: string, options: SessionHolder & At): Waiting<Refreshed>;
  /**
   * Looks at what `refresh` would do with this token, and writes nothing. Ends in text for your log, also where the token would be refused:
   * each check with what it compared. Do not send it to the client.
   */
  explain(token: string, options: SessionHolder & At): Waiting<string>;
  /**
   * Confirms that the client has stored the token of this generation: when an access token of it comes from the client's own store in a
   * later request.
   */
  confirm(session: string, generation: number, options?: At): Waiting<Session>;
  /** Ends a session: its holder logs out. */
  logOut(session: string, options?: At): Waiting<Session>;
  /** Ends a session: its holder does, from another device, or an operator. */
  revoke(session: string, options?: At): Waiting<Session>;
  /** Ends sessions of a subject, and ends in their number. */
  revokeAll(tenant: string, subject: string, options?: WhichSessions): Waiting<number>;
  /** Lists the sessions of a subject that are not over, the one that was used last first. */
  sessions(tenant: string, subject: string, options?: At): Waiting<readonly Session[]>;
  /** Always throws `binding_secret_copied`. */
  toJSON(): never;
}

/**
 * Reads which sessions ended within the life of an access token. It needs a store and no secret: whoever verifies access tokens reads it every
 * few seconds. `SessionWatch` does.
 *
 * What it does not protect: tokens of a session that ended since it was last read; tokens that live longer than 30 minutes.
 */
export declare class SessionFeed {
  /**
   * What is read is trusted for so long, 1 s to 10 min: so long a session that has ended may go on, and so long access tokens are taken while
   * the store does not answer.
   */
  constructor(options: { readonly trustedForSeconds: number });
  /** For how long what is read is trusted. */
  get trustedForSeconds(): number;
  /** Begins to read. On success, put it in the place of what was read before; on failure, keep that. */
  read(options?: At): Waiting<EndedSessions>;
}

/** The sessions that had ended at an instant, so that their access tokens are over. */
export declare class EndedSessions {
  private constructor();
  /**
   * Looks at the session that a genuine access token names; null where it names none. Throws `refresh_access_ended`,
   * `refresh_access_unnamed`, and `refresh_feed_stale` when it was read too long ago to know.
   */
  check(session: string | null, options?: At): void;
  /** When it began to be read, in milliseconds. */
  get readAt(): number;
  /** How many sessions it holds. */
  get size(): number;
}

/**
 * Which sessions have ended, for whoever verifies access tokens of the profiles `access` and `app`. When what is known is a third of its time old,
 * one request reads it and the others go on with it. While the store does not answer, what is known is good until its time is over; then `check`
 * throws `refresh_feed_stale`, with what the store did as its cause.
 *
 * ```js
 * const watch = new SessionWatch(new SessionFeed({ trustedForSeconds: 30 }), { store });
 * const token = verifier.verify(bearer(headers));
 * await watch.check(token.session);
 * ```
 *
 * What it does not protect: tokens of a subject whose version was raised or who was disabled (ask `Standing`), and tokens that live longer than half
 * an hour, such as those of the profile `job`.
 */
export declare class SessionWatch {
  constructor(
    feed: SessionFeed,
    settings: {
      readonly clock?: () => number;
      /** Runs decisions on a database of your own. */
      readonly drive?: <Outcome extends Decided>(waiting: Waiting<Outcome>) => Promise<Outcome>;
      /** The store of this package that decisions run in. */
      readonly store?: Store;
      /** Gets the event of each reading that failed, as one line of JSON. */
      readonly onEvent?: (event: string) => void;
    },
  );
  /** Looks at the session that a genuine access token names; null where it names none. */
  check(session: string | null): Promise<void>;
  /** Sessions were ended by this process: the next check reads anew, if the store answers. */
  forget(): void;
}

/**
 * What a text says that it is, if it has the form of a refresh token: number of the secret, session and generation, as text for people.
 * Nothing is checked, and neither its own secret nor its tag is shown.
 */
export declare function inspectRefreshToken(token: string): string;

export interface SessionsSettings {
  /** The client that sessions are of. */
  readonly client: string;
  /** Whose subjects these are. */
  readonly tenant: string;
  /** How long an access token lives; 900 when it is left out. */
  readonly lifeSeconds?: number;
  /** The service's own origin, such as `https://app.example`, for browsers that say nothing about the site of a request. */
  readonly origin?: string;
  /** Further claims of an access token; what the session grants, as `scope`, when it is left out. */
  readonly claims?: (session: Session) => object;
  readonly clock?: () => number;
  /** Runs decisions on a database of your own. */
  readonly drive?: <Outcome extends Decided>(waiting: Waiting<Outcome>) => Promise<Outcome>;
  /** The store of this package that decisions run in. */
  readonly store?: Store;
  /** Which sessions have ended: with it, the access tokens of those are refused, too. */
  readonly feed?: SessionFeed;
  /** Gets each answer and each refusal as one line of JSON for the audit log. */
  readonly onEvent?: (event: string) => void;
}

/** A request, as far as it is looked at. */
export interface RequestHead {
  readonly headers: Headers;
  /** One that may change something is taken from the service's own origin only; `GET` when it is left out. */
  readonly method?: string;
}

/** What a client gets that is no browser. It stores the refresh token, if there is one, before it uses the other. */
export interface SessionTokens {
  readonly access_token: string;
  readonly expires: number;
  readonly refresh_token: string | null;
  readonly session: string;
}

/**
 * A `fetch` with the access tokens of a session, refreshed once for all requests that need it. `load` gives the refresh token that is stored;
 * `save` stores one, or forgets it for null, and ends before the access token that came with it is used. A request that is refused with
 * 401 refreshes once and is sent again; where the session is over, `binding_login_needed` is thrown. `load` is asked for each request, so that
 * a login or a logout counts at once. Other hosts than that of `url` and
 * `authorities` are sent no token, and redirects are not followed.
 *
 * What it does not protect: whoever can read what `load` reads has the session; bind it by `deviceSecret`, and keep the two apart.
 */
export declare function sessionFetch(
  url: string,
  settings: {
    readonly load: () => string | null | Promise<string | null>;
    readonly save: (token: string | null) => void | Promise<void>;
    readonly deviceSecret?: Uint8Array;
    readonly authorities?: readonly string[];
    readonly clock?: () => number;
    readonly fetch?: (request: Request) => Promise<Response>;
  },
): (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

/** A session, as its holder sees it. Times are milliseconds since 1970. */
export interface SessionInfo {
  readonly id: string;
  readonly device: string;
  readonly client: string;
  readonly began: number;
  readonly used: number;
  readonly ends: number;
  /** Whether the request is of this one. */
  readonly isThis: boolean;
}

/** What a proxy does with a request. */
export interface Passed {
  /** The fields for the page that is asked for. */
  readonly headers: Headers;
  /** The fields to add to its answer. */
  readonly set: Headers;
  /** The answer, where it is the proxy's. */
  readonly response: Response | null;
}

/**
 * Sessions of browsers: two cookies, the handlers that keep them, and whoever is signed in.
 *
 * ```js
 * const sessions = new Sessions(refresher, minter, verifier, { client: "web", tenant: "login", store });
 *
 * // app/login/route.ts, after the holder was authenticated
 * const { headers } = await sessions.begin(request, user.id, { userVer: user.version });
 * return new Response(null, { status: 204, headers });
 *
 * // app/session/refresh/route.ts
 * export const POST = (request) => sessions.refresh(request);
 *
 * // a page; an action adds `method: "POST"`, and a handler gives its request
 * const who = await sessions.signedIn({ headers: await headers() }); // throws, and lets nobody in
 * ```
 *
 * Both cookies are `__Host-`, `HttpOnly`, `Secure` and `SameSite=Lax`. A request by cookie whose method may change something must come from the
 * service's own origin, also where `signedIn` is given the request: the browser says so (`Sec-Fetch-Site`), or its `Origin` is `origin`. A refusal clears the cookies only where the session is over.
 * `token` and `endToken` are for programs and touch no cookie: a refusal after which the client forgets its token says `cs-forget: 1`.
 *
 * `signedIn` confirms that the browser has stored a token when the access token of that generation comes back in its cookie, so the
 * refresher is of `confirmation: "wired"`.
 *
 * What it does not protect: pages that let others' scripts run. They can act as the holder while they run, and read no cookie.
 */
export declare class Sessions {
  constructor(refresher: Refresher, minter: TokenMinter, verifier: TokenVerifier, settings: SessionsSettings);
  /** Begins a session, after its holder was authenticated; the fields set its cookies. */
  begin(
    request: RequestHead,
    subject: string,
    options: { readonly userVer: number; readonly device?: string; readonly access?: string },
  ): Promise<{ readonly session: Session; readonly headers: Headers }>;
  /** Who is signed in, by the access token in the browser's own cookie, or by a program's bearer token. */
  signedIn(request: RequestHead): Promise<VerifiedToken>;
  /**
   * The access token of whoever is signed in, to ask another service in their name; it throws as `signedIn` does. It stays on servers:
   * what a page is rendered from must not hold it.
   */
  accessToken(request: RequestHead): Promise<string>;
  /** Begins a session for a client that is no browser, after its holder was authenticated. */
  issue(
    subject: string,
    options: {
      readonly userVer: number;
      readonly device?: string;
      readonly access?: string;
      readonly deviceSecret?: Uint8Array;
    },
  ): Promise<SessionTokens>;
  /** Answers `POST` of a client that is no browser: tokens for its refresh token, as JSON. */
  token(request: Request): Promise<Response>;
  /** Answers `POST` of a client that is no browser: logs out. */
  endToken(request: Request): Promise<Response>;
  /** Answers `POST`: sets both cookies anew. Tabs may call it at once, as many in a window as the refresher has `retries`, and one; all get the same. */
  refresh(request: RequestHead): Promise<Response>;
  /** Answers `POST`: logs out. */
  end(request: RequestHead): Promise<Response>;
  /** The sessions of the subject, the one that was used last first, for a page; it throws as `signedIn` does. */
  listed(request: RequestHead): Promise<readonly SessionInfo[]>;
  /** Answers `GET`: the same, as JSON. */
  list(request: RequestHead): Promise<Response>;
  /** Answers `DELETE`: ends one of them. */
  endOne(request: RequestHead, id: string): Promise<Response>;
  /** Answers `DELETE`: ends all but this one. */
  endOthers(request: RequestHead): Promise<Response>;
  /** Sessions were ended in this process by other means: with a `feed`, their access tokens are over here once the store answers. */
  forget(): void;
  /** What a proxy does: refreshes whose access token is over or nearly so. `createSessionProxy` does it for Next.js. */
  pass(request: RequestHead): Promise<Passed>;
}

export interface KeyFetcherOptions extends At {
  /** Whether the URL is one of this machine, without TLS, for tests. */
  readonly loopback?: boolean;
  /** How long a fetch may take, all of it. */
  readonly timeoutSeconds?: number;
  /** After how long keys are fetched again; 600 when it is left out. */
  readonly refreshSeconds?: number;
  /** How old keys may be that are used; 3600 when it is left out. */
  readonly limitSeconds?: number;
  /** How long nothing is fetched after a fetch; 30 when it is left out. */
  readonly coolDownSeconds?: number;
  /** 8 random bytes; the host's generator when it is left out. */
  readonly seed?: Uint8Array;
}

/** A GET that is to be done. Redirects are not followed. */
export interface FetchOrder {
  /** To hand back with the answer. */
  readonly number: number;
  readonly url: string;
  readonly timeoutMs: number;
  /** How many bytes of a body are read. */
  readonly maxBytes: number;
}

export interface FetchAnswer extends At {
  readonly status: number;
  /** The body, no more than the order's bytes and one. */
  readonly body: Uint8Array;
  readonly contentType?: string | null;
  /** The field `location`, or the URL that the answer came from in the end. */
  readonly url?: string | null;
  /** `max-age` of the field `cache-control`. */
  readonly maxAgeSeconds?: number;
}

/**
 * Says when to fetch the keys of an issuer of others, and what of the answer to take. It connects to nothing itself:
 * `RemoteVerifier` does, with `fetch`.
 */
export declare class KeyFetcher {
  /** `issuer` as its tokens say it; `url` is https and yours to say, never a token's. */
  constructor(issuer: string, url: string, options?: KeyFetcherOptions);
  readonly issuer: string;
  /** A token was refused since its key is unknown. Says whether its key is known by now, or being fetched. */
  handleWanted(token: string, options?: At): boolean;
  /** The time of `nextTimeout` has come, or may have. */
  handleTimeout(options?: At): void;
  /** When to call `handleTimeout` next. */
  readonly nextTimeout: number | null;
  /** What to fetch now, each order once. Ask after each event. */
  order(): FetchOrder | null;
  /** An order was answered, whatever the answer is. Says whether there are other keys now. */
  handleResponse(number: number, answer: FetchAnswer): boolean;
  /** An order has no answer. The keys before are kept. */
  handleFailure(number: number, cause: "connection" | "redirect" | "timeout" | "tls" | "too_large", options?: At): void;
  /** The keys to verify with now; throws when there are none yet, or they are too old. */
  keys(options?: At): TokenKeys;
  /** How many different sets of keys there have been. */
  readonly generation: number;
  /** Why the last fetch failed, if it did. */
  readonly lastError: TokenError | null;
}

export interface RemoteVerifierSettings {
  /** As a `TokenVerifier` has it. */
  readonly cache?: number;
  readonly clock?: () => number;
  /** What fetches; the global `fetch` when it is left out. It is told to follow no redirects and to keep to no cache. */
  readonly fetch?: typeof fetch;
  /** Gets each failure of a fetch; without it they become warnings of the process. */
  readonly onFailure?: (error: TokenError) => void;
}

/**
 * Verifies tokens of one issuer of others, and keeps its keys fresh: they are fetched when the first token comes, anew every ten
 * minutes, and when a token names a key that is unknown, at most every 30 seconds, whatever strangers send. While an issuer is
 * away its keys serve for an hour, unless the fetcher was told otherwise.
 */
export declare class RemoteVerifier<Claims = TokenClaims> {
  constructor(policy: TokenPolicy, fetcher: KeyFetcher, settings?: RemoteVerifierSettings);
  readonly issuer: string;
  /** The proof that `token` is genuine; rejects with `jwt_keys_unavailable` while there are no keys, `jwt_keys_stale` when they are too old. */
  verify(token: string, options?: Omit<VerifyTokenOptions, "now">): Promise<VerifiedToken<Claims>>;
  /** Keeps the keys fresh, without waiting for a token, until `signal` is aborted. */
  follow(options: { readonly signal: AbortSignal }): Promise<void>;
  /** Ends a fetch that is under way. */
  close(): void;
  toJSON(): never;
}

/**
 * Which jobs of GitHub Actions are meant: all that is said, together. Which code runs is said by `refs`, a workflow or
 * `environments`, or not at all by `anyRef`.
 */
export interface GithubRule {
  /** What refusals and audit events tell. */
  readonly name: string;
  /** `repository_id`, and the `repository_owner_id` of its owner. */
  readonly repository?: { readonly id: number; readonly ownerId: number };
  /** The `repository_owner_id` of which every repository is meant, those of tomorrow too. */
  readonly anyRepositoryOf?: number;
  /** `owner/name` now, beside the ids. */
  readonly repositoryNames?: readonly string[];
  /** What `sub` is, for repositories whose subjects are customized. */
  readonly subjects?: readonly string[];
  /** What may start a job; when it is left out, what needs the right to write. */
  readonly events?: readonly string[];
  /** Such as `refs/heads/main` or `refs/tags/v*`. */
  readonly refs?: readonly string[];
  /** Whoever can push a branch is meant. */
  readonly anyRef?: boolean;
  readonly onlyProtected?: boolean;
  /** `owner/name/.github/workflows/file.yml@` and a full ref or a commit. */
  readonly workflow?: string;
  /** The workflow in which the job is defined, which another one may have called. */
  readonly calledWorkflow?: string;
  readonly environments?: readonly string[];
  readonly runners?: readonly ("github-hosted" | "self-hosted")[];
}

/** What the claims of a token of any issuer must say: all that is said, together. */
export interface ClaimRule {
  /** What refusals and audit events tell. */
  readonly name: string;
  /** Claims, and the texts of which each is one. */
  readonly equals?: Readonly<Record<string, readonly string[]>>;
  /** Claims that are lists, and the text that each has. */
  readonly has?: Readonly<Record<string, string>>;
  /** Claims, and forms: a `*` stands for one letter or more inside one segment between two `/`. */
  readonly like?: Readonly<Record<string, readonly string[]>>;
}

/**
 * Admits tokens of one issuer by rules: one rule that is met is enough. A refusal by the rules (`jwt_oidc_denied`) names in its
 * `detail` the `rule` that came nearest, and the `claim` by which it is not met.
 *
 * What it does not protect: whoever can change the code that a rule means may do what the rule admits.
 */
export declare class OidcPolicy {
  private constructor();
  /** Jobs of GitHub Actions, whose tokens are for this audience and nobody else; of an enterprise with an `issuer` of its own. */
  static github(
    audience: string,
    rules: readonly GithubRule[],
    options?: { readonly issuer?: string; readonly maxAgeSeconds?: number },
  ): OidcPolicy;
  /** Tokens of any issuer of signed ones, which are for this audience and nobody else. */
  static ofIssuer(
    issuer: string,
    audience: string,
    rules: readonly ClaimRule[],
    options?: { readonly maxAgeSeconds?: number },
  ): OidcPolicy;
  /** The job that this token is of, if it is genuine, for us, not over, and a rule admits it. */
  verify<Claims = TokenClaims>(token: string, keys: TokenKeys | readonly TokenKey[], options?: At): AdmittedJob<Claims>;
  readonly issuer: string;
}

/** That a rule admits a genuine token. */
export declare class AdmittedJob<Claims = TokenClaims> {
  private constructor();
  readonly token: VerifiedToken<Claims>;
  /** The name of the rule that admits it. */
  readonly rule: string;
  /** The end of its token: with `until: job.until` a `TokenMinter` makes nothing that outlives it. */
  readonly until: number;
  toJSON(): ReturnType<VerifiedToken["toJSON"]>;
}

/** Admits tokens by a policy of rules, and keeps the issuer's keys fresh as `RemoteVerifier` does. */
export declare class OidcVerifier<Claims = TokenClaims> {
  constructor(policy: OidcPolicy, fetcher: KeyFetcher, settings?: Omit<RemoteVerifierSettings, "cache">);
  readonly issuer: string;
  verify(token: string): Promise<AdmittedJob<Claims>>;
  /** Keeps the keys fresh, without waiting for a token, until `signal` is aborted. */
  follow(options: { readonly signal: AbortSignal }): Promise<void>;
  /** Ends a fetch that is under way. */
  close(): void;
}

/**
 * What stands in a token, as text for people: header, claims, times and sizes. Nothing of it is verified; no key is used, and the
 * signature is not shown.
 */
export declare function inspectToken(token: string): string;

/**
 * The token of the one `Authorization` field. Node's `message.headers` has the first of two such fields and hides the other:
 * give it `message.rawHeaders`.
 */
export declare function bearer(headers: FieldLines | NodeJS.Dict<string | string[]>, options?: At): string;

export interface AuthenticatorSettings {
  /** Runs a decision on a store of your own (see `drive`); without it the verifier's store is used. */
  readonly drive?: (waiting: Waiting<Verified>) => Promise<Verified>;
  /**
   * Is asked for keys that the verifier does not know, at most as often as it allows, and for known keys in turn. It
   * gives null (or rejects with `request_key_missing`, as `KeyVault.load` does) when there is none of that id.
   */
  readonly loadKey?: (id: string) => Promise<Key | null>;
  /** Gets each decision as one line of JSON for the audit log. */
  readonly onEvent?: (event: string) => void;
  readonly clock?: () => number;
  /** Counts each message before anything of it is read or verified. */
  readonly byAddress?: Limiter;
  /**
   * Counts messages that were refused by the peer's fault. Once it is used up the answer is 429 in the place of what was
   * wrong, while honest callers of the same address go on.
   */
  readonly byFailure?: Limiter;
  /** Counts each verified request for its key. */
  readonly byKey?: Limiter;
  /** Whether `signedRoute` signs what its handlers answer. */
  readonly signResponses?: boolean;
}

/** Verifies requests as a service does: with keys from a store, and each decision reported. Make one, and keep it. */
export declare class Authenticator {
  constructor(verifier: Verifier, settings?: AuthenticatorSettings);
  /** The proof for this request. It claims the nonce, so ask once. It counts nothing: that takes a message. */
  authenticate(request: SignableRequest): Promise<Verified>;
  readonly bodyLimitBytes: number;
  readonly signsResponses: boolean;
}

/** A request that was verified. */
export interface Incoming {
  readonly verified: Verified;
  readonly body: Uint8Array;
  /** Fields for the response, if limits count. */
  readonly headers: Record<string, string>;
}

/**
 * Counts and verifies what a server of `node:http` or `node:https` received: raw target, raw field lines, and the raw body, which
 * is read up to the policy's limit; of a forgery none of it is. Call it before anything reads the body, or hand over the raw `body` that was read.
 */
export declare function verifyIncoming(
  authenticator: Authenticator | Verifier,
  message: IncomingMessage,
  options?: { readonly body?: Uint8Array },
): Promise<Incoming>;

/**
 * The answer to a refusal (RFC 9457), with its public code and nothing else. What the program did wrong, and errors that
 * are no refusals, become warnings of the process, since the peer cannot be told.
 */
export declare function problem(error: unknown): {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: string;
};

export interface SigningFetchSettings {
  /** The hosts, with their ports if they are not the scheme's own, that signatures are for. */
  readonly authorities: readonly string[];
  readonly clock?: () => number;
  /** What sends; the global `fetch` when it is left out. */
  readonly fetch?: typeof fetch;
  readonly seeds?: () => Uint8Array;
  /** Whether each answer must be signed by the service for this very request; what is not rejects with a `ResponseError`. */
  readonly verifyResponses?: boolean;
}

/** The proof that a response is the service's answer, where `verifyResponses` asked for it; null for any other response. */
export declare function verifiedResponse(response: Response): VerifiedResponse | null;

/**
 * A `fetch` that signs what goes to one of `authorities`, each attempt anew, and sends no signature elsewhere. The body
 * is read first, whatever it is. A redirect is answered to you (`redirect: "manual"`), since a signature is for one
 * target; `"follow"` is refused. Where a service refuses a request for its time and signs that, later requests keep to the
 * service's clock, and this one is signed anew, once, if that cannot do its work twice: its method only reads, or its time is
 * over for good. A request by a clock that is ahead may still be taken later, so a POST of such a client fails with 401 once.
 */
export declare function signingFetch(signer: Signer, settings: SigningFetchSettings): typeof fetch;

export interface RefusalOptions {
  readonly text?: string;
  readonly detail?: Iterable<readonly [string, string]>;
  readonly event?: string | null;
  readonly retryAfter?: number | null;
  readonly headers?: Iterable<readonly [string, string]>;
  readonly cause?: unknown;
}

/** A refusal. It never holds what a peer sent, a key or a token, so it may be logged. */
export declare class CountersealError extends Error {
  constructor(code: CodeName, options?: RefusalOptions);
  /** The stable name, for tests and logs. */
  readonly code: CodeName;
  /** Who has to act. */
  readonly blame: "environment" | "integrator" | "peer";
  /** The coarser name that the peer may be told. */
  readonly public: string;
  /** The HTTP status that goes with `public`. */
  readonly http: number;
  /** What to do about it. */
  readonly fix: string;
  /** The values compared. */
  readonly detail: Readonly<Record<string, string>>;
  /** The refused request as one line of JSON for the audit log. */
  readonly event: string | null;
  /** After how many seconds the same caller may try again, when that may help. */
  readonly retryAfter: number | null;
  /** Fields for the response, when there is more to tell the peer than `public`. */
  readonly headers: Readonly<Record<string, string>>;
  /** Whether the client is to forget its tokens: the session is over, or the token is none of ours. */
  readonly clearsCookies: boolean;
}

/** The program gave an argument, or used an object, in a way that cannot work. */
export declare class ArgumentError extends CountersealError {}
/** Counterseal met a state that it took for impossible; nothing was accepted. */
export declare class InternalError extends CountersealError {}
/** A limit cannot be, or is used up. */
export declare class LimitError extends CountersealError {}
/** A policy or profile cannot be. */
export declare class PolicyError extends CountersealError {}
/** A session or its refresh token was refused, or cannot be. */
export declare class RefreshError extends CountersealError {}
/** A replay store cannot be opened, or must not be used here. */
export declare class ReplayError extends CountersealError {}
/** A request was refused. */
export declare class RequestError extends CountersealError {}
/** A response was refused, or cannot be signed. */
export declare class ResponseError extends CountersealError {}
/** A request cannot be signed as it stands. */
export declare class SignError extends CountersealError {}
/** A key, or the record of one, cannot be. */
export declare class SigningKeyError extends CountersealError {}
/** A database cannot be opened, or did not answer. */
export declare class StoreError extends CountersealError {}
/** A token was refused, or a key, policy or token cannot be. */
export declare class TokenError extends CountersealError {}
/** A delivery was refused, or a sender or receiver cannot be. */
export declare class WebhookError extends CountersealError {}
