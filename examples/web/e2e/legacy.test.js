// The replaced application's two components, unchanged, against the server.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { extname, join, normalize } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { launch, pageOf, signedIn } from "./browser.js";
import { colorOf, photo } from "./pictures.js";

const folder = fileURLToPath(new URL("../legacy/build/", import.meta.url));
const types = /** @type {Record<string, string>} */ ({ ".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8" });

/** @type {import("playwright-core").Browser} */
let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

// opened serves the built components at the server's own origin, so that the
// server itself needs not ship them.
async function opened() {
  const all = await pageOf(browser);
  await all.page.route("**/legacy/**", (route) => {
    const path = normalize(new URL(route.request().url()).pathname.replace("/legacy/", "") || "index.html");
    assert.ok(!path.startsWith(".."));
    return route.fulfill({ body: readFileSync(join(folder, path)), contentType: types[extname(path)] ?? "application/octet-stream" });
  });
  const user = await signedIn(all.context);
  await all.page.goto("/legacy/");
  return { ...all, user };
}

test("GET /api/profile with axios: name, e-mail, and the default picture until there is one", async () => {
  const { page, user, watched } = await opened();
  await page.getByRole("heading", { name: user.username }).waitFor();
  await page.getByText(user.email).waitFor();
  const current = page.locator("#current");
  assert.equal(await current.getAttribute("src"), "/default-avatar.png");
  assert.ok((await colorOf(current)).width > 0, "the default picture is there");
  watched.none();
});

test("POST /upload-profile with axios: the picture is shown from response.data.imageUrl", async () => {
  const { page, context, watched } = await opened();
  await page.getByRole("heading").waitFor();
  const sent = page.waitForRequest("**/upload-profile");
  await page.getByLabel("Profile picture").setInputFiles(await photo(page, { left: "#e02020", right: "#e02020" }));
  await page.getByRole("button", { name: "Upload" }).click();
  const uploaded = page.locator("#uploaded");
  await uploaded.waitFor();
  assert.equal((await colorOf(uploaded)).name, "red");
  const answer = await (await sent).response();
  assert.deepEqual(await answer?.json(), { success: true, imageUrl: await uploaded.getAttribute("src") });

  await page.reload();
  const current = page.locator("#current");
  assert.equal((await colorOf(current)).name, "red", "the profile shows it from now on");
  assert.equal((await (await context.request.get("/api/profile")).json()).profilePicture, await current.getAttribute("src"));
  watched.none();
});

test("a refused upload has the old form of an error", async () => {
  const { page, context, watched } = await opened();
  watched.expect(415, 401);
  await page.getByRole("heading").waitFor();
  await page.getByLabel("Profile picture").setInputFiles({ name: "notes.jpg", mimeType: "image/jpeg", buffer: Buffer.from("not a picture at all") });
  const answered = page.waitForResponse("**/upload-profile");
  await page.getByRole("button", { name: "Upload" }).click();
  const answer = await answered;
  const body = await answer.json();
  assert.equal(answer.status(), 415);
  assert.equal(body.success, false);
  await page.getByRole("alert").getByText(body.message).waitFor();

  await context.clearCookies();
  const again = page.waitForResponse("**/upload-profile");
  await page.getByRole("button", { name: "Upload" }).click();
  assert.equal((await again).status(), 401);
  watched.none();
});
