// Somebody with a confirmed address who signed in anew, and the dialogs that follow.
import assert from "node:assert/strict";
import { pageOf, signedIn } from "./browser.js";
import { confirm } from "./outbox.js";

/** @typedef {import("playwright-core").Page} Page */
/** @typedef {import("playwright-core").Browser} Browser */

// later is somebody with a confirmed address who signed in anew: the password is fresh,
// and the mailbox is not proved.
/** @param {Browser} browser */
export async function later(browser) {
  const made = await pageOf(browser);
  const user = await signedIn(made.context);
  await confirm(made.context, user);
  await made.context.close();
  return { user, ...(await again(browser, user)) };
}

/** @param {Browser} browser @param {import("./browser.js").User} user */
export async function again(browser, user) {
  const opened = await pageOf(browser);
  const answer = await opened.context.request.post("/api/auth/login", { data: { login: user.username, password: user.password } });
  assert.equal(answer.status(), 200, await answer.text());
  await opened.context.addInitScript(() => localStorage.setItem("profilekit.signedIn", "1"));
  opened.watched.expect(403, 422);
  return opened;
}

/** @param {Page} page */
export const asking = (page) => page.getByRole("dialog", { name: "Enter the code from your mail" });
/** @param {Page} page */
export const enrolling = (page) => page.getByRole("dialog", { name: "Set up an authenticator app" });

// focused is the accessible name, or else the name, of what has the focus.
/** @param {Page} page */
export const focused = (page) => page.evaluate(() => document.activeElement?.getAttribute("name") ?? document.activeElement?.textContent);
