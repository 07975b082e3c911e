// A forgotten password: the link is asked for on one page and used on another.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, newUser, open, pageOf } from "./browser.js";

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
