import type { SessionInfo } from "counterseal";
import { redirect } from "next/navigation";
import { endOne } from "@/app/dashboard/actions";
import { accessToken, asked, request, sessions } from "@/lib/sessions";

export default async function Page() {
  const answer = await asked("/v1/me", await accessToken());
  // The token is genuine, and the service says that it may not act any more.
  if (answer.status === 401) redirect("/login");
  if (!answer.ok) throw new Error(`the service answered ${answer.status}`);
  const me: { name: string; key: string; version: number; until: number } = await answer.json();
  return (
    <main>
      <h1>The dashboard of {me.name}</h1>
      <dl>
        <dt>The token was signed by the key</dt>
        <dd>
          <code>{me.key}</code>
        </dd>
        <dt>It is of version</dt>
        <dd>{me.version}</dd>
        <dt>It is over at</dt>
        <dd>{new Date(me.until).toISOString()}</dd>
      </dl>
      <h2>Sessions</h2>
      <Devices all={await sessions().listed(await request())} />
      <ul className="acts">
        <li>
          <form method="post" action="/dashboard/leave">
            <button type="submit">Log out</button>
          </form>
        </li>
        <li>
          <form method="post" action="/dashboard/end">
            <button type="submit">End all sessions</button>
          </form>
        </li>
      </ul>
      <p className="quiet">
        This site keeps the session in two cookies that no script reads, and refreshes it in its proxy. The service
        verified the token, and looked whether it may still act. Keys are rotated, and sessions ended, while you read.
      </p>
      <p>
        <a href="/">The verdicts</a>
      </p>
    </main>
  );
}

/** Where somebody is logged in, and a button to end it. */
function Devices({ all }: { all: readonly SessionInfo[] }) {
  return (
    <div className="scroll">
      <table>
        <thead>
          <tr>
            <th scope="col">Device</th>
            <th scope="col">Since</th>
            <th scope="col">Refreshed</th>
            <th scope="col">End</th>
          </tr>
        </thead>
        <tbody>
          {all.map(({ id, device, began, used, isThis }) => (
            <tr key={id}>
              <th scope="row">{device}</th>
              <td>{new Date(began).toISOString()}</td>
              <td>{new Date(used).toISOString()}</td>
              <td>{isThis ? "this one" : <End id={id} device={device} />}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function End({ id, device }: { id: string; device: string }) {
  return (
    <form action={endOne}>
      <input type="hidden" name="id" value={id} />
      <button type="submit" aria-label={`End ${device}`}>
        End
      </button>
    </form>
  );
}
