// The end of an account, and the ways back.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { launch, open, pageOf, signedIn } from "./browser.js";
import { confirm, linkIn } from "./outbox.js";

/** @type {import("playwright-core").Browser} */
let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

/** @param {import("playwright-core").Page} page @param {{username: string}} user */
async function leave(page, user) {
  await open(page, "/security");
  await page.getByRole("button", { name: "Delete account…" }).click();
  const dialog = page.getByRole("dialog");
  const button = dialog.getByRole("button", { name: "Delete account" });
  assert.ok(await button.isDisabled());
  await dialog.getByLabel(`Type ${user.username} to confirm`).fill(user.username);
  await button.click();
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  await page.getByText(/Your account will be erased on .+ Sign in before then to keep it\./).waitFor();
}

/** @param {import("playwright-core").Page} page @param {{username: string, password: string}} user */
async function signIn(page, user) {
  await page.getByLabel("User name or e-mail").fill(user.username);
  await page.getByLabel("Password", { exact: true }).fill(user.password);
  await page.keyboard.press("Enter");
}

test("an account is deleted, and kept by who signs in again", async () => {
  const { page, context, watched } = await pageOf(browser);
  watched.expect(401, 404);
  const user = await signedIn(context);
  await leave(page, user);
  const gone = await context.request.get("/api/profile");
  assert.equal(gone.status(), 401);
  assert.equal((await context.request.get(`/api/users/${user.username}`)).status(), 404);

  await signIn(page, user);
  await page.getByRole("heading", { name: "This account will be erased" }).waitFor();
  await page.getByRole("button", { name: "Leave it so" }).click();
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  await signIn(page, user);
  await page.getByRole("button", { name: "Keep my account" }).click();
  await page.getByRole("heading", { name: "Security" }).waitFor(); // where the person was
  assert.equal((await (await context.request.get("/api/profile")).json()).username, user.username);
  await open(page, "/activity");
  await page.getByText("You asked to have this account erased").waitFor();
  await page.getByText("You kept this account: it will not be erased").waitFor();
  watched.none();
});

test("a copy of everything is downloaded", async () => {
  const { page, context, watched } = await pageOf(browser);
  const user = await signedIn(context);
  await open(page, "/security");
  const saved = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download a copy" }).click();
  const file = await saved;
  assert.equal(file.suggestedFilename(), `profile-${user.username}.zip`);
  const bytes = readFileSync(await file.path());
  assert.equal(bytes.subarray(0, 2).toString(), "PK");
  assert.ok(bytes.includes("activity.jsonl") && bytes.includes("security.json"));
  await open(page, "/activity");
  await page.getByText("You downloaded a copy of everything").waitFor();
  watched.none();
});

test("the link in the mail takes a deletion back that was not the owner's", async () => {
  const { page, context, watched } = await pageOf(browser);
  watched.expect(401, 404);
  const user = await signedIn(context);
  await confirm(context, user); // a new address that nobody confirmed gets no notices
  await leave(page, user);
  // The first such link is in the mail of the sign-up.
  await page.goto(await linkIn(user.email, "not-me", 2));
  await page.getByRole("button").first().click();
  await page.getByRole("status").filter({ hasText: /\S/ }).first().waitFor();
  assert.equal((await context.request.get(`/api/users/${user.username}`)).status(), 200);
  watched.none();
});
