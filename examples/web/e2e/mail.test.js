// A forgotten password: the link is asked for on one page and used on another.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, newUser, open, pageOf, signedIn } from "./browser.js";
import { linkIn } from "./outbox.js";

/** @type {import("playwright-core").Browser} */
let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

test("a link is asked for, and the answer is the same for everybody", async () => {
  const { page, context, watched } = await pageOf(browser);
  watched.expect(401);
  const user = newUser();
  await context.request.post("/api/auth/register", { data: user });
  await context.clearCookies();
  await open(page, "/login");
  await page.getByRole("link", { name: "Forgot your password?" }).click();
  await page.getByRole("heading", { name: "Forgot your password?" }).waitFor();
  await page.getByRole("button", { name: "Send the link" }).click();
  await page.getByText("Enter your e-mail.").waitFor();
  for (const email of [user.email, newUser().email]) {
    await open(page, "/forgot");
    await page.getByLabel("E-mail").fill(email);
    await page.keyboard.press("Enter");
    await page.getByText(`If there is an account with ${email}, a link is on its way to it.`).waitFor();
  }
  await page.getByRole("link", { name: "Back to the sign-in" }).click();
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  watched.none();
});

test("the page of the link says what is wrong with a token", async () => {
  const { page, watched } = await pageOf(browser);
  watched.expect(422);
  await page.goto(`/account/reset#token=${"A".repeat(43)}`);
  await page.locator("input[type=password]").first().fill("a quiet heron at noon");
  await page.getByRole("button").first().click();
  await page.getByText(/expired|no longer|invalid|not valid|wrong/i).first().waitFor();
  assert.equal(new URL(page.url()).pathname, "/account/reset");
  watched.none();
});

test("an address is confirmed, changed, and the change undone, by the links in mails", async () => {
  const { page, context, watched } = await pageOf(browser);
  watched.expect(401, 403, 422);
  const user = await signedIn(context);
  await open(page, "/profile");
  await page.getByText("Not confirmed yet.").waitFor();
  await page.getByRole("button", { name: "Send the link again" }).click();
  await page.getByText(`A link is on its way to ${user.email}.`).waitFor();
  const follow = async (/** @type {string} */ link) => {
    const other = await context.newPage();
    await other.goto(link);
    await other.getByRole("button").first().click();
    await other.getByRole("status").filter({ hasText: /\S/ }).first().waitFor();
    await other.close();
  };
  await follow(await linkIn(user.email, "verify", 2));
  await page.reload();
  await page.getByText("Confirmed. This is where we reach you.").waitFor();

  const next = newUser().email;
  await page.getByRole("button", { name: "Change e-mail" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Send the link" }).click();
  await dialog.getByText("Enter the new address.").waitFor();
  await dialog.getByLabel("New e-mail").fill("no address");
  await page.keyboard.press("Enter");
  await dialog.locator("[aria-invalid=true]").waitFor();
  await dialog.getByLabel("New e-mail").fill(next);
  await page.keyboard.press("Enter");
  await dialog.waitFor({ state: "detached" });
  await page.getByText(`Until it is opened, your address stays as it is.`).waitFor();
  assert.equal(await page.locator("input[name=email]").inputValue(), user.email);
  assert.equal(await page.getByText("You have unsaved changes.").count(), 0);

  await follow(await linkIn(next, "email"));
  await page.reload();
  await page.locator(`input[name=email][value="${next}"]`).waitFor();
  await follow(await linkIn(user.email, "undo"));
  await page.reload();
  await page.getByRole("heading", { name: "Sign in" }).waitFor(); // the undo ends all sessions
  watched.none();
});
