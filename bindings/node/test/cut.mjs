// A line to a database that is cut after the question has arrived and before its answer has.

import { once } from "node:events";
import { connect, createServer } from "node:net";

/** A line from the socket `at`, which is made, to the one of a server: `after(n)` drops the n-th answer from now. */
export async function cut(t, to, at) {
  const line = { cuts: 0, until: 0, after: (count) => Object.assign(line, { until: count }) };
  const sockets = new Set();
  const server = createServer((client) => {
    const far = connect(to);
    for (const socket of [client, far]) {
      sockets.add(socket);
      socket.on("error", () => undefined);
    }
    client.pipe(far);
    far.on("close", () => client.destroy());
    client.on("close", () => far.destroy());
    far.on("data", (answer) => {
      line.until -= 1;
      if (line.until !== 0) return client.write(answer);
      line.cuts += 1;
      client.destroy();
      return far.destroy();
    });
  });
  await once(server.listen(at), "listening");
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return line;
}
