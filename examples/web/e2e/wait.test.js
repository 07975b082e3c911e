// The wait in place of a code from the mail: explained, begun, seen and called off.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, open } from "./browser.js";
import { again, asking, enrolling, focused, later } from "./later.js";

/** @type {import("playwright-core").Browser} */
let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

test("a wait is explained, begun, seen, and called off by who was there before", async () => {
  const { page, user, watched } = await later(browser);
  await open(page, "/security");
  await page.getByRole("button", { name: "Set up" }).click();
  await asking(page).getByText("I do not get this mail").click();
  await asking(page).getByText("In 7 days you can do this with your password alone. We tell your address at once; whoever reads that can stop it.").waitFor();
  await asking(page).getByRole("button", { name: "Begin the wait" }).click();
  await asking(page).getByText(/^From .* on you can do this with your password alone, until /).waitFor();
  assert.match((await focused(page)) ?? "", /^From /);
  await asking(page).getByRole("button", { name: "Cancel" }).click();
  await enrolling(page).getByRole("button", { name: "Cancel" }).click();
  assert.equal(await focused(page), "Set up");
  const notice = page.locator("[data-wait=on]");
  await notice.getByText(/^Somebody asked to change how your account is opened\. From .* until .* that works with your password alone\./).waitFor();

  // Asking again shows the wait that goes on.
  await page.getByRole("button", { name: "Set up" }).click();
  await asking(page).getByText("I do not get this mail").click();
  await asking(page).getByText(/^From .* on you can do this with your password alone\. Come back then\.$/).waitFor();
  await asking(page).getByRole("button", { name: "Cancel" }).click();
  await enrolling(page).getByRole("button", { name: "Cancel" }).click();

  // Somebody who signed in after that may be the thief.
  const younger = await again(browser, user);
  await open(younger.page, "/security");
  await younger.page.getByRole("button", { name: "Call the wait off" }).click();
  await younger.page.getByRole("alert").getByText("You signed in here after the wait began, so it cannot be called off here.").waitFor();
  assert.equal(await asking(younger.page).count(), 0, "a code was asked for");
  younger.watched.none();

  await page.getByRole("button", { name: "Call the wait off" }).click();
  await page.getByText("The wait is off. If you did not begin it, change your password.").waitFor();
  assert.match((await focused(page)) ?? "", /^The wait is off\./);
  await open(page, "/activity");
  await page.getByText("Someone signed in to your account began a wait, to change how it is opened").waitFor();
  await page.getByText("You called off the wait to change how your account is opened").waitFor();
  watched.none();
});

test("a wait that is over says until when it may be used", async () => {
  const { page, watched } = await later(browser);
  const at = (/** @type {number} */ days) => new Date(Date.now() + days * 86_400_000).toISOString();
  await page.route("**/api/auth/proof", (route) => route.fulfill({ json: { state: "mailbox", have: ["password", "wait"], wait: { from: at(-1), until: at(6) } } }));
  await open(page, "/security");
  await page.locator("[data-wait=on]").getByText(/^Until .* how your account is opened can be changed with your password alone, because somebody waited for it\./).waitFor();
  watched.none();
});
