// What the page shows while it asks for two proofs, state by state.
import { open, pageOf, settled, signedIn } from "./browser.js";
import { confirm } from "./outbox.js";

// proofStates leads somebody new through the states, and calls visit in each.
/** @param {import("playwright-core").Browser} browser @param {import("playwright-core").BrowserContextOptions} look @param {(page: import("playwright-core").Page, name: string) => Promise<void>} visit */
export async function proofStates(browser, look, visit) {
  const { context, page, watched } = await pageOf(browser, look);
  watched.expect(403, 422);
  const user = await signedIn(context);
  await open(page, "/security");
  await settled(page);
  await page.getByRole("button", { name: "Set up" }).click();
  const enrol = page.getByRole("dialog", { name: "Set up an authenticator app" });
  await enrol.getByRole("button", { name: "Send the confirmation mail again" }).click();
  await enrol.getByText("A link is on its way").waitFor();
  await visit(page, "proof-unconfirmed");

  await context.request.post("/api/auth/email/verify/resend");
  const made = await browser.newContext({ baseURL: new URL(page.url()).origin, storageState: await context.storageState() });
  await confirm(made, user);
  await made.close();
  await context.request.post("/api/auth/login", { data: { login: user.username, password: user.password } });
  await open(page, "/security");
  await settled(page);
  await page.getByRole("button", { name: "Set up" }).click();
  const ask = page.getByRole("dialog", { name: "Enter the code from your mail" });
  await ask.getByText("We sent a code to").waitFor();
  await visit(page, "proof-code");
  await ask.getByLabel("Code", { exact: true }).fill("0f3k-q82m-7xwa");
  await page.keyboard.press("Enter");
  await ask.getByText("This code is wrong").waitFor();
  await visit(page, "proof-wrong");
  await ask.getByText("I do not get this mail").click();
  await ask.getByText("In 7 days").waitFor();
  await ask.getByRole("button", { name: "Begin the wait" }).scrollIntoViewIfNeeded();
  await visit(page, "proof-wait");
  await ask.getByRole("button", { name: "Begin the wait" }).click();
  await ask.getByRole("button", { name: "Call the wait off" }).scrollIntoViewIfNeeded();
  await visit(page, "proof-begun");
  await ask.getByRole("button", { name: "Cancel" }).click();
  await enrol.getByText("one more proof").waitFor();
  await visit(page, "proof-refused");
  await page.keyboard.press("Escape");
  await page.locator("[data-wait=on]").waitFor();
  await visit(page, "security-wait");

  // A device that signed in after that may not stop it.
  await context.request.post("/api/auth/login", { data: { login: user.username, password: user.password } });
  await open(page, "/security");
  await settled(page);
  await page.getByRole("button", { name: "Call the wait off" }).click();
  await page.getByText("You signed in here after the wait began").waitFor();
  await visit(page, "security-wait-young");

  // An account whose address was never confirmed changes it by the wait alone.
  await page.route("**/api/auth/email/change", (route) =>
    route.fulfill({
      status: 403,
      contentType: "application/problem+json",
      body: '{"status":403,"title":"Forbidden","detail":"x","code":"proof_required","params":{"state":"unproved","missing":[["wait"]],"mayWait":true}}',
    }),
  );
  await open(page, "/profile");
  await page.getByRole("button", { name: "Change e-mail" }).click();
  await page.getByLabel("New e-mail").fill("somebody@example.org");
  await page.keyboard.press("Enter");
  await page.getByRole("dialog", { name: "This takes a wait" }).waitFor();
  await visit(page, "proof-wait-alone");
  watched.none();
  await context.close();
}
