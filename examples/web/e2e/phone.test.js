// Codes by text message.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { code as shown } from "./authenticator.js";
import { launch, open, pageOf, signedIn } from "./browser.js";
import { codeTo, confirm } from "./outbox.js";

/** @type {import("playwright-core").Browser} */
let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

test("a phone is proved by who has an app, and then asked for", async () => {
  const { page, context, watched } = await pageOf(browser);
  watched.expect(401, 409, 422);
  const user = await signedIn(context);
  await confirm(context, user);
  const number = `+4179${Math.floor(1e6 + Math.random() * 9e6)}`;
  await open(page, "/security");
  await page.getByText("It is off.").waitFor();
  assert.equal(await page.getByRole("button", { name: "Add a phone" }).count(), 0, "a phone alone is no second step");
  assert.equal((await context.request.post("/api/auth/mfa/phone", { data: { phone: number } })).status(), 409);
  const dialog = page.getByRole("dialog");
  const app = await (await context.request.post("/api/auth/mfa/totp", { data: {} })).json();
  const on = await context.request.post("/api/auth/mfa/totp/confirm", { data: { code: shown(app.uri, 0) } });
  assert.equal(on.status(), 200);
  await open(page, "/security");
  await page.getByRole("button", { name: "Add a phone" }).click();
  await dialog.getByLabel("Phone number").fill("079 123 45 67");
  await page.keyboard.press("Enter");
  await dialog.locator("[aria-invalid=true]").waitFor();
  await dialog.getByLabel("Phone number").fill(`${number.slice(0, 3)} ${number.slice(3)}`);
  await page.keyboard.press("Enter");
  await dialog.getByText("A code is on its way to").waitFor();
  const code = await codeTo(number, 1);
  await dialog.getByLabel("Code").fill(code === "000000" ? "000001" : "000000");
  await page.keyboard.press("Enter");
  await dialog.getByText("This code is wrong, too old, or was used already.").waitFor();
  await dialog.getByLabel("Code").fill(code);
  await page.keyboard.press("Enter");
  await page.locator('[data-factor="sms"]').filter({ hasText: `•••${number.slice(-3)}` }).waitFor();
  const me = await (await context.request.get("/api/profile")).json();
  assert.equal(me.phone, number);

  await context.clearCookies();
  await page.evaluate(() => localStorage.clear());
  await open(page, "/login");
  await page.getByLabel("User name or e-mail").fill(user.username);
  await page.getByLabel("Password", { exact: true }).fill(user.password);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "One more step" }).waitFor();
  await page.getByRole("button", { name: "Use a text message" }).click();
  await page.getByRole("button", { name: "Send a code" }).click();
  await page.getByText("A code is on its way.").waitFor();
  await page.getByRole("textbox", { name: "Code" }).fill(await codeTo(number, 2));
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Profile" }).waitFor();

  await open(page, "/security");
  await page.locator('[data-factor="sms"]').getByRole("button", { name: /^Remove/ }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
  await page.locator('[data-factor="sms"]').waitFor({ state: "detached" });
  assert.equal((await (await context.request.get("/api/profile")).json()).phone ?? "", "");
  watched.none();
});
