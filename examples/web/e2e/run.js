// Runs the browser tests, or takes the screenshots, against BASE_URL; without
// one, against a quickstart that it builds and starts for itself.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "vite";
import { startQuickstart } from "./quickstart.js";

const here = fileURLToPath(new URL(".", import.meta.url));
const [task = "tests"] = process.argv.slice(2);

await build({ root: fileURLToPath(new URL("../legacy/", import.meta.url)), configFile: fileURLToPath(new URL("../legacy/vite.config.ts", import.meta.url)), logLevel: "warn" });

const own = process.env["BASE_URL"] ? null : await startQuickstart();
const env = { ...process.env, BASE_URL: process.env["BASE_URL"] ?? own?.url, OUTBOX: process.env["OUTBOX"] ?? own?.outbox };

const files = readdirSync(here)
  .filter((f) => f.endsWith(".test.js") && (!process.env["ONLY"] || f.startsWith(process.env["ONLY"])))
  .map((f) => here + f);
const args = task === "screenshots" ? [`${here}screenshots.js`] : ["--test", "--test-concurrency=2", "--test-timeout=400000", ...files];
const child = spawn(process.execPath, args, { env, stdio: "inherit" });
const [code] = await once(child, "exit");
await own?.stop();
process.exit(code ?? 1);
