// Editing: errors at the fields, changes made elsewhere, unsaved changes.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, newUser, open, pageOf, patch, signedIn } from "./browser.js";

/** @type {import("playwright-core").Browser} */
let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

/** @param {import("playwright-core").Page} page @param {string} name */
async function errorAt(page, name) {
  const control = page.locator(`[name="${name}"]`);
  await page.locator(`[name="${name}"][aria-invalid="true"]`).waitFor();
  const ids = (await control.getAttribute("aria-describedby")) ?? "";
  const id = ids.split(" ")[0] ?? "";
  assert.notEqual(id, "", `${name} names its error`);
  return page.locator(`[id="${id}"]`).innerText();
}

test("refused values are told at their fields, and the rest of the form stays", async () => {
  const { page, context, watched } = await pageOf(browser);
  watched.expect(422, 409);
  const rival = newUser();
  await context.request.post("/api/auth/register", { data: rival });
  await signedIn(context);
  await open(page, "/profile");

  await page.getByLabel("Display name").fill("x".repeat(101));
  await page.getByLabel("Link 1", { exact: true }).fill("https://example.org");
  await page.getByRole("button", { name: "Add a link" }).click();
  await page.getByRole("button", { name: "Add a link" }).click();
  // The empty row in between is not sent; the error still stands at the third.
  await page.getByLabel("Link 3", { exact: true }).fill("javascript:alert(1)");
  await page.getByLabel("Street and number").fill("y".repeat(201));
  await page.getByLabel("Bio").fill("kept");
  await page.getByRole("button", { name: "Save changes" }).click();

  assert.equal(await errorAt(page, "displayName"), "Display name must be 100 characters or less.");
  assert.match(await errorAt(page, "links.2"), /^Link must be a web address/);
  assert.match(await errorAt(page, "address.line1"), /^Street and number must be 200 characters or less/);
  assert.equal(await page.locator('[aria-invalid="true"]').count(), 3);
  assert.equal(await page.evaluate(() => document.activeElement?.getAttribute("name")), "displayName", "the focus is at the first");
  const covered = await page.evaluate(() => {
    const { x, y } = /** @type {Element} */ (document.activeElement).getBoundingClientRect();
    return document.elementFromPoint(x + 8, y + 8) !== document.activeElement;
  });
  assert.equal(covered, false, "and no bar covers it");
  assert.equal(await page.getByLabel("Bio").inputValue(), "kept");
  const stored = await (await context.request.get("/api/profile")).json();
  assert.equal(stored.bio, null, "nothing was stored");

  await page.getByLabel("Display name").fill("Ada");
  assert.equal(await page.locator('[name="displayName"][aria-invalid]').count(), 0, "a message goes when its field is changed");
  await page.getByLabel("Street and number").fill("");
  await page.getByRole("button", { name: "Remove link 3" }).click();
  await page.getByLabel("User name").fill(rival.username.toUpperCase());
  await page.getByRole("button", { name: "Save changes" }).click();
  assert.match(await errorAt(page, "username"), /Somebody has this user name already/);

  await page.getByLabel("User name").fill("");
  await page.getByRole("button", { name: "Save changes" }).click();
  assert.match(await errorAt(page, "username"), /^User name is required/);

  await page.getByRole("button", { name: "Discard" }).click();
  assert.equal(await page.getByLabel("Bio").inputValue(), "");
  assert.equal(await page.locator('[aria-invalid="true"]').count(), 0);
  watched.none();
});

test("an emptied field is cleared, and others are not touched", async () => {
  const { page, context, watched } = await pageOf(browser);
  await signedIn(context);
  await patch(context, "/api/profile", { bio: "old", givenName: "Ada", links: ["https://example.org"], address: { city: "Bern", country: "CH" } });
  await open(page, "/profile");
  const sent = page.waitForRequest((r) => r.method() === "PATCH");
  await page.getByLabel("Bio").fill("");
  await page.getByLabel("City").fill("");
  await page.getByRole("button", { name: "Remove link 1" }).click();
  await page.getByRole("button", { name: "Save changes" }).click();
  const request = await sent;
  assert.deepEqual(request.postDataJSON(), { bio: null, address: { city: null }, links: [] });
  assert.match(String(await request.headerValue("if-match")), /^"\d+"$/);
  await page.getByText("Profile saved.").waitFor();
  const now = await (await context.request.get("/api/profile")).json();
  assert.equal(now.givenName, "Ada");
  assert.equal(now.address.country, "CH");
  assert.equal(now.bio, null);
  watched.none();
});

test("a change made elsewhere is shown, and the person chooses", async () => {
  const { page, context, watched } = await pageOf(browser);
  watched.expect(412);
  await signedIn(context);
  await open(page, "/profile");
  await page.getByLabel("Bio").fill("mine");
  await page.getByLabel("Pronouns").fill("they/them");
  await patch(context, "/api/profile", { bio: "theirs", givenName: "Ada" });
  await page.getByRole("button", { name: "Save changes" }).click();

  const conflict = page.getByRole("alert").filter({ hasText: "Your profile was changed elsewhere" });
  await conflict.waitFor();
  await conflict.getByText("theirs").waitFor();
  assert.equal(await conflict.locator("dt").count(), 1, "only what clashes is asked about");
  assert.equal(await page.getByLabel("Given name").inputValue(), "Ada", "what only they changed is taken over");
  assert.equal(await page.getByLabel("Bio").inputValue(), "mine", "what was typed is not lost");
  assert.equal((await (await context.request.get("/api/profile")).json()).bio, "theirs");

  await conflict.getByRole("button", { name: "Keep mine" }).click();
  await page.getByRole("button", { name: "Save changes" }).click();
  await page.getByText("Profile saved.").waitFor();
  const now = await (await context.request.get("/api/profile")).json();
  assert.deepEqual([now.bio, now.pronouns, now.givenName], ["mine", "they/them", "Ada"]);

  // The other choice.
  await page.getByLabel("Bio").fill("mine again");
  await patch(context, "/api/profile", { bio: "theirs again" });
  await page.getByRole("button", { name: "Save changes" }).click();
  await page.getByRole("button", { name: "Take the newer" }).click();
  assert.equal(await page.getByLabel("Bio").inputValue(), "theirs again");

  // A change elsewhere to another field needs a look, but no choice.
  await page.getByLabel("Pronouns").fill("he/him");
  await patch(context, "/api/profile", { familyName: "Byron" });
  await page.getByRole("button", { name: "Save changes" }).click();
  await page.getByText("Look it over, then save.").waitFor();
  await page.getByRole("button", { name: "Save changes" }).click();
  await page.getByText("Profile saved.").waitFor();
  assert.equal((await (await context.request.get("/api/profile")).json()).familyName, "Byron");
  watched.none();
});

test("unsaved changes are not lost by a click, a step back or a reload", async () => {
  const { page, context, watched } = await pageOf(browser);
  await signedIn(context);
  await open(page, "/security");
  const wide = page.getByRole("navigation", { name: "Account" });
  await wide.getByRole("link", { name: "Profile" }).click();
  await page.getByLabel("Bio").fill("not saved");

  await wide.getByRole("link", { name: "Activity" }).click();
  const ask = page.getByRole("dialog", { name: "Leave without saving?" });
  await ask.waitFor();
  await ask.getByRole("button", { name: "Keep editing" }).click();
  assert.equal(await page.getByLabel("Bio").inputValue(), "not saved");

  await page.goBack();
  await ask.waitFor();
  assert.equal(new URL(page.url()).pathname, "/profile", "the address is still that of the page");
  await page.keyboard.press("Escape");
  await ask.waitFor({ state: "detached" });
  assert.equal(await page.getByLabel("Bio").inputValue(), "not saved");

  await page.getByRole("button", { name: /^Account of/ }).click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await ask.getByRole("button", { name: "Keep editing" }).click();
  assert.equal((await context.request.get("/api/profile")).status(), 200, "still signed in");

  const asked = new Promise((resolve) => {
    page.once("dialog", (dialog) => {
      void dialog.dismiss();
      resolve(dialog.type());
    });
  });
  await page.evaluate(() => setTimeout(() => location.reload(), 0));
  assert.equal(await asked, "beforeunload");
  assert.equal(await page.getByLabel("Bio").inputValue(), "not saved");

  await page.goBack();
  await ask.getByRole("button", { name: "Discard changes" }).click();
  await page.getByRole("heading", { name: "Security" }).waitFor();
  await page.goForward();
  await page.getByRole("heading", { name: "Profile", exact: true }).waitFor();
  assert.equal(await page.getByLabel("Bio").inputValue(), "");
  watched.none();
});
