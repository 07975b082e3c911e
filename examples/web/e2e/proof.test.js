// Two proofs: what the page asks for before what opens an account changes.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { code } from "./authenticator.js";
import { launch, newUser, open, pageOf, settled, signedIn } from "./browser.js";
import { asking, enrolling, focused, later } from "./later.js";
import { confirm, linkIn, proofsTo } from "./outbox.js";

/** @typedef {import("playwright-core").Page} Page */
/** @type {import("playwright-core").Browser} */
let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

// finish adds the app that the dialog shows.
/** @param {Page} page */
async function finish(page) {
  await enrolling(page).getByText("It cannot be scanned?").click();
  const secret = (await enrolling(page).locator(".secret").innerText()).replaceAll(" ", "");
  await enrolling(page).getByLabel("Code", { exact: true }).fill(code(`otpauth://totp/x?secret=${secret}`, 0));
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "I have kept them" }).click();
  await page.locator("[data-factor=totp]").getByText("On").waitFor();
}

test("a newcomer confirms the address in the same browser, and adds an app without a code from the mail", async () => {
  const { page, context, watched } = await pageOf(browser);
  watched.expect(422);
  const user = await signedIn(context);
  await open(page, "/security");
  await page.getByRole("button", { name: "Set up" }).click();
  await enrolling(page).getByText("Confirm your e-mail address first: without it nobody could help you back in.").waitFor();
  const other = await context.newPage();
  await other.goto(await linkIn(user.email, "verify"));
  await other.getByRole("button").first().click();
  await other.getByRole("status").filter({ hasText: /\S/ }).first().waitFor();
  await other.close();
  await enrolling(page).getByRole("button", { name: "Try again" }).click();
  await finish(page);
  assert.deepEqual(await proofsTo(user.email, 0), [], "a code was sent");
  watched.none();
});

test("with an address that was not confirmed the mail for it is offered: app, passkey", async () => {
  const { page, context, watched } = await pageOf(browser);
  watched.expect(422);
  const user = await signedIn(context);
  await linkIn(user.email, "verify");
  await open(page, "/security");
  await page.getByRole("button", { name: "Add a passkey" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel(/^Name/).fill("Laptop");
  await page.keyboard.press("Enter");
  await dialog.getByRole("alert").getByText("Confirm your e-mail address first").waitFor();
  await dialog.getByRole("button", { name: "Send the confirmation mail again" }).click();
  await dialog.getByRole("status").getByText(`A link is on its way to ${user.email}`).waitFor();
  const token = (await linkIn(user.email, "verify", 2)).split("=")[1];
  assert.equal((await context.request.post("/api/auth/email/verify", { data: { token } })).status(), 204);
  assert.equal(await dialog.getByLabel(/^Name/).inputValue(), "Laptop");
  await page.keyboard.press("Escape");
  assert.equal(await focused(page), "Add a passkey");
  watched.none();
});

test("who signed in later is asked for the code from the mail, by the keyboard alone", async () => {
  const { page, user, watched } = await later(browser);
  await page.setViewportSize({ width: 360, height: 740 });
  await open(page, "/security");
  await page.getByRole("button", { name: "Set up" }).focus();
  await page.keyboard.press("Enter");
  await asking(page).getByRole("status").getByText(`We sent a code to ${user.email}.`).waitFor();
  assert.equal(await focused(page), "code");
  const field = asking(page).getByLabel("Code", { exact: true });
  assert.equal(await field.getAttribute("autocomplete"), "one-time-code");
  const said = asking(page).getByRole("alert");

  await page.keyboard.type("0f3k-q82m");
  await page.keyboard.press("Enter");
  await said.getByText("The code has 12 characters. These are 8.").waitFor();
  const [first = ""] = await proofsTo(user.email, 1);
  await page.keyboard.type(first.endsWith("0") ? first.replace(/.$/, "1") : first.replace(/.$/, "0"));
  await page.keyboard.press("Enter");
  await said.getByText("This code is wrong, too old, or was used already.").waitFor();
  assert.equal(await focused(page), "code");
  assert.equal((await field.inputValue()).length, 14, "what was typed stays");
  assert.equal(await field.getAttribute("aria-invalid"), "true");

  await asking(page).getByRole("button", { name: "Send it again" }).focus();
  await page.keyboard.press("Enter");
  await asking(page).getByRole("status").getByText("The one before does not work any more.").waitFor();
  const second = (await proofsTo(user.email, 2)).at(-1) ?? "";
  assert.notEqual(second, first);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(wide <= 360, `the page is ${wide} px wide`);
  await field.focus();
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.type(` ${second.toUpperCase().replaceAll("-", " ")}`);
  await page.keyboard.press("Enter");
  await asking(page).waitFor({ state: "detached" });
  await finish(page);
  watched.none();
});

test("the password comes first when it is old, and the form below stays as it was", async () => {
  const { page, user, watched } = await later(browser);
  let stale = 1;
  await page.route("**/api/auth/email/change", (route) =>
    stale-- > 0
      ? route.fulfill({ status: 403, contentType: "application/problem+json", body: '{"status":403,"title":"Forbidden","detail":"x","code":"reauthentication_required"}' })
      : route.continue(),
  );
  await open(page, "/profile");
  await page.getByLabel("Bio").fill("not saved yet");
  const next = newUser().email;
  await page.getByRole("button", { name: "Change e-mail" }).click();
  const change = page.getByRole("dialog", { name: "Change your e-mail" });
  await change.getByLabel("New e-mail").fill(next);
  await page.keyboard.press("Enter");
  const ask = page.getByRole("dialog", { name: "Confirm that it is you" });
  await ask.getByLabel("Password", { exact: true }).fill(user.password);
  await page.keyboard.press("Enter");
  await asking(page).getByText(`We sent a code to ${user.email}.`).waitFor();

  // Called off, and begun anew: the mail that is there is good enough.
  await page.keyboard.press("Escape");
  await change.getByText("Nothing was changed: this needs one more proof that it is you.").waitFor();
  assert.equal(await change.getByLabel("New e-mail").inputValue(), next);
  await change.getByRole("button", { name: "Send the link" }).click();
  await asking(page).getByText("a few minutes ago. It still works.").waitFor();
  const codes = await proofsTo(user.email, 1);
  assert.equal(codes.length, 1);
  await asking(page).getByLabel("Code", { exact: true }).fill(codes[0] ?? "");
  await asking(page).getByRole("button", { name: "Confirm" }).click();
  await change.waitFor({ state: "detached" });
  await page.getByText("Until it is opened, your address stays as it is.").waitFor();
  assert.equal(await page.getByLabel("Bio").inputValue(), "not saved yet");
  await linkIn(next, "email");
  await open(page, "/activity");
  await page.getByText("You confirmed your identity by a code from your mail").waitFor();
  watched.none();
});

test("an account without a password proves itself by the mail", async () => {
  const { page, user, watched } = await later(browser);
  await page.route("**/api/auth/proof", (route) => route.fulfill({ json: { state: "mailbox_no_password", have: [], wait: null } }));
  let stale = 1;
  await page.route("**/api/auth/mfa/totp", (route) =>
    stale-- > 0
      ? route.fulfill({ status: 403, contentType: "application/problem+json", body: '{"status":403,"title":"Forbidden","detail":"x","code":"reauthentication_required"}' })
      : route.continue(),
  );
  await open(page, "/security");
  await page.getByRole("button", { name: "Set up" }).click();
  const [mailed = ""] = await proofsTo(user.email, 1);
  await asking(page).getByLabel("Code", { exact: true }).fill(mailed);
  await page.keyboard.press("Enter");
  await enrolling(page).getByText("It cannot be scanned?").waitFor();
  assert.equal(await page.getByRole("dialog", { name: "Confirm that it is you" }).count(), 0, "the password was asked for");
  watched.none();
});

test("too many tries say when it goes on", async () => {
  const { page, watched } = await later(browser);
  watched.expect(429);
  await page.route("**/api/auth/proof/mail/confirm", (route) =>
    route.fulfill({ status: 429, headers: { "Retry-After": "540" }, contentType: "application/problem+json", body: '{"status":429,"title":"Too Many Requests","detail":"x","code":"rate_limited"}' }),
  );
  await open(page, "/security");
  await page.getByRole("button", { name: "Set up" }).click();
  await asking(page).getByLabel("Code", { exact: true }).fill("0f3k-q82m-7xw1");
  await page.keyboard.press("Enter");
  await asking(page).getByRole("alert").getByText("Too many tries. Try again in 9 minutes.").waitFor();
  assert.equal(await asking(page).getByLabel("Code", { exact: true }).inputValue(), "0f3k-q82m-7xw1");
  watched.none();
});

test("a server without the rule is not asked for proofs", async () => {
  const { page, watched } = await later(browser);
  const all = await (await page.context().request.get("/api/capabilities")).json();
  assert.equal(all.features.twoProofs, true);
  await page.route("**/api/capabilities", (route) => route.fulfill({ json: { ...all, features: { ...all.features, twoProofs: false } } }));
  let asked = 0;
  page.on("request", (r) => {
    if (new URL(r.url()).pathname === "/api/auth/proof") asked++;
  });
  await open(page, "/security");
  await page.getByText("It is off.").waitFor();
  await settled(page);
  assert.equal(asked, 0);
  watched.none();
});

test("a change that only the host makes says so", async () => {
  const { page, watched } = await later(browser);
  await page.route("**/api/auth/mfa/totp", (route) =>
    route.fulfill({ status: 403, contentType: "application/problem+json", body: '{"status":403,"title":"Forbidden","detail":"x","code":"change_refused","params":{"reason":"host_only"}}' }),
  );
  await open(page, "/security");
  await page.getByRole("button", { name: "Set up" }).click();
  await enrolling(page).getByText("This cannot be changed here. Ask the people who run this service.").waitFor();
  watched.none();
});

test("codes by e-mail say when they work again after a reset", async () => {
  const { page, watched } = await pageOf(browser);
  watched.expect(401, 409);
  await page.route("**/api/auth/login", (route) => route.fulfill({ json: { status: "mfa_required", methods: ["email", "recovery_code"] } }));
  await page.route("**/api/auth/mfa/challenge", (route) =>
    route.fulfill({ status: 409, contentType: "application/problem+json", body: '{"status":409,"title":"Conflict","detail":"x","code":"too_early","params":{"from":"2031-05-06T08:00:00Z"}}' }),
  );
  await open(page, "/login");
  await page.getByLabel("User name or e-mail").fill("somebody");
  await page.getByLabel("Password", { exact: true }).fill("whatever it is");
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByRole("button", { name: "Send a code" }).click();
  await page.getByRole("alert").getByText("Codes by e-mail work again from 6 May 2031, 10:00, because the password was reset. Use your app, a passkey or a recovery code.").waitFor();
  watched.none();
});
