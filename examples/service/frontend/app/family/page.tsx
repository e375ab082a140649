import { CODES, type CodeName } from "counterseal";
import { connection } from "next/server";
import { familyActs, turns } from "@/lib/family";
import { LANES, LEFT, layout, type Shape, STEP, type Turn, yOf } from "@/lib/picture";

const TOLD: Readonly<Record<string, string>> = {
  refresh_begun: "logged in, and was given the first token",
  refresh_rotated: "was given a new token",
  refresh_same: "keeps the token, which is new",
  refresh_retried: "was given the same token again: it came at once with another one",
  refresh_retried_late: "was given the same token again: the first answer was lost",
};

export default async function Page() {
  await connection();
  const told = turns();
  const latest = told.at(-1);
  return (
    <main>
      <h1>A session, and a stolen cookie</h1>
      <p>
        Each refresh token is good for one successor. Tabs that come at once, and answers that are lost, get the same
        successor; a copy that is used after its successor was ends the session for both.
      </p>
      <ul className="acts">
        {Object.entries(familyActs).map(([act, { label }]) => (
          <li key={act}>
            <form method="post" action={`/family/${act}`}>
              <button type="submit">{label}</button>
            </form>
          </li>
        ))}
      </ul>
      <p className="latest" aria-live="polite" data-verdict={latest && verdictOf(latest)}>
        {latest ? `The ${latest.lane} ${saidOf(latest)}.` : "Nobody has logged in yet."}
      </p>
      <div className="scroll">
        <Picture turns={told} />
      </div>
      <div className="scroll">
        <table>
          <thead>
            <tr>
              <th scope="col">Who</th>
              <th scope="col">Verdict</th>
              <th scope="col">Why</th>
              <th scope="col">Generation</th>
            </tr>
          </thead>
          <tbody>
            {told.map((turn) => (
              <tr key={turn.number}>
                <th scope="row">{turn.lane}</th>
                <td className="verdict" data-verdict={verdictOf(turn)}>
                  {verdictOf(turn)}
                </td>
                <td>
                  <code>{turn.code}</code> <span className="note">{saidOf(turn)}</span>
                </td>
                <td>{turn.generation ?? "–"}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p className="quiet">
        In the picture a circle is a new token, a square the same one, a diamond one that was given again, and a cross a
        refusal; the number is the generation. The windows are of one second here, and of thirty in a service.
      </p>
      <p>
        <a href="/">The verdicts</a>
      </p>
    </main>
  );
}

/** Lanes and marks; the table below it says the same. */
function Picture({ turns }: { turns: readonly Turn[] }) {
  const width = LEFT + Math.max(turns.length, 6) * STEP;
  const shapes = layout(turns);
  return (
    <svg
      className="family"
      width={width}
      height={yOf("thief") + STEP / 2}
      role="img"
      aria-label="The session as it grew"
    >
      {LANES.map((lane) => (
        <g key={lane}>
          <text x={0} y={yOf(lane) + 5}>
            {lane}
          </text>
          <line x1={LEFT - 24} x2={width} y1={yOf(lane)} y2={yOf(lane)} />
        </g>
      ))}
      {shapes.map((shape) => (
        <g key={shape.turn.number} className={verdictOf(shape.turn)}>
          <Mark {...shape} />
          <text x={shape.x} y={shape.y - 22} textAnchor="middle">
            {shape.text}
          </text>
        </g>
      ))}
    </svg>
  );
}

function Mark({ kind, x, y }: Shape) {
  const size = 11;
  if (kind === "circle") return <circle cx={x} cy={y} r={size} />;
  if (kind === "cross") {
    return <path d={`M${x - size} ${y - size}l${2 * size} ${2 * size}m0 ${-2 * size}l${-2 * size} ${2 * size}`} />;
  }
  const turned = kind === "diamond" ? `rotate(45 ${x} ${y})` : undefined;
  return <rect x={x - size} y={y - size} width={2 * size} height={2 * size} transform={turned} />;
}

/** `accepted` or `refused`. */
function verdictOf({ code }: Turn): string {
  return Object.hasOwn(TOLD, code) ? "accepted" : "refused";
}

/** What came of it, in words. */
function saidOf({ code }: Turn): string {
  const known = Object.hasOwn(CODES, code) ? CODES[code as CodeName].means : "has no token any more";
  return TOLD[code] ?? `was refused: ${known}`;
}
