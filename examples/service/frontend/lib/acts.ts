import "server-only";
import { randomBytes } from "node:crypto";
import { Key, type SignableRequest, Signer } from "counterseal";
import { add, type Report } from "@/lib/log";
import { decisions, service } from "@/lib/service";

/** A request as it goes over the wire. */
type Sent = { target: string; body: string; headers: Record<string, string> };

const TARGET = "/v1/queues/slow/jobs?priority=1";
const BODY = JSON.stringify({ task: "press the seal" });
const TRIES = 100;

/** What the buttons do, by the name in their address. */
export const acts: Record<string, { label: string; take: () => Promise<unknown> }> = {
  send: { label: "Send", take: send },
  replay: { label: "Replay the last one", take: replay },
  stale: { label: "Send a stale one", take: stale },
  body: { label: "Change the body", take: () => changed("body changed", { body: JSON.stringify({ task: "break it" }) }) },
  path: { label: "Change the path", take: () => changed("path changed", { target: "/v1/queues/fast/jobs?priority=1" }) },
  query: { label: "Change the query", take: () => changed("query changed", { target: "/v1/queues/slow/jobs?priority=9" }) },
  stranger: { label: "Sign with an unknown key", take: stranger },
};

type Answered = { sent: Sent; worker: number };

let last: Answered | undefined;

async function send(): Promise<Answered> {
  const sent = sign(service().signer);
  const { worker } = await judge("signed by the site", await post(sent), "request_accepted");
  last = { sent, worker };
  return last;
}

/** Sends the last request again until the other worker gets it. */
async function replay(): Promise<void> {
  const { sent, worker } = last ?? (await send());
  let answer = await post(sent);
  let tries = 1;
  while (answer.status === 401 && workerOf(answer) === worker && tries < TRIES) {
    answer = await post(sent);
    tries += 1;
  }
  await judge("replayed by the site", answer, "request_replayed", `sent ${tries} times`);
}

async function stale(): Promise<void> {
  const patient = new Signer(service().key, { lifeSeconds: 120 });
  await judge("signed 61 s ago", await post(sign(patient, Date.now() - 61_000)), "request_outside_window");
}

async function changed(title: string, change: Partial<Sent>): Promise<void> {
  const code = change.body ? "request_body_mismatch" : "request_mac_mismatch";
  await judge(title, await post({ ...sign(service().signer), ...change }), code);
}

async function stranger(): Promise<void> {
  const key = new Key("stranger", randomBytes(32));
  await judge("signed with an unknown key", await post(sign(new Signer(key))), "request_key_unknown");
}

function sign(signer: Signer, now = Date.now()): Sent {
  const { url } = service();
  const [path = "", query = ""] = TARGET.split("?");
  const headers = { "content-type": "application/json" };
  const request: SignableRequest = { method: "POST", scheme: "http", authority: url.host, path, query, headers, body: BODY };
  return { target: TARGET, body: BODY, headers: { ...headers, ...signer.sign(request, { now }) } };
}

/** Sends on a connection of its own, so that either worker may get it. */
function post({ target, body, headers }: Sent): Promise<Response> {
  const url = new URL(target, service().url);
  return fetch(url, { method: "POST", body, headers: { ...headers, connection: "close" }, cache: "no-store" });
}

async function judge(title: string, answer: Response, expected: string, note = ""): Promise<Report> {
  const request = answer.headers.get("x-request-id") ?? "";
  const decision = (await decisions()).get(request);
  const code = decision?.event ?? "not in the audit table";
  const told: string = (await answer.json()).code ?? "";
  const worker = workerOf(answer);
  const step = { title, status: answer.status, told, code, worker, request, right: code === expected, note };
  add(step);
  return step;
}

function workerOf(answer: Response): number {
  return Number(answer.headers.get("x-worker"));
}
