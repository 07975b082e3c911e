// Starts the storage emulator of firebase-tools without Java: only what serves
// objects and download tokens is wanted here, so the runtime of security rules is
// replaced by one that allows nothing. Usage: node storage.cjs HOST PORT
const { StorageEmulator } = require("firebase-tools/lib/emulator/storage/index.js");
const { EmulatorRegistry } = require("firebase-tools/lib/emulator/registry.js");
const { StorageRulesIssues } = require("firebase-tools/lib/emulator/storage/rules/runtime.js");

const [host, port] = process.argv.slice(2);
const emulator = new StorageEmulator({
  projectId: "project",
  host,
  port: Number(port),
  rules: { name: "none", content: "" },
  auto_download: false,
});
Object.assign(emulator._rulesRuntime, {
  start: async () => {},
  stop: async () => {},
  loadRuleset: async () => ({
    ruleset: { verify: async () => ({ permitted: false, issues: new StorageRulesIssues() }) },
    issues: new StorageRulesIssues(),
  }),
});
EmulatorRegistry.start(emulator).catch((err) => {
  console.error(err);
  process.exit(1);
});
