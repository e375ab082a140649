import "server-only";
import { randomBytes } from "node:crypto";
import { Key, Signer } from "counterseal";
import { add, type Report } from "@/lib/log";
import { audited, service } from "@/lib/service";

/** A request as it goes over the wire. */
type Sent = { target: string; body: string; headers: Record<string, string> };

const [PATH, QUERY] = ["/v1/queues/slow/jobs", "priority=1"];
const TARGET = `${PATH}?${QUERY}`;
const BODY = JSON.stringify({ task: "press the seal" });
const TRIES = 100;
const FRESH_MS = 50_000;

/** What the buttons do, by the name in their address. */
export const acts: Record<string, { label: string; take: () => Promise<unknown> }> = {
  send: { label: "Send", take: send },
  replay: { label: "Replay the last one", take: replay },
  stale: { label: "Send a stale one", take: stale },
  body: { label: "Change the body", take: changed("body changed", { body: BODY.replace("press", "break") }) },
  path: { label: "Change the path", take: changed("path changed", { target: TARGET.replace("slow", "fast") }) },
  query: {
    label: "Change the query",
    take: changed("query changed", { target: TARGET.replace("priority=1", "priority=9") }),
  },
  stranger: { label: "Sign with an unknown key", take: stranger },
};

type Answered = { sent: Sent; worker: number; at: number };

let last: Answered | undefined;

async function send(): Promise<Answered> {
  const sent = sign(service().signer);
  const { worker } = await judge("signed by the site", await post(sent), "request_accepted");
  last = { sent, worker, at: Date.now() };
  return last;
}

/** Sends the last request again until the other worker gets it. One that is about to be stale is no good any more. */
async function replay(): Promise<void> {
  const { sent, worker } = last && Date.now() - last.at < FRESH_MS ? last : await send();
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

/** Sends a request that was changed after it was signed. */
function changed(title: string, change: Partial<Sent>): () => Promise<Report> {
  const code = change.body ? "request_body_mismatch" : "request_mac_mismatch";
  return async () => judge(title, await post({ ...sign(service().signer), ...change }), code);
}

async function stranger(): Promise<void> {
  const key = new Key("stranger", randomBytes(32));
  await judge("signed with an unknown key", await post(sign(new Signer(key))), "request_key_unknown");
}

function sign(signer: Signer, now = Date.now()): Sent {
  const headers = { "content-type": "application/json" };
  const where = { scheme: "http", authority: service().url.host, path: PATH, query: QUERY } as const;
  const signed = signer.sign({ method: "POST", ...where, headers, body: BODY }, { now });
  return { target: TARGET, body: BODY, headers: { ...headers, ...signed } };
}

/** Sends on a connection of its own, so that either worker may get it. */
function post({ target, body, headers }: Sent): Promise<Response> {
  const url = new URL(target, service().url);
  return fetch(url, { method: "POST", body, headers: { ...headers, connection: "close" }, cache: "no-store" });
}

async function judge(title: string, answer: Response, expected: string, note = ""): Promise<Report> {
  const event = await audited(answer.headers.get("x-request-id") ?? "");
  const code = String(event.event ?? "not in the audit table");
  const told: string = (await answer.json()).code ?? "";
  const worker = workerOf(answer);
  const report = { title, status: answer.status, told, code, worker, right: code === expected, note, event };
  add(report);
  return report;
}

function workerOf(answer: Response): number {
  return Number(answer.headers.get("x-worker"));
}
