export default function Page() {
  return (
    <main>
      <h1>Log in</h1>
      <form method="post" action="/login/enter">
        <p>
          <label>
            Name <input name="name" defaultValue="ada" autoComplete="username" required />
          </label>
        </p>
        <p>
          <label>
            Password <input name="password" type="password" autoComplete="current-password" />
          </label>
        </p>
        <p>
          <label>
            Device <input name="device" defaultValue="this browser" maxLength={40} required />
          </label>
        </p>
        <button type="submit">Log in</button>
      </form>
      <p className="quiet">
        This is a demonstration: without a password you are let in as Ada, and nobody else is there.
      </p>
    </main>
  );
}
