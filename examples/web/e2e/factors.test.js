// The second step of signing in: set up by its picture, used, recovered, removed.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { code } from "./authenticator.js";
import { launch, open, pageOf, signedIn } from "./browser.js";
import { confirm, linkIn } from "./outbox.js";

/** @type {import("playwright-core").Browser} */
let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

// scan reads a QR code as a phone does: off the screen.
/** @param {import("playwright-core").Locator} picture */
async function scan(picture) {
  const dir = mkdtempSync(join(tmpdir(), "qr-"));
  try {
    const file = join(dir, "qr.png");
    writeFileSync(file, await picture.screenshot());
    return execFileSync("zbarimg", ["--quiet", "--raw", file], { encoding: "utf8" }).trim();
  } finally {
    rmSync(dir, { recursive: true });
  }
}

test("an app is added by its picture, and then asked for; a recovery code gets in too", async () => {
  const { page, context, watched } = await pageOf(browser);
  watched.expect(401, 422);
  const user = await signedIn(context);
  await confirm(context, user);
  await open(page, "/security");
  await page.getByText("It is off.").waitFor();
  await page.getByRole("button", { name: "Set up" }).click();
  const dialog = page.getByRole("dialog", { name: "Set up an authenticator app" });
  const uri = await scan(dialog.getByAltText("The key as a QR code"));
  assert.match(uri, new RegExp(`^otpauth://totp/[^?]*${user.username}\\?`));
  await dialog.getByText("It cannot be scanned?").click();
  const typed = (await dialog.locator(".secret").innerText()).replaceAll(" ", "");
  assert.equal(typed, new URL(uri).searchParams.get("secret"));
  await dialog.getByLabel("Code", { exact: true }).fill("12345");
  await dialog.getByRole("button", { name: "Turn on" }).click();
  await dialog.getByText("This code is wrong, too old, or was used already.").waitFor();
  await dialog.getByLabel("Code", { exact: true }).fill(code(uri, 0));
  await page.keyboard.press("Enter");

  const keep = page.getByRole("dialog", { name: "Keep these recovery codes" });
  await keep.getByRole("listitem").first().waitFor();
  const codes = await keep.getByRole("listitem").allInnerTexts();
  assert.equal(codes.length, 10);
  await page.keyboard.press("Escape");
  await keep.getByRole("button", { name: "I have kept them" }).click();
  await page.locator("[data-factor=totp]").getByText("On").waitFor();
  await page.getByText("10 are left.").waitFor();

  await page.getByRole("button", { name: /^Account of/ }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).or(page.getByRole("button", { name: "Sign out" })).first().click();
  await page.getByLabel("User name or e-mail").fill(user.username);
  await page.getByLabel("Password", { exact: true }).fill(user.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "One more step" }).waitFor();
  assert.equal((await context.request.get("/api/profile")).status(), 401, "the password alone opens nothing");
  assert.equal(await page.evaluate(() => document.activeElement?.getAttribute("name")), "code");
  await page.keyboard.type("000000");
  await page.keyboard.press("Enter");
  await page.getByText("This code is wrong, too old, or was used already.").waitFor();
  await page.getByLabel("Code", { exact: true }).fill(code(uri, 1));
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByRole("heading", { name: "Profile", exact: true }).waitFor();

  // Elsewhere, without the phone.
  const other = await pageOf(browser);
  other.watched.expect(401, 422);
  await open(other.page, "/login?next=/security");
  await other.page.getByLabel("User name or e-mail").fill(user.username);
  await other.page.getByLabel("Password", { exact: true }).fill(user.password);
  await other.page.getByRole("button", { name: "Sign in" }).click();
  await other.page.getByRole("button", { name: "Use a recovery code" }).click();
  await other.page.getByLabel("Recovery code").fill(codes[0] ?? "");
  await other.page.getByRole("checkbox", { name: /for 30 days/ }).check();
  await other.page.getByRole("button", { name: "Continue" }).click();
  await other.page.getByText("9 are left.").waitFor();
  await other.page.locator("[data-device]").waitFor();
  assert.equal(await other.page.locator("[data-device]").count(), 1);

  // There the password is enough from now on.
  await other.context.request.post("/api/auth/logout");
  await open(other.page, "/login?next=/security");
  await other.page.getByLabel("User name or e-mail").fill(user.username);
  await other.page.getByLabel("Password", { exact: true }).fill(user.password);
  await other.page.getByRole("button", { name: "Sign in" }).click();
  await other.page.getByRole("button", { name: /^Stop trusting/ }).click();
  await other.page.getByText("That device is asked for a code again.").waitFor();

  await open(page, "/security");
  await page.getByRole("button", { name: "Make new ones" }).click();
  await page.getByRole("dialog", { name: "Make new recovery codes?" }).getByRole("button", { name: "Make new ones" }).click();
  await keep.getByRole("listitem").first().waitFor();
  const fresh = await keep.getByRole("listitem").allInnerTexts();
  assert.equal(fresh.length, 10);
  assert.ok(!fresh.some((c) => codes.includes(c)));
  await keep.getByRole("button", { name: "I have kept them" }).click();
  await page.getByRole("button", { name: "Remove authenticator app" }).click();
  await page.getByRole("dialog", { name: "Remove this app?" }).getByRole("button", { name: "Remove" }).click();
  await page.getByText("It is off.").waitFor();
  await other.page.reload();
  await other.page.waitForURL(/\/login/);
  watched.none();
  other.watched.none();
});

test("a fresh proof is a code when there is an app", async () => {
  const { page, context, watched } = await pageOf(browser);
  watched.expect(401, 403, 422);
  await confirm(context, await signedIn(context));
  const begun = await (await context.request.post("/api/auth/mfa/totp", { data: {} })).json();
  const done = await (await context.request.post("/api/auth/mfa/totp/confirm", { data: { code: code(begun.uri, 0) } })).json();
  await open(page, "/profile");
  let refused = 0;
  await page.route("**/api/profile", (route) => {
    if (route.request().method() !== "PATCH" || refused++ > 0) return route.continue();
    return route.fulfill({ status: 403, contentType: "application/problem+json", body: '{"status":403,"title":"Forbidden","detail":"x","code":"reauthentication_required"}' });
  });
  await page.getByLabel("Bio").fill("worth a code");
  await page.getByRole("button", { name: "Save changes" }).click();
  const ask = page.getByRole("dialog", { name: "Confirm that it is you" });
  await ask.getByLabel("Code", { exact: true }).fill("000000");
  await ask.getByRole("button", { name: "Confirm" }).click();
  await ask.getByText("This code is wrong, too old, or was used already.").waitFor();
  await ask.getByRole("button", { name: "Use a recovery code" }).click();
  await ask.getByLabel("Recovery code").fill(done.recoveryCodes[3]);
  await page.keyboard.press("Enter");
  await page.getByText("Profile saved.").waitFor();
  assert.equal((await (await context.request.get("/api/profile")).json()).bio, "worth a code");
  watched.none();
});

test("who lost the app and the codes asks for a link, and gets in by it and the password", async () => {
  const { page, context, watched } = await pageOf(browser);
  watched.expect(401, 422);
  const user = await signedIn(context);
  await confirm(context, user);
  const begun = await (await context.request.post("/api/auth/mfa/totp", { data: {} })).json();
  assert.equal((await context.request.post("/api/auth/mfa/totp/confirm", { data: { code: code(begun.uri, 0) } })).status(), 200);
  const signedInElsewhere = await context.cookies();
  const half = async () => {
    await page.getByLabel("User name or e-mail").fill(user.username);
    await page.getByLabel("Password", { exact: true }).fill(user.password);
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await page.getByRole("heading", { name: "One more step" }).waitFor();
  };
  const ask = async () => {
    await page.getByRole("button", { name: "I have none of these any more" }).click();
    await page.getByRole("button", { name: "Send me the link" }).click();
  };
  await context.clearCookies();
  await open(page, "/login");
  await half();
  await ask();
  await page.getByText("A mail is on its way.").waitFor();
  assert.equal((await context.request.get("/api/profile")).status(), 401, "nothing opened");
  const link = await linkIn(user.email, "recover");

  // Who is signed in elsewhere sees it.
  const owner = await pageOf(browser);
  await owner.context.addCookies(signedInElsewhere);
  await open(owner.page, "/security");
  await owner.page.getByText("Somebody with your password asked to be let in without this step").waitFor();
  owner.watched.none();

  // The link alone, in another browser, waits for the password.
  const other = await pageOf(browser);
  other.watched.expect(401);
  await open(other.page, link);
  assert.equal(new URL(other.page.url()).hash, "", "the token stays in the address");
  await other.page.getByText("Sign in with your password first").waitFor();
  await other.page.getByLabel("User name or e-mail").fill(user.username);
  await other.page.getByLabel("Password", { exact: true }).fill(user.password);
  await other.page.getByRole("button", { name: "Sign in", exact: true }).click();
  await other.page.getByRole("button", { name: "Remove two-step verification" }).click();
  await other.page.getByText("Two-step verification is off.").waitFor();
  await other.page.getByLabel("User name or e-mail").fill(user.username);
  await other.page.getByLabel("Password", { exact: true }).fill(user.password);
  await other.page.getByRole("button", { name: "Sign in", exact: true }).click();
  await other.page.getByRole("heading", { name: "Profile", exact: true }).waitFor();
  await open(other.page, "/activity");
  await other.page.getByText("Two-step verification was removed by a link").waitFor();
  watched.none();
  other.watched.none();
});

test("who never confirmed the address hears that no link can be sent to it", async () => {
  const { page, context, watched } = await pageOf(browser);
  watched.expect(401, 422);
  const user = await signedIn(context);
  await confirm(context, user);
  const begun = await (await context.request.post("/api/auth/mfa/totp", { data: {} })).json();
  assert.equal((await context.request.post("/api/auth/mfa/totp/confirm", { data: { code: code(begun.uri, 0) } })).status(), 200);
  await context.clearCookies();
  // Only an account from before the rule has a second step and no confirmed address.
  await page.route("**/api/auth/mfa/recovery", (route) =>
    route.fulfill({
      status: 422,
      contentType: "application/problem+json",
      body: '{"status":422,"title":"Unprocessable Entity","detail":"x","code":"invalid","errors":[{"field":"email","code":"unconfirmed","message":"must be confirmed first"}]}',
    }),
  );
  await open(page, "/login");
  await page.getByLabel("User name or e-mail").fill(user.username);
  await page.getByLabel("Password", { exact: true }).fill(user.password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByRole("button", { name: "I have none of these any more" }).click();
  await page.getByRole("button", { name: "Send me the link" }).click();
  await page.getByText("Your e-mail address was never confirmed.").waitFor();
  watched.none();
});

test("the page without a front end says that the password comes first", async () => {
  const { page, watched } = await pageOf(browser);
  watched.expect(401);
  await page.goto(`/account/recover#token=${"A".repeat(43)}`);
  await page.getByText("First sign in with your password, in another tab of this browser").waitFor();
  await page.getByRole("button", { name: "Remove two-step verification" }).click();
  await page.getByRole("status").filter({ hasText: "Sign in first." }).waitFor();
  watched.none();
});
