import { redirect } from "next/navigation";
import { asked, session } from "@/lib/session";

export default async function Page() {
  const known = await session();
  if (known === null) redirect("/login");
  const answer = await asked("/v1/me", known.token);
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
      <form method="post" action="/dashboard/end">
        <button type="submit">End all sessions</button>
      </form>
      <p className="quiet">
        This site verified the token with the keys that the service publishes, and the service looked whether it may
        still act. Each is rotated, and ended, while you read.
      </p>
      <p>
        <a href="/">The verdicts</a>
      </p>
    </main>
  );
}
