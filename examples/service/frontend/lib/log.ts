import "server-only";

/** One verdict: what was sent, what came back, and whether that is right. */
export type Report = {
  title: string;
  /** The HTTP status. */
  status: number;
  /** The code that the peer was told; empty when it was accepted. */
  told: string;
  /** The exact code, from the audit table. */
  code: string;
  /** The process that answered. */
  worker: number;
  right: boolean;
  note: string;
  /** What the audit table has about it: which rule, and the values that it compared. */
  event: Record<string, string | number>;
};

/** A report, numbered in the order of its arrival. */
export type Step = Report & { number: number };

type Log = { steps: Step[]; count: number; followers: Set<(count: number) => void> };

// Pages and route handlers are bundles of their own, with modules of their own; the process is one.
const shared = globalThis as { steps?: Log };
shared.steps ??= { steps: [], count: 0, followers: new Set() };
const log = shared.steps;

const KEPT = 100;

/** Adds a step; the oldest ones leave. */
export function add(report: Report): void {
  log.count += 1;
  log.steps = [{ ...report, number: log.count }, ...log.steps].slice(0, KEPT);
  for (const follower of log.followers) follower(log.count);
}

/** The last steps, newest first. */
export function steps(): readonly Step[] {
  return log.steps;
}

/** Calls `follower` with the number of steps whenever there is another one, until the returned function is called. */
export function follow(follower: (count: number) => void): () => void {
  log.followers.add(follower);
  return () => void log.followers.delete(follower);
}
