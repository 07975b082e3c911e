// Passkeys, with the browser's own virtual authenticator.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, open, pageOf, signedIn } from "./browser.js";
import { confirm } from "./outbox.js";

/** @type {import("playwright-core").Browser} */
let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

/** @param {import("playwright-core").Page} page */
async function authenticator(page) {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send("WebAuthn.enable");
  const { authenticatorId } = await cdp.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  return {
    count: async () => (await cdp.send("WebAuthn.getCredentials", { authenticatorId })).credentials.length,
    verify: (/** @type {boolean} */ yes) => cdp.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: yes }),
    touch: (/** @type {boolean} */ yes) => cdp.send("WebAuthn.setAutomaticPresenceSimulation", { authenticatorId, enabled: yes }),
    clear: () => cdp.send("WebAuthn.clearCredentials", { authenticatorId }),
  };
}

test("a passkey is added, signs in alone and as the second step, is renamed and removed", async () => {
  const { page, context, watched } = await pageOf(browser);
  watched.expect(401, 422);
  const user = await signedIn(context);
  await confirm(context, user);
  const device = await authenticator(page);
  await open(page, "/security");
  await page.getByRole("button", { name: "Add a passkey" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel(/^Name/).fill("Laptop");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: /recovery codes/i }).first().waitFor();
  assert.equal(await device.count(), 1);
  await page.getByRole("dialog").getByRole("button", { name: /done|close|kept/i }).last().click();
  await page.locator("[data-passkey]").filter({ hasText: "Laptop" }).waitFor();
  await page.getByText(/codes?\b.* left|are left/).first().waitFor();

  const signOut = async () => {
    await device.touch(false); // else it answers what the page suggests before the button is there
    await context.clearCookies();
    await page.evaluate(() => localStorage.clear());
    await open(page, "/login");
    await page.getByRole("button", { name: "Use a passkey" }).waitFor();
  };
  const press = async () => {
    await device.touch(true);
    await page.getByRole("button", { name: "Use a passkey" }).click();
  };
  // Alone: nobody types a name.
  await signOut();
  await press();
  await page.getByRole("heading", { name: "Profile" }).waitFor();
  const me = await (await context.request.get("/api/profile")).json();
  assert.equal(me.username, user.username);

  // As the second step after the password.
  await signOut();
  await page.getByLabel("User name or e-mail").fill(user.username);
  await page.getByLabel("Password", { exact: true }).fill(user.password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByRole("heading", { name: "One more step" }).waitFor();
  await device.touch(true);
  await page.getByRole("button", { name: "Use your passkey" }).click();
  await page.getByRole("heading", { name: "Profile" }).waitFor();

  // A person who is not verified is not let in.
  await device.verify(false);
  await signOut();
  await press();
  await page.getByText("No passkey was used.").waitFor();
  await device.verify(true);
  await press();
  await page.getByRole("heading", { name: "Profile" }).waitFor();

  await open(page, "/security");
  await page.getByRole("button", { name: "Rename Laptop" }).click();
  await page.getByRole("dialog").getByLabel(/^Name/).fill("Key ring");
  await page.keyboard.press("Enter");
  await page.locator("[data-passkey]").filter({ hasText: "Key ring" }).waitFor();
  await page.getByRole("button", { name: "Remove Key ring" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
  await page.getByText("There are none.").waitFor();

  // The authenticator still has it; the account does not.
  await signOut();
  await press();
  await page.getByText("This passkey is not known here.").waitFor();
  await page.getByLabel("User name or e-mail").fill(user.username);
  await page.getByLabel("Password", { exact: true }).fill(user.password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByRole("heading", { name: "Profile" }).waitFor();
  watched.none();
});

test("a passkey is suggested where the user name is typed", async () => {
  const { page, context, watched } = await pageOf(browser);
  watched.expect(401);
  await confirm(context, await signedIn(context));
  await authenticator(page);
  await open(page, "/security");
  await page.getByRole("button", { name: "Add a passkey" }).click();
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: /recovery codes/i }).first().waitFor();
  await context.clearCookies();
  await page.evaluate(() => localStorage.clear());
  // The virtual authenticator chooses for the person as soon as it may.
  await open(page, "/login");
  await page.getByRole("heading", { name: "Profile" }).waitFor({ timeout: 10_000 });
  watched.none();
});
