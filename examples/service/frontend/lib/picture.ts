/** Who came with a token. */
export type Lane = "owner" | "other tab" | "thief";

/** What somebody came with, and what was decided. */
export type Turn = {
  readonly number: number;
  readonly lane: Lane;
  /** The audit event. */
  readonly code: string;
  /** The newest generation after it, where something was given. */
  readonly generation: number | null;
};

/** A mark of the picture. */
export type Shape = {
  readonly kind: "circle" | "square" | "diamond" | "cross";
  readonly x: number;
  readonly y: number;
  readonly text: string;
  readonly turn: Turn;
};

export const LANES: readonly Lane[] = ["owner", "other tab", "thief"];
export const STEP = 72;
export const LEFT = 110;
const TOP = 40;

/** What the events of answers draw; whatever else happened is a refusal. */
const KINDS: Readonly<Record<string, Shape["kind"]>> = {
  refresh_begun: "circle",
  refresh_rotated: "circle",
  refresh_same: "square",
  refresh_retried: "diamond",
  refresh_retried_late: "diamond",
};

/** The marks, one for each turn: a circle is a new token, a square the same, a diamond an answer given again, a cross a refusal. */
export function layout(turns: readonly Turn[]): Shape[] {
  return turns.map((turn, at) => ({
    kind: KINDS[turn.code] ?? "cross",
    x: LEFT + at * STEP,
    y: yOf(turn.lane),
    text: turn.generation === null ? "" : String(turn.generation),
    turn,
  }));
}

/** Where a lane is. */
export function yOf(lane: Lane): number {
  return TOP + LANES.indexOf(lane) * STEP;
}
