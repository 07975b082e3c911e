// The whole loop of a newcomer, with nothing but the page.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, newUser, open, pageOf } from "./browser.js";
import { colorOf, photo } from "./pictures.js";

/** @type {import("playwright-core").Browser} */
let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

test("register, edit, picture, dark mode, activity, sign out and in: everything is still there", async () => {
  const { page, context, watched } = await pageOf(browser);
  const user = newUser();

  await page.goto("/");
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  await page.getByRole("link", { name: "Create an account" }).click();
  await page.getByLabel("User name").fill(user.username);
  await page.getByLabel("E-mail").fill(user.email);
  await page.getByLabel("Password", { exact: true }).fill(user.password);
  await page.getByRole("button", { name: "Create account" }).click();
  await page.getByRole("heading", { name: "Profile", exact: true }).waitFor();
  assert.equal(new URL(page.url()).pathname, "/profile");

  await page.getByLabel("Display name").fill("Ada Lovelace");
  await page.getByLabel("Given name").fill("Ada");
  await page.getByLabel("Family name").fill("Lovelace");
  await page.getByLabel("Pronouns").fill("she/her");
  await page.getByLabel("Bio").fill("Engines.\nNotes.");
  await page.getByLabel("Link 1", { exact: true }).fill("https://example.org/ada");
  await page.getByLabel("Birthday").fill("1990-12-10");
  await page.getByLabel("City").fill("London");
  await page.getByLabel("Country").selectOption("GB");
  await page.getByRole("button", { name: "Save changes" }).click();
  await page.getByText("Profile saved.").waitFor();

  await page.getByRole("button", { name: "Add a picture" }).click();
  const file = await photo(page, { left: "#e02020", right: "#2020e0" });
  await page.getByLabel("Picture file").setInputFiles(file);
  const preview = page.getByAltText("Preview of your choice");
  await preview.waitFor();
  assert.equal((await colorOf(preview)).width, 1200, "the preview is the chosen file, before anything is sent");
  // All the way to the left: the square is red then.
  await page.locator(".cropper-window").focus();
  for (let i = 0; i < 40; i++) await page.keyboard.press("ArrowLeft");
  await page.getByRole("button", { name: "Upload" }).click();
  await page.getByText("Your picture is up.").waitFor();
  const shown = page.getByAltText("Your picture");
  const first = await colorOf(shown);
  assert.equal(first.name, "red", "the bytes that are shown are those of the chosen part");
  assert.ok(first.width > 0);
  const src = await shown.getAttribute("src");
  assert.match(String(src), /512/);
  await page.waitForFunction(() => document.querySelectorAll("dialog").length === 0);

  // Another picture has another address, and replaces the first at once.
  await page.getByRole("button", { name: "Change picture" }).click();
  await page.getByLabel("Picture file").setInputFiles(await photo(page, { left: "#2020e0", right: "#2020e0", type: "image/png" }));
  await page.getByRole("button", { name: "Upload" }).click();
  await page.waitForFunction((old) => document.querySelector(".hero img")?.getAttribute("src") !== old, src);
  assert.equal((await colorOf(shown)).name, "blue");

  const wide = page.getByRole("navigation", { name: "Account" });
  await wide.getByRole("link", { name: "Appearance" }).click();
  await page.getByRole("radio", { name: /Dark/ }).check();
  await page.getByText("Saved", { exact: true }).waitFor();
  const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  assert.equal(await background(), "rgb(14, 17, 22)");

  await wide.getByRole("link", { name: "Activity" }).click();
  for (const sentence of [
    "You changed your appearance settings",
    "You set a new profile picture",
    /^You changed your .*bio.*links/,
    "You created your account",
  ]) {
    await page.getByText(sentence).first().waitFor();
  }

  await page.getByRole("button", { name: /^Account of/ }).click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  assert.equal((await context.cookies()).length, 0, "no cookie is left");

  await page.getByLabel("User name or e-mail").fill(user.email);
  await page.getByLabel("Password", { exact: true }).fill(user.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "Profile", exact: true }).waitFor();
  assert.equal(await page.getByLabel("Display name").inputValue(), "Ada Lovelace");
  assert.equal(await page.getByLabel("Bio").inputValue(), "Engines.\nNotes.");
  assert.equal(await page.getByLabel("Link 1", { exact: true }).inputValue(), "https://example.org/ada");
  assert.equal(await page.getByLabel("Birthday").inputValue(), "1990-12-10");
  assert.equal(await page.getByLabel("Country").inputValue(), "GB");
  assert.equal((await colorOf(shown)).name, "blue");
  assert.equal(await background(), "rgb(14, 17, 22)");
  watched.none();

  // A visitor sees what is public, and only that.
  const guest = await pageOf(browser);
  await open(guest.page, `/u/${user.username}`);
  await guest.page.getByRole("heading", { name: "Ada Lovelace" }).waitFor();
  await guest.page.getByText("example.org/ada").waitFor();
  assert.equal(await guest.page.getByText(user.email).count(), 0);
  assert.equal(await guest.page.getByText("London").count(), 0);
  assert.equal((await colorOf(guest.page.getByAltText("Ada Lovelace"))).name, "blue");
  guest.watched.none();
});

test("dark mode is there from the first paint of a reload", async () => {
  const { page, context, watched } = await pageOf(browser, { colorScheme: "light" });
  const user = newUser();
  await context.request.post("/api/auth/register", { data: user });
  await context.addInitScript(() => localStorage.setItem("profilekit.signedIn", "1"));
  await open(page, "/settings/appearance");
  await page.getByRole("radio", { name: /Dark/ }).check();
  await page.getByRole("radio", { name: "Violet" }).check();
  await page.getByRole("radio", { name: "Compact" }).check();
  await page.getByLabel("Reduce motion").check();
  const slider = page.getByLabel("Size of text");
  await slider.focus();
  await page.keyboard.press("ArrowRight");
  const last = page.waitForResponse((r) => r.request().method() === "PATCH" && r.request().postData()?.includes("1.1}") === true);
  await page.keyboard.press("ArrowRight");
  assert.equal((await last).status(), 200);
  await page.getByText("Saved", { exact: true }).waitFor();

  // The API answers late: what is painted before that is the stored look.
  await page.route("**/api/**", async (route) => {
    await new Promise((resolve) => setTimeout(resolve, 600));
    await route.continue();
  });
  await page.reload({ waitUntil: "commit" });
  await page.waitForFunction(() => document.body !== null && performance.getEntriesByName("first-paint").length > 0);
  const early = await page.evaluate(() => ({
    background: getComputedStyle(document.body).backgroundColor,
    loading: document.querySelector(".shell-loading") !== null,
    root: { ...document.documentElement.dataset },
    scale: document.documentElement.style.getPropertyValue("--font-scale"),
  }));
  assert.deepEqual(early, {
    background: "rgb(14, 17, 22)",
    loading: true,
    root: { theme: "dark", density: "compact", motion: "reduced" },
    scale: "1.1",
  });
  await page.getByRole("heading", { name: "Appearance" }).waitFor();
  assert.ok(await page.getByRole("radio", { name: "Violet" }).isChecked());
  watched.none();

  // On another device, which has stored nothing, the server's settings come in.
  const other = await pageOf(browser, { colorScheme: "light" });
  await open(other.page, "/login");
  await other.page.getByLabel("User name or e-mail").fill(user.username);
  await other.page.getByLabel("Password", { exact: true }).fill(user.password);
  await other.page.getByRole("button", { name: "Sign in" }).click();
  await other.page.getByRole("heading", { name: "Profile", exact: true }).waitFor();
  assert.equal(await other.page.evaluate(() => getComputedStyle(document.body).backgroundColor), "rgb(14, 17, 22)");
  other.watched.none();
});
