// The address of a sign-up is confirmed on a phone, where nobody is signed in.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, open, pageOf, password, signedIn } from "./browser.js";
import { linkIn } from "./outbox.js";

const phone = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };

/** @type {import("playwright-core").Browser} */
let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

// asked opens the link on a phone, up to where the page asks for the password.
/** @param {string} link */
async function asked(link) {
  const { page, watched } = await pageOf(browser, phone);
  watched.expect(401, 422);
  await page.goto(link);
  assert.equal(new URL(page.url()).hash, "", "the token is left in the address");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.getByLabel("Its password").waitFor();
  return { page, watched };
}

/** @param {import("./browser.js").Page} page */
async function fits(page) {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(wide <= 360, `the page is ${wide} pixels wide`);
}

test("the password confirms on a phone, by keyboard alone, and the computer stays signed in", async () => {
  const { context } = await pageOf(browser);
  const user = await signedIn(context);
  const { page, watched } = await asked(await linkIn(user.email, "verify"));
  assert.equal(await page.getByLabel("Which account").inputValue(), user.username);
  assert.ok(await page.getByLabel("Its password").evaluate((e) => e === document.activeElement), "the focus is elsewhere");
  await fits(page);

  await page.keyboard.type("a wrong guess of mine");
  await page.keyboard.press("Enter");
  await page.getByRole("status").filter({ hasText: "The password is wrong. Try again." }).waitFor();
  assert.equal(await page.getByLabel("Its password").getAttribute("aria-invalid"), "true");
  assert.ok(await page.getByLabel("Its password").evaluate((e) => e === document.activeElement), "the focus has left the password");
  await page.keyboard.type(user.password); // over the wrong one, which is selected
  await page.keyboard.press("Enter");
  await page.getByRole("status").filter({ hasText: `this is the address of the account "${user.username}"` }).waitFor();
  await fits(page);

  const me = await (await context.request.get("/api/profile")).json();
  assert.equal(me.emailVerified, true);
  await page.getByRole("button", { name: "Go on to sign in" }).waitFor();
  await page.keyboard.press("Enter"); // it has the focus
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  watched.none();
});

test("who did not sign up gets the account emptied, and the stranger is out", async () => {
  const { context } = await pageOf(browser);
  const stranger = await signedIn(context);
  await context.request.patch("/api/profile", { data: { bio: "Call +1 900 now" }, headers: { "Content-Type": "application/merge-patch+json" } });
  const { page, watched } = await asked(await linkIn(stranger.email, "verify"));
  await page.getByText("The account becomes yours, but empty: whoever made it is locked out").waitFor();
  await page.getByText("its texts, picture and settings are removed").waitFor();
  assert.equal(await page.getByText("No account is made").isVisible(), false);
  await page.getByRole("button", { name: "I did not sign up" }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("status").filter({ hasText: "a link to set a password is on its way" }).waitFor();
  assert.equal((await context.request.get("/api/profile")).status(), 401);
  assert.equal((await context.request.post("/api/auth/login", { data: { login: stranger.username, password } })).status(), 401);

  await page.goto(await linkIn(stranger.email, "reset"));
  await page.getByLabel("New password").fill("a quiet heron at noon");
  await page.keyboard.press("Enter");
  await page.getByText("The new password is set.").waitFor();
  await open(page, "/login");
  await page.getByLabel("User name or e-mail").fill(stranger.username);
  await page.getByLabel("Password", { exact: true }).fill("a quiet heron at noon");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Profile" }).waitFor();
  assert.equal(await page.locator("textarea[name=bio]").inputValue(), "");
  watched.none();
});

// The quickstart of these tests has no limits, so that its answer is made here.
test("the limit of wrong passwords says when to try again, and what goes on", async () => {
  const { context } = await pageOf(browser);
  const user = await signedIn(context);
  const { page, watched } = await asked(await linkIn(user.email, "verify"));
  watched.expect(429);
  await page.route("**/api/auth/email/verify", (route) =>
    String(route.request().postData()).includes("password")
      ? route.fulfill({ status: 429, contentType: "application/problem+json", headers: { "Retry-After": "5400" }, body: JSON.stringify({ status: 429, code: "rate_limited" }) })
      : route.continue(),
  );
  await page.getByLabel("Its password").fill(user.password);
  await page.keyboard.press("Enter");
  await page.getByRole("status").filter({ hasText: "Too many tries. Try again in 90 minutes, or go on without the password below." }).waitFor();
  await page.getByRole("button", { name: "I forgot the password" }).click();
  await page.getByText("a link to set a password is on its way").waitFor();
  watched.none();
});
