// Writes a PNG of every page, light and dark, narrow and wide, to the folder
// SCREENSHOTS (default e2e/out).
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { baseURL, launch, open, pageOf, patch, settled, signedIn } from "./browser.js";
import { photo } from "./pictures.js";
import { proofStates } from "./proof-states.js";

const folder = process.env["SCREENSHOTS"] ?? fileURLToPath(new URL("out/", import.meta.url));
mkdirSync(folder, { recursive: true });

const browser = await launch();
const { context: maker, page: canvas } = await pageOf(browser);
const user = await signedIn(maker);
await open(canvas, "/profile");
await patch(maker, "/api/profile", {
  displayName: "Ada Lovelace",
  givenName: "Ada",
  familyName: "Lovelace",
  pronouns: "she/her",
  bio: "I write programs for engines that do not exist yet.\nNotes, letters, and a fondness for Jacquard looms.",
  birthday: "1990-12-10",
  links: ["https://example.org/ada", "https://example.com/notes/engine"],
  address: { line1: "12 St James's Square", city: "London", postalCode: "SW1Y 4JH", country: "GB" },
});
const file = await photo(canvas, { left: "#e0a458", right: "#4f6d7a" });
await maker.request.put("/api/profile/picture", { multipart: { profile_picture: file } });
await maker.request.post("/api/auth/login", { data: { login: user.username, password: "not this one, surely" } });
await patch(maker, "/api/settings", { appearance: { fontScale: 1 }, privacy: { fields: { birthday: "members" } } });
const other = await browser.newContext({ baseURL, userAgent: "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 Mobile/15E148 Safari/604.1" });
await other.request.post("/api/auth/login", { data: { login: user.username, password: user.password } });
const state = await maker.storageState();

const guests = ["login", "register", "outbox"];
const pages = ["profile", "security", "activity", "settings/appearance", "settings/notifications", "settings/privacy", `u/${user.username}`, "settings/nothing"];

for (const scheme of /** @type {const} */ (["light", "dark"])) {
  for (const width of [360, 1280]) {
    const look = { colorScheme: scheme, viewport: { width, height: width === 360 ? 740 : 860 }, deviceScaleFactor: width === 360 ? 2 : 1 };
    const guest = await pageOf(browser, look);
    const member = await pageOf(browser, { ...look, storageState: state });
    /** @param {import("playwright-core").Page} page @param {string} name */
    const shoot = async (page, name) => {
      await settled(page);
      await page.screenshot({ path: `${folder}/${name.replaceAll("/", "-").replace(user.username, "ada")}-${scheme}-${width}.png`, fullPage: true });
    };
    for (const path of guests) {
      await open(guest.page, `/${path}`);
      await shoot(guest.page, path);
    }
    await open(guest.page, "/register");
    await guest.page.getByRole("button", { name: "Create account" }).click();
    await shoot(guest.page, "register-errors");
    for (const path of pages) {
      await open(member.page, `/${path}`);
      await shoot(member.page, path);
    }
    await open(member.page, "/profile");
    await member.page.getByLabel("Given name").fill("Augusta Ada");
    await member.page.locator('[name="links.1"]').fill("not a link");
    await member.page.getByRole("button", { name: "Save changes" }).click();
    await member.page.locator(".field-error").first().waitFor();
    await shoot(member.page, "profile-errors");
    await member.page.getByRole("button", { name: "Discard" }).click();
    await member.page.getByRole("button", { name: "Change picture" }).click();
    await member.page.screenshot({ path: `${folder}/picture-choose-${scheme}-${width}.png` });
    await member.page.locator("dialog input[type=file]").setInputFiles(file);
    await member.page.locator(".cropper img").waitFor();
    await member.page.screenshot({ path: `${folder}/picture-crop-${scheme}-${width}.png` });
    await member.page.keyboard.press("Escape");
    await member.page.getByRole("button", { name: /^Account of/ }).click();
    await member.page.screenshot({ path: `${folder}/menu-${scheme}-${width}.png` });
    await guest.context.close();
    await member.context.close();
    await proofStates(browser, look, async (page, name) => {
      await page.screenshot({ path: `${folder}/${name}-${scheme}-${width}.png` });
    });
  }
}
// An account that will be erased, at its next sign-in.
const gone = await pageOf(browser, { viewport: { width: 1280, height: 860 } });
const leaving = await signedIn(gone.context);
await gone.context.request.delete("/api/profile");
await open(gone.page, "/login");
await gone.page.getByLabel("User name or e-mail").fill(leaving.username);
await gone.page.getByLabel("Password", { exact: true }).fill(leaving.password);
await gone.page.keyboard.press("Enter");
await gone.page.getByRole("heading", { name: "This account will be erased" }).waitFor();
await settled(gone.page);
await gone.page.screenshot({ path: `${folder}/login-leaving-light-1280.png`, fullPage: true });
await browser.close();
console.log(`screenshots are in ${folder}`);
