import { connection } from "next/server";
import { Live } from "@/app/live";
import { Verdicts, verdictOf } from "@/app/verdicts";
import { acts } from "@/lib/acts";
import { steps } from "@/lib/log";

export default async function Page() {
  await connection();
  const [latest] = steps();
  return (
    <main>
      <h1>Signed requests that cannot be replayed</h1>
      <p>
        This site signs each request to a service of two worker processes. Press a button, and see what the service
        decides, by which rule, and what it tells the sender. A replay is refused by the worker that never saw the
        original.
      </p>
      <h2>Try it</h2>
      <ul className="acts">
        {Object.entries(acts).map(([step, { label }]) => (
          <li key={step}>
            <form method="post" action={`/act/${step}`}>
              <button type="submit">{label}</button>
            </form>
          </li>
        ))}
      </ul>
      <p className="quiet">
        The tour that the launcher takes also rotates keys, floods the service with forged requests, kills a worker, and
        ends all sessions of whoever is logged in at <a href="/dashboard">the dashboard</a>. Another page shows{" "}
        <a href="/family">a session, and a stolen cookie</a>.
      </p>
      <h2>Verdicts</h2>
      <p className="latest" aria-live="polite" data-verdict={latest && verdictOf(latest)}>
        {latest ? `${latest.title}: ${verdictOf(latest)}, ${latest.code}` : "Nothing was sent yet."}
      </p>
      <Verdicts steps={steps()} />
      <Live />
    </main>
  );
}
