import { CODES, type CodeName } from "counterseal";
import type { Step } from "@/lib/log";

/** The steps, newest first, each with the reason for its verdict. */
export function Verdicts({ steps }: { steps: readonly Step[] }) {
  return (
    <div className="scroll">
      <table>
        <thead>
          <tr>
            <th scope="col">What was sent</th>
            <th scope="col">Verdict</th>
            <th scope="col">Why</th>
            <th scope="col">Worker</th>
            <th scope="col">As expected</th>
          </tr>
        </thead>
        <tbody>
          {steps.map((step) => (
            <tr key={step.number}>
              <th scope="row">
                {step.title}
                {step.note && <span className="note">{step.note}</span>}
              </th>
              <Verdict step={step} />
              <td>
                <Why step={step} />
              </td>
              <td>{step.worker || "–"}</td>
              <td>{step.right ? "yes" : <strong className="wrong">no</strong>}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Verdict({ step }: { step: Step }) {
  const verdict = verdictOf(step);
  return (
    <td className="verdict" data-verdict={verdict}>
      {verdict}
    </td>
  );
}

/** The rule, what it compared, what the sender was told, and what to do. */
function Why({ step }: { step: Step }) {
  const known = Object.hasOwn(CODES, step.code) && CODES[step.code as CodeName];
  if (!known) return <code>{step.code}</code>;
  return (
    <details>
      <summary>
        <code>{step.code}</code>
      </summary>
      <dl>
        <dt>Rule</dt>
        <dd>{known.means}</dd>
        <dt>Compared</dt>
        <dd>{factsOf(step)}</dd>
        <dt>The sender was told</dt>
        <dd>
          <code>
            {step.status} {step.told}
          </code>
        </dd>
        <dt>Who has to act</dt>
        <dd>{known.blame}</dd>
        <dt>What to do</dt>
        <dd>{known.fix}</dd>
      </dl>
    </details>
  );
}

/** `accepted` or `refused`. */
export function verdictOf({ status }: Step): string {
  return status < 300 ? "accepted" : "refused";
}

function factsOf({ event }: Step): string {
  const facts = Object.entries(event).filter(([name]) => !COMMON.has(name));
  return facts.map(([name, value]) => `${name} ${value}`).join(", ") || "nothing that may be written down";
}

/** What each event has. */
const COMMON = new Set(["seq", "request", "worker", "event", "blame"]);
