import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { createInterface } from "node:readline";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

// startQuickstart builds examples/quickstart with the bundle in dist, and runs
// it with data of its own.
export async function startQuickstart() {
  const work = mkdtempSync(join(tmpdir(), "profilekit-e2e-"));
  const program = join(work, "quickstart");
  execFileSync("go", ["build", "-o", program, "."], { cwd: fileURLToPath(new URL("../../quickstart/", import.meta.url)), stdio: "inherit" });
  const port = await freePort();
  const url = `http://localhost:${port}`;
  const child = spawn(program, ["-addr", `127.0.0.1:${port}`, "-data", join(work, "data")], {
    env: { ...process.env, LIMITS: "off", FACTOR_RECOVERY: "1ms" },
    stdio: ["ignore", "ignore", "pipe"],
  });
  // Its log is one line a request; only what went wrong is passed on.
  createInterface({ input: child.stderr }).on("line", (line) => {
    if (!/level=INFO/.test(line)) console.error(`quickstart: ${line}`);
  });
  const stop = async () => {
    if (child.exitCode === null) {
      child.kill("SIGTERM");
      await once(child, "exit");
    }
    rmSync(work, { recursive: true, force: true });
  };
  for (let i = 0; i < 200; i++) {
    const ready = await fetch(`${url}/readyz`).then(
      (r) => r.ok,
      () => false,
    );
    if (ready) return { url, stop, outbox: join(work, "data", "outbox") };
    if (child.exitCode !== null) break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await stop();
  throw new Error("the quickstart did not start");
}

/** @returns {Promise<number>} */
function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}
