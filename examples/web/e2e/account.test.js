// Sign-in, security, settings, activity.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, newUser, open, pageOf, password, patch, signedIn } from "./browser.js";

/** @type {import("playwright-core").Browser} */
let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

test("signing in and finding one's way with the keyboard alone", async () => {
  const { page, context, watched } = await pageOf(browser);
  const user = newUser();
  await context.request.post("/api/auth/register", { data: user });
  await context.clearCookies();
  watched.expect(401); // the page asks once whether there is a session
  await open(page, "/security");
  await page.waitForURL(/\/login\?next=/);
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  await page.evaluate(() => /** @type {HTMLElement} */ (document.activeElement).blur());

  const focused = () => page.evaluate(() => document.activeElement?.getAttribute("name") ?? document.activeElement?.textContent?.trim() ?? document.activeElement?.tagName);
  await page.keyboard.press("Tab");
  assert.equal(await focused(), "login");
  await page.keyboard.type(user.username);
  await page.keyboard.press("Tab");
  assert.equal(await focused(), "password");
  const outline = await page.evaluate(() => {
    const s = getComputedStyle(/** @type {Element} */ (document.activeElement));
    return s.boxShadow !== "none" || s.outlineStyle !== "none";
  });
  assert.ok(outline, "the focus can be seen");
  await page.keyboard.type(user.password);
  await page.keyboard.press("Enter");

  await page.getByRole("heading", { name: "Security" }).waitFor();
  assert.equal(new URL(page.url()).pathname, "/security", "back where the way led");
  assert.equal(await focused(), "Security", "the focus is at the new page's heading");

  // The first stop from the top skips the navigation.
  await page.reload();
  await page.getByRole("heading", { name: "Security" }).waitFor();
  await page.keyboard.press("Tab");
  assert.equal(await focused(), "Skip to the content");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  assert.equal(await focused(), "currentPassword");

  // The menu opens, closes and gives the focus back.
  await page.getByRole("button", { name: /^Account of/ }).focus();
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  assert.equal(await focused(), "View your page");
  await page.keyboard.press("Escape");
  assert.match(String(await focused()), /Account of/);
  watched.none();
});

test("a wrong password, a missing one and too many tries are told", async () => {
  const { page, watched } = await pageOf(browser);
  watched.expect(401, 429, 500);
  await open(page, "/login?next=https://elsewhere.example/");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("Enter your user name or e-mail.").waitFor();
  await page.getByText("Enter your password.").waitFor();
  await page.getByLabel("User name or e-mail").fill(newUser().username);
  await page.getByLabel("Password", { exact: true }).fill("something else entirely");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("The user name, e-mail or password is wrong.").waitFor();
  await page.route("**/api/auth/login", (route) => route.fulfill({ status: 429, contentType: "application/problem+json", headers: { "Retry-After": "61" }, body: '{"status":429,"title":"x","detail":"x","code":"rate_limited"}' }), { times: 1 });
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("Too many tries. Try again in 2 minutes.").waitFor();
  await page.route("**/api/auth/login", (route) => route.fulfill({ status: 500, contentType: "text/html", headers: { "X-Request-Id": "REQUEST4" }, body: "<h1>oops</h1>" }), { times: 1 });
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("reference: REQUEST4").waitFor();
  watched.none();
});

test("registration tells what is wrong at its fields", async () => {
  const { page, context, watched } = await pageOf(browser);
  watched.expect(409, 422);
  const rival = newUser();
  await context.request.post("/api/auth/register", { data: rival });
  await context.clearCookies();
  await open(page, "/register");
  await page.getByLabel("User name").fill("no spaces");
  await page.getByLabel("E-mail").fill("nobody");
  await page.getByLabel("Password", { exact: true }).fill("short");
  const submit = page.getByRole("button", { name: "Create account" });
  await submit.click();
  await page.locator('[aria-invalid="true"]').first().waitFor();
  assert.equal(await page.evaluate(() => document.activeElement?.getAttribute("aria-invalid")), "true");
  const mine = newUser();
  await page.getByLabel("User name").fill(mine.username);
  await page.getByLabel("E-mail").fill(mine.email);
  await submit.click();
  await page.getByText("Password must be 15 characters or more.").waitFor();
  await page.getByLabel("Password", { exact: true }).fill(mine.password);
  await page.getByLabel("E-mail").fill(rival.email);
  await submit.click();
  await page.getByText("There is an account with this e-mail already.").waitFor();
  await page.getByLabel("E-mail").fill(mine.email);
  await submit.click();
  await page.getByRole("heading", { name: "Profile", exact: true }).waitFor();
  watched.none();
});

test("the password is changed, and other devices are signed out one by one or at once", async () => {
  const { page, context, watched } = await pageOf(browser);
  watched.expect(401, 422);
  const user = await signedIn(context);
  /** @param {string} userAgent */
  const elsewhere = async (userAgent) => {
    const other = await browser.newContext({ baseURL: process.env["BASE_URL"] ?? "http://localhost:3000", userAgent });
    const answer = await other.request.post("/api/auth/login", { data: { login: user.username, password: user.password } });
    assert.equal(answer.status(), 200);
    return other;
  };
  const phone = await elsewhere("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 Version/19.0 Mobile/15E148 Safari/604.1");
  const laptop = await elsewhere("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0");
  await open(page, "/security");
  await page.locator("[data-session]").first().waitFor();
  assert.equal(await page.locator("[data-session]").count(), 3);
  assert.equal(await page.locator("[data-session=current]").getByText("This device").count(), 1);

  await page.getByRole("button", { name: "Sign out Safari on iPhone" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Sign out" }).click();
  await page.getByText("That device is signed out.").waitFor();
  assert.equal((await phone.request.get("/api/profile")).status(), 401);
  assert.equal((await laptop.request.get("/api/profile")).status(), 200);
  await page.getByRole("button", { name: "Sign out others" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Sign out" }).click();
  await page.getByText("All other devices are signed out.").waitFor();
  assert.equal((await laptop.request.get("/api/profile")).status(), 401);
  assert.equal(await page.locator("[data-session]").count(), 1);

  const third = await elsewhere("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0");
  const change = page.getByRole("button", { name: "Change password" });
  await page.getByLabel("Current password", { exact: true }).fill("not my password at all");
  await page.getByLabel("New password", { exact: true }).fill("another good long phrase");
  await change.click();
  await page.getByText("This is not your current password.").waitFor();
  await page.getByLabel("Current password", { exact: true }).fill(password);
  await page.getByLabel("New password", { exact: true }).fill("short");
  await change.click();
  await page.getByText("New password must be 15 characters or more.").waitFor();
  await page.getByLabel("New password", { exact: true }).fill("another good long phrase");
  await page.getByRole("button", { name: "Show new password" }).click();
  assert.equal(await page.getByLabel("New password", { exact: true }).getAttribute("type"), "text");
  await change.click();
  await page.getByText("Password changed. Other devices are signed out.").waitFor();
  assert.equal((await third.request.get("/api/profile")).status(), 401);
  assert.equal((await context.request.get("/api/profile")).status(), 200, "this device stays signed in");
  watched.none();
});

test("a session that ended elsewhere leads to the sign-in and back", async () => {
  const { page, context, watched } = await pageOf(browser);
  watched.expect(401);
  const user = await signedIn(context);
  await open(page, "/settings/privacy");
  const other = await browser.newContext({ baseURL: process.env["BASE_URL"] ?? "http://localhost:3000" });
  await other.request.post("/api/auth/login", { data: { login: user.username, password: user.password } });
  await other.request.delete("/api/auth/sessions");
  await page.getByRole("radio", { name: /Private/ }).click();
  await page.getByText("Your session has ended.").waitFor();
  await page.getByLabel("User name or e-mail").fill(user.username);
  await page.getByLabel("Password", { exact: true }).fill(user.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "Privacy" }).waitFor();
  watched.none();
});

test("a call that needs a fresh proof asks for the password and is then sent again", async () => {
  const { page, context, watched } = await pageOf(browser);
  watched.expect(401, 403);
  await signedIn(context);
  await open(page, "/profile");
  let refused = 0;
  await page.route("**/api/profile", (route) => {
    if (route.request().method() !== "PATCH" || refused++ > 0) return route.continue();
    return route.fulfill({ status: 403, contentType: "application/problem+json", body: '{"status":403,"title":"Forbidden","detail":"x","code":"reauthentication_required"}' });
  });
  await page.getByLabel("Bio").fill("worth a password");
  await page.getByRole("button", { name: "Save changes" }).click();
  const ask = page.getByRole("dialog", { name: "Confirm that it is you" });
  await ask.getByLabel("Password", { exact: true }).fill("this is wrong, of course");
  await ask.getByRole("button", { name: "Confirm" }).click();
  await ask.getByText("This is not your password.").waitFor();
  await ask.getByLabel("Password", { exact: true }).fill(password);
  await page.keyboard.press("Enter");
  await page.getByText("Profile saved.").waitFor();
  assert.equal((await (await context.request.get("/api/profile")).json()).bio, "worth a password");
  watched.none();
});

test("privacy and notification settings are stored at once, and taken back when that fails", async () => {
  const { page, context, watched } = await pageOf(browser);
  watched.expect(404, 503);
  const user = await signedIn(context);
  await patch(context, "/api/profile", { bio: "For members." });
  await open(page, "/settings/privacy");
  await page.getByLabel("Bio").selectOption("members");
  await page.getByLabel("E-mail").selectOption("public");
  await page.getByText("Saved", { exact: true }).waitFor();
  const guest = await pageOf(browser);
  guest.watched.expect(404);
  await open(guest.page, `/u/${user.username}`);
  await guest.page.getByText(user.email).waitFor();
  assert.equal(await guest.page.getByText("For members.").count(), 0);

  const stored = page.waitForResponse((r) => r.request().method() === "PATCH");
  await page.getByRole("radio", { name: /Private/ }).check();
  assert.equal((await stored).status(), 200);
  await guest.page.reload();
  await guest.page.getByText("There is no such page").first().waitFor();
  await guest.page.goto(`/u/${user.username}-nobody`);
  await guest.page.getByText("There is no such page").first().waitFor();
  guest.watched.none();

  const wide = page.getByRole("navigation", { name: "Account" });
  await wide.getByRole("link", { name: "Notifications" }).click();
  const news = page.getByRole("group", { name: "News" }).getByLabel("E-mail");
  assert.ok(await page.getByRole("group", { name: "Security" }).getByLabel("E-mail").isDisabled());
  await news.check();
  await page.getByText("Saved", { exact: true }).waitFor();
  assert.equal((await (await context.request.get("/api/settings")).json()).notifications.product.email, true);
  await page.route("**/api/settings", (route) => (route.request().method() === "PATCH" ? route.fulfill({ status: 503, contentType: "application/problem+json", headers: { "Retry-After": "2" }, body: '{"status":503,"title":"x","detail":"x","code":"unavailable"}' }) : route.continue()), { times: 1 });
  await news.click(); // not uncheck: it may be back before that looks
  await page.getByText(/This was not saved/).waitFor();
  assert.ok(await news.isChecked(), "the switch shows what is stored");
  watched.none();
});

test("activity is listed by pages and by kind", async () => {
  const { page, context, watched } = await pageOf(browser);
  const user = await signedIn(context);
  for (let i = 0; i < 24; i++) await patch(context, "/api/profile", { bio: `version ${i}` });
  await context.request.post("/api/auth/login", { data: { login: user.username, password: "certainly not the password" } });
  await open(page, "/activity");
  const rows = page.locator("[data-event]");
  await rows.first().waitFor();
  assert.equal(await rows.count(), 20);
  await page.getByText("Someone tried to sign in with a wrong password").waitFor();
  await page.getByRole("button", { name: "Load more" }).click();
  await page.getByText("That is everything.").waitFor();
  assert.equal(await rows.count(), 26);
  assert.equal(await page.evaluate(() => document.activeElement?.getAttribute("data-event")), "profile.updated", "the focus is at the first new entry");
  assert.equal(await page.locator("[data-event=\"auth.registered\"]").count(), 1);
  const time = page.locator("time").first();
  assert.match(String(await time.getAttribute("title")), /202\d.*(CET|CEST|GMT)/);

  await page.getByLabel("Show").selectOption({ label: "Failed sign-ins" });
  await page.waitForFunction(() => document.querySelectorAll("[data-event]").length === 1);
  await page.getByLabel("Show").selectOption({ label: "New pictures" });
  await page.getByText("Nothing of this kind has happened.").waitFor();
  watched.none();
});

test("signing out in one tab signs out the others", async () => {
  const { page, context, watched } = await pageOf(browser);
  await context.request.post("/api/auth/register", { data: newUser() });
  await open(page, "/profile");
  const second = await context.newPage();
  await open(second, "/activity");
  await second.getByRole("button", { name: /^Account of/ }).click();
  await second.getByRole("button", { name: "Sign out" }).click();
  await page.getByText("You signed out in another tab.").waitFor();
  watched.none();
});
