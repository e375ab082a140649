// A private Postgres server: in a directory of its own, on a Unix socket only.

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const SOCKET = ".s.PGSQL.5432";

/** How the server in this directory is reached. */
export function reached(host) {
  return { host, user: "test", database: "postgres" };
}

/** A new server. */
export function primary() {
  return started("initdb", ["--auth", "trust", "--username", "test", "--no-sync"]);
}

/** A server that follows the one in `place`, and answers reads. */
export function standby({ place }) {
  const options = ["--host", place, "--username", "test", "--write-recovery-conf", "--checkpoint=fast", "--no-sync"];
  return started("pg_basebackup", options);
}

async function started(program, options) {
  const place = mkdtempSync(join(tmpdir(), "counterseal-"));
  // Postgres does not run as root.
  const user = process.getuid() === 0 ? { uid: idOf("-u"), gid: idOf("-g") } : {};
  if (user.uid) chownSync(place, user.uid, user.gid);
  const data = join(place, "data");
  execFileSync(program, [...options, "--pgdata", data], { ...user, stdio: "pipe" });
  const settings = [
    "listen_addresses=",
    `unix_socket_directories=${place}`,
    "fsync=off",
    "max_prepared_transactions=0",
  ];
  const arguments_ = settings.flatMap((setting) => ["-c", setting]);
  const server = spawn("postgres", ["-D", data, ...arguments_], { ...user, stdio: ["ignore", "ignore", "pipe"] });
  await ready(server);
  return {
    place,
    /** Ends it at once, as a power cut would. */
    kill: () => process.kill(Number(readFileSync(join(data, "postmaster.pid"), "utf8").split("\n")[0]), "SIGKILL"),
    end: async () => {
      if (server.exitCode === null && server.signalCode === null) {
        server.kill("SIGQUIT");
        await once(server, "exit");
      }
      rmSync(place, { recursive: true });
    },
  };
}

function idOf(which) {
  return Number(execFileSync("id", [which, "postgres"], { encoding: "utf8" }));
}

/** Resolves when the server says that it accepts connections. */
function ready({ stderr }) {
  let log = "";
  return new Promise((resolve, reject) => {
    stderr.on("data", (chunk) => {
      log += chunk;
      if (/ready to accept (read-only )?connections/.test(log)) resolve();
    });
    stderr.on("end", () => reject(new Error(log)));
  });
}
