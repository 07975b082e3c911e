// Every page: accessibility in both schemes, width, policy, console.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, open, pageOf, patch, settled, signedIn } from "./browser.js";
import { looks, overflow, violations } from "./looks.js";
import { photo } from "./pictures.js";

/** @type {import("playwright-core").Browser} */
let browser;
/** @type {Awaited<ReturnType<import("playwright-core").BrowserContext["storageState"]>>} */
let state;
let username = "";

before(async () => {
  browser = await launch();
  const { context, page } = await pageOf(browser);
  ({ username } = await signedIn(context));
  await open(page, "/profile");
  await patch(context, "/api/profile", {
    displayName: "W".repeat(60),
    bio: `${"long-word".repeat(40)} and more`,
    links: [`https://example.org/${"path".repeat(60)}`],
    address: { line1: "1 Street", city: "Town", country: "CH" },
  });
  await context.request.put("/api/profile/picture", { multipart: { profile_picture: await photo(page, { left: "#e02020", right: "#2020e0" }) } });
  await context.request.post("/api/auth/login", { data: { login: username, password: "certainly not the password" } });
  state = await context.storageState();
  await context.close();
});
after(() => browser.close());

const guestPages = () => ["/login", "/register", `/u/${username}`, "/settings/nothing"];
const memberPages = () => ["/profile", "/security", "/activity", "/settings/appearance", "/settings/notifications", "/settings/privacy", `/u/${username}`, "/settings/nothing"];

for (const { colorScheme, width } of looks) {
  test(`every page is accessible and fits: ${colorScheme}, ${width} px`, async () => {
    for (const member of [false, true]) {
      const { context, page, watched } = await pageOf(browser, { colorScheme, viewport: { width, height: 800 }, ...(member ? { storageState: state } : {}) });
      for (const path of member ? memberPages() : guestPages()) {
        await open(page, path);
        await settled(page);
        assert.equal(await page.locator("h1").count(), 1, `${path} has one h1`);
        assert.match(await page.title(), /\S · profilekit$/);
        assert.deepEqual(await overflow(page), { scroll: 0, wide: [] }, path);
        assert.deepEqual(await violations(page), [], path);
      }
      if (member) {
        await open(page, "/profile");
        await page.getByRole("button", { name: "Change picture" }).click();
        assert.deepEqual(await violations(page), [], "picture dialog");
        await page.getByLabel("Picture file").setInputFiles(await photo(page, { left: "#e02020", right: "#2020e0" }));
        await page.getByAltText("Preview of your choice").waitFor();
        assert.deepEqual(await violations(page), [], "cropper");
        assert.deepEqual((await overflow(page)).scroll, 0);
        await page.keyboard.press("Escape");
        await page.getByLabel("Display name").fill("x".repeat(101));
        watched.expect(422);
        await page.getByRole("button", { name: "Save changes" }).click();
        await page.locator(".field-error").waitFor();
        assert.deepEqual(await violations(page), [], "field errors");
        await page.getByRole("button", { name: /^Account of/ }).click();
        assert.deepEqual(await violations(page), [], "menu");
        assert.deepEqual((await overflow(page)).scroll, 0);
      }
      watched.none();
      await context.close();
    }
  });
}

test("nothing breaks with large text and compact rows, and any accent can be read", async () => {
  const { context, page, watched } = await pageOf(browser, { viewport: { width: 360, height: 800 } });
  await signedIn(context);
  await patch(context, "/api/settings", { appearance: { fontScale: 1.5, density: "compact" } });
  for (const path of memberPages()) {
    await open(page, path);
    await settled(page);
    assert.deepEqual(await overflow(page), { scroll: 0, wide: [] }, path);
  }
  for (const accent of ["#ffff00", "#000000", "#ffffff", "#16a34a"]) {
    for (const theme of ["light", "dark"]) {
      await patch(context, "/api/settings", { appearance: { theme, accent } });
      for (const path of ["/profile", "/settings/appearance"]) {
        await open(page, path);
        await settled(page);
        assert.deepEqual(await violations(page), [], `${path} ${accent} ${theme}`);
      }
    }
  }
  watched.none();
});

test("the page moves little while it loads", async () => {
  const { context, page, watched } = await pageOf(browser, { storageState: state, viewport: { width: 1280, height: 800 } });
  await context.addInitScript(() => {
    // @ts-expect-error a place for the sum
    window.shift = 0;
    new PerformanceObserver((list) => {
      // @ts-expect-error layout-shift entries have a value
      for (const e of list.getEntries()) if (!e.hadRecentInput) window.shift += e.value;
    }).observe({ type: "layout-shift", buffered: true });
  });
  for (const path of ["/profile", "/activity", "/security", "/settings/privacy"]) {
    await open(page, path);
    await settled(page);
    // @ts-expect-error the sum of above
    const shift = await page.evaluate(() => window.shift);
    assert.ok(shift < 0.1, `${path}: ${shift}`);
  }
  watched.none();
});

test("the built page holds no inline script or style, and is told to stay within its own origin", async () => {
  const { context, watched } = await pageOf(browser);
  const answer = await context.request.get("/login");
  const html = await answer.text();
  assert.doesNotMatch(html, /<style|<script(?![^>]*\bsrc=)|\bon\w+=|style="/i);
  assert.doesNotMatch(html, /https?:\/\//);
  const policy = answer.headers()["content-security-policy"] ?? "";
  assert.match(policy, /script-src 'self'/);
  assert.match(policy, /style-src 'self'/);
  assert.doesNotMatch(policy, /unsafe/);
  watched.none();
});
