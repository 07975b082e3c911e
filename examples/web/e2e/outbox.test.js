// The page of what was not sent: a newcomer finds the link of the sign-up there.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { launch, newUser, open, pageOf, settled } from "./browser.js";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** @type {import("playwright-core").Browser} */
let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

test("who signs up is told where the mail is, and its link confirms the address", async () => {
  const { page, context, watched } = await pageOf(browser);
  const user = newUser();
  await open(page, "/register");
  await page.getByLabel("User name").fill(user.username);
  await page.getByLabel("E-mail").fill(user.email);
  await page.getByLabel("Password", { exact: true }).fill(user.password);
  await page.keyboard.press("Enter");
  await page.getByText("Not confirmed yet.").waitFor();
  await page.getByText("This server sends no mail.").waitFor();
  const opened = context.waitForEvent("page");
  await page.getByRole("link", { name: "Look in its outbox" }).click();
  const outbox = await opened;
  await outbox.getByRole("heading", { name: "Outbox" }).waitFor();
  // The page looks for new messages by itself: nothing here reloads it.
  const mail = outbox.getByRole("article").filter({ hasText: `To ${user.email}` });
  await mail.waitFor();
  await mail.getByRole("link").filter({ hasText: "/account/verify#token=" }).click();
  await outbox.waitForURL("**/account/verify");
  await outbox.getByRole("button").first().click();
  await outbox.getByRole("status").filter({ hasText: /\S/ }).first().waitFor();
  await page.reload();
  await page.getByText("Confirmed. This is where we reach you.").waitFor();
  assert.equal(await page.getByText("This server sends no mail.").count(), 0, "nothing waits for a mail any more");
  watched.none();
});

test("a forgotten password says where to look, on a narrow screen too", async () => {
  const { page, watched } = await pageOf(browser, { viewport: { width: 360, height: 740 } });
  await open(page, "/forgot");
  await page.getByLabel("E-mail").fill(newUser().email);
  await page.keyboard.press("Enter");
  await page.getByText("a link is on its way to it.").waitFor();
  assert.equal(await page.getByRole("link", { name: "Look in its outbox" }).getAttribute("href"), "/outbox");
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), 0);
  watched.none();
});

// untilThere waits until the page shows a message to the address.
/** @param {import("playwright-core").BrowserContext} context @param {string} address */
async function untilThere(context, address) {
  for (let i = 0; i < 400; i++) {
    if ((await (await context.request.get("/outbox")).text()).includes(`To ${address}`)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`there is no message to ${address}`);
}

for (const colorScheme of /** @type {const} */ (["light", "dark"])) {
  for (const width of [360, 1280]) {
    test(`the outbox is accessible and fits: ${colorScheme}, ${width} px`, async () => {
      const { page, context, watched } = await pageOf(browser, { colorScheme, viewport: { width, height: 800 } });
      const user = newUser();
      await context.request.post("/api/auth/register", { data: user });
      // Without its refresh, which may come amid what is looked at here.
      await page.route("/outbox", async (route) => {
        const answer = await route.fetch();
        const body = await answer.text();
        assert.ok(body.includes('<meta http-equiv="refresh" content="5" />'));
        await route.fulfill({ response: answer, body: body.replace(/<meta http-equiv="refresh"[^>]*>/, "") });
      });
      await untilThere(context, user.email);
      await open(page, "/outbox");
      await page.getByRole("article").first().waitFor();
      await settled(page);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.equal(wide, 0);
      await page.evaluate(axe);
      const violations = await page.evaluate(async () => {
        // @ts-expect-error axe is a global of the script above
        const result = await axe.run(document, { resultTypes: ["violations"] });
        return result.violations.map((/** @type {{id: string}} */ v) => v.id);
      });
      assert.deepEqual(violations, []);
      watched.none();
    });
  }
}

test("nobody who comes through a proxy is told of it", async () => {
  const { context } = await pageOf(browser);
  const headers = { "X-Forwarded-For": "192.0.2.7" };
  assert.equal((await context.request.get("/outbox", { headers })).status(), 404);
  assert.ok(!(await (await context.request.get("/login", { headers })).text()).includes("outbox"));
  assert.ok((await (await context.request.get("/login")).text()).includes('name="outbox"'));
});
