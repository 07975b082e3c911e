// What can go wrong with a picture, and how it is told.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, open, pageOf, signedIn } from "./browser.js";
import { colorOf, photo } from "./pictures.js";

// Four coloured quarters of 32 pixels, by heif-enc.
const heicCard =
  "AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAUJtZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAAAA5waXRtAAAAAAABAAAAImlsb2MAAAAAREAAAQABAAAAAAFmAAEAAAAAAAAAOQAAACNpaW5mAAAAAAABAAAAFWluZmUCAAAAAAEAAGh2YzEAAAAAwmlwcnAAAACkaXBjbwAAAHhodmNDAQNwAAAAAAAAAAAAHvAA/P34+AAADwMgAAEAGEABDAH//wNwAAADAJAAAAMAAAMAHroCQCEAAQArQgEBA3AAAAMAkAAAAwAAAwAeoCCBBZbqSSmubgQEDAgAAAMACAAAAwAIQCIAAQAHRAHBcrAiQAAAABRpc3BlAAAAAAAAAEAAAABAAAAAEHBpeGkAAAAAAwgICAAAABZpcG1hAAAAAAAAAAEAAQOBAoMAAABBbWRhdAAAADUoAa9Y+Q6SX//znd//lR6Q+xFmJLfhkq/6ZEn/sua5f/2UdsffO0P+8vQL/+5Er/ZoB/0u/w==";

/** @type {import("playwright-core").Browser} */
let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

async function atDialog() {
  const opened = await pageOf(browser);
  await signedIn(opened.context);
  await open(opened.page, "/profile");
  await opened.page.getByRole("button", { name: "Add a picture" }).click();
  const { page } = opened;
  const dialog = page.getByRole("dialog", { name: "Profile picture" });
  return { ...opened, dialog, choose: dialog.getByLabel("Picture file"), upload: dialog.getByRole("button", { name: "Upload" }), error: dialog.getByRole("alert") };
}

test("a file that is too large, or no picture, is told before anything is sent", async () => {
  const { page, watched, choose, error } = await atDialog();
  let sent = 0;
  page.on("request", (r) => (sent += r.method() === "PUT" ? 1 : 0));
  await choose.setInputFiles({ name: "huge.jpg", mimeType: "image/jpeg", buffer: Buffer.alloc(10 * 1024 * 1024 + 1) });
  await error.getByText("This file is too large. A picture may have up to 10 MB.").waitFor();
  await choose.setInputFiles({ name: "notes.txt", mimeType: "text/plain", buffer: Buffer.from("not a picture") });
  await error.getByText("This kind of file is not supported").waitFor();
  assert.equal(sent, 0);
  watched.none();
});

test("the server's own judgement is told: another kind, a damaged file", async () => {
  const { page, watched, choose, upload, error, dialog } = await atDialog();
  watched.expect(415, 422);
  await choose.setInputFiles({ name: "drawing.png", mimeType: "image/png", buffer: Buffer.from("<svg xmlns='http://www.w3.org/2000/svg'/>") });
  await dialog.getByText("This browser cannot show").waitFor();
  await upload.click();
  await error.getByText("An SVG drawing is not supported; send a JPEG, PNG, GIF, WebP or HEIC picture.").waitFor();

  const whole = await photo(page, { left: "#e02020", right: "#2020e0", type: "image/png" });
  await choose.setInputFiles({ ...whole, buffer: whole.buffer.subarray(0, whole.buffer.length - 400) });
  await upload.click();
  await error.getByText(/^This picture cannot be used: /).waitFor();

  // The dialog is still good for another try.
  await choose.setInputFiles(whole);
  await upload.click();
  await page.getByText("Your picture is up.").waitFor();
  watched.none();
});

test("a photo of an iPhone is taken, although this browser cannot show it", async () => {
  const { page, watched, choose, upload, dialog } = await atDialog();
  await choose.setInputFiles({ name: "IMG_0001.HEIC", mimeType: "image/heic", buffer: Buffer.from(heicCard, "base64") });
  await dialog.getByText("This browser cannot show").waitFor();
  await upload.click();
  await page.getByText("Your picture is up.").waitFor();
  await page.getByAltText("Your picture").waitFor();
  watched.none();
});

test("limits, a busy server and a lost connection are told, and the old picture stays", async () => {
  const { page, context, watched, choose, upload, error } = await atDialog();
  watched.expect(429, 503, 413, 500, 0);
  await choose.setInputFiles(await photo(page, { left: "#e02020", right: "#e02020" }));
  await upload.click();
  const shown = page.getByAltText("Your picture");
  await shown.waitFor();
  await page.getByRole("button", { name: "Change picture" }).click();
  await choose.setInputFiles(await photo(page, { left: "#2020e0", right: "#2020e0" }));

  /** @param {number} status @param {string} code @param {Record<string, string>} [headers] */
  const answer = (status, code, headers = {}) =>
    page.route("**/api/profile/picture*", (route) => route.fulfill({ status, contentType: "application/problem+json", headers: { "X-Request-Id": "REQUEST17", ...headers }, body: JSON.stringify({ status, title: "x", detail: "Something.", code }) }), { times: 1 });

  await answer(429, "rate_limited", { "Retry-After": "1500" });
  await upload.click();
  await error.getByText("You have uploaded many pictures in a short time. Try again in 25 minutes.").waitFor();
  await answer(503, "unavailable", { "Retry-After": "2" });
  await upload.click();
  await error.getByText("Try again in 2 seconds.").waitFor();
  await answer(413, "too_large");
  await upload.click();
  await error.getByText("This file is too large.").waitFor();
  await answer(500, "internal");
  await upload.click();
  await error.getByText("tell us this reference: REQUEST17").waitFor();
  await page.route("**/api/profile/picture*", (route) => route.abort("connectionreset"), { times: 1 });
  await upload.click();
  await error.getByText("The server could not be reached.").waitFor();
  await context.setOffline(true);
  await upload.click();
  await error.getByText("You are offline.").waitFor();
  await context.setOffline(false);

  await page.keyboard.press("Escape");
  assert.equal((await colorOf(shown)).name, "red");
  await page.reload();
  assert.equal((await colorOf(shown)).name, "red");
  watched.none();
});

test("an upload shows its progress and can be cancelled", async () => {
  const { page, context, watched, choose, upload, dialog } = await atDialog();
  watched.expect(0);
  const network = await context.newCDPSession(page);
  await choose.setInputFiles(await photo(page, { left: "#e02020", right: "#2020e0", width: 3000, height: 2000, type: "image/png" }));
  const big = await page.evaluate(() => {
    // Noise does not compress: a file large enough to be on its way for a while.
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = 1200;
    const c = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    const data = c.createImageData(1200, 1200);
    for (let i = 0; i < data.data.length; i += 65536) crypto.getRandomValues(data.data.subarray(i, i + 65536));
    for (let i = 3; i < data.data.length; i += 4) data.data[i] = 255;
    c.putImageData(data, 0, 0);
    return canvas.toDataURL("image/png").split(",")[1] ?? "";
  });
  await choose.setInputFiles({ name: "noise.png", mimeType: "image/png", buffer: Buffer.from(big, "base64") });
  await dialog.getByAltText("Preview of your choice").waitFor();
  await network.send("Network.emulateNetworkConditions", { offline: false, latency: 5, downloadThroughput: -1, uploadThroughput: 600 * 1024 });
  await upload.click();
  const bar = dialog.getByRole("progressbar", { name: "Upload" });
  await bar.waitFor();
  await page.waitForFunction(() => {
    const p = document.querySelector("progress");
    return p !== null && p.position > 0 && p.position < 1;
  });
  const seen = await bar.evaluate((p) => /** @type {HTMLProgressElement} */ (p).position);
  await page.waitForFunction((least) => (document.querySelector("progress")?.position ?? 0) > least, seen);
  await dialog.getByRole("button", { name: "Cancel upload" }).click();
  await upload.waitFor();
  assert.equal(await dialog.getByRole("alert").innerText(), "", "cancelling is not a fault");
  assert.equal((await (await context.request.get("/api/profile")).json()).profilePicture, null);
  watched.none();
});

test("a picture is dropped onto the page, turned to a square by mouse, and removed", async () => {
  const { page, context, watched } = await pageOf(browser);
  await signedIn(context);
  await open(page, "/profile");
  const file = await photo(page, { left: "#e02020", right: "#2020e0" });
  const transfer = await page.evaluateHandle(({ base64, name, type }) => {
    const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
    const data = new DataTransfer();
    data.items.add(new File([bytes], name, { type }));
    return data;
  }, { base64: file.buffer.toString("base64"), name: file.name, type: file.mimeType });
  const hero = page.getByRole("region", { name: "Picture" });
  await hero.dispatchEvent("dragover", { dataTransfer: transfer });
  await hero.dispatchEvent("drop", { dataTransfer: transfer });
  const cropper = page.locator(".cropper-window");
  await cropper.locator("img").waitFor();
  const box = await cropper.boundingBox();
  assert.ok(box);
  // Pulling the picture to the left shows its right part.
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.move(box.x - box.width, box.y + box.height / 2, { steps: 5 });
  await page.mouse.up();
  const sent = page.waitForRequest((r) => r.method() === "PUT");
  await page.getByRole("button", { name: "Upload" }).click();
  assert.equal(new URL((await sent).url()).search, "?crop=400,0,800");
  const shown = page.getByAltText("Your picture");
  assert.equal((await colorOf(shown)).name, "blue");

  await page.getByRole("button", { name: "Remove", exact: true }).click();
  await page.getByRole("button", { name: "Remove picture" }).click();
  await page.getByText("Picture removed.").waitFor();
  assert.equal(await shown.count(), 0);
  assert.equal((await (await context.request.get("/api/profile")).json()).profilePicture, null);
  watched.none();
});

test("until the picture is loaded, a blurred one is painted in its place", async () => {
  const { page, context, watched } = await pageOf(browser);
  await signedIn(context);
  await open(page, "/profile");
  const file = await photo(page, { left: "#e02020", right: "#2020e0", width: 800 });
  const put = await context.request.put("/api/profile/picture", { data: file.buffer, headers: { "Content-Type": file.mimeType, "Sec-Fetch-Site": "same-origin" } });
  assert.equal(put.status(), 200, await put.text());

  let release = () => {};
  /** @type {Promise<void>} */
  const held = new Promise((resolve) => (release = resolve));
  await page.route("**/api/pictures/**", async (route) => {
    await held;
    await route.continue();
  });
  await page.reload({ waitUntil: "domcontentloaded" });
  const shown = page.getByAltText("Your picture");
  await shown.waitFor();
  const painted = await shown.evaluate(async (node) => {
    const url = getComputedStyle(node).backgroundImage.match(/^url\("(data:image\/png;base64,.*)"\)$/)?.[1] ?? "";
    const image = new Image();
    image.src = url;
    await image.decode();
    const canvas = document.createElement("canvas");
    const c = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    c.drawImage(image, 0, 0);
    const row = [...c.getImageData(0, 16, 32, 1).data];
    return { width: image.naturalWidth, left: row.slice(4 * 6, 4 * 7), right: row.slice(4 * 25, 4 * 26) };
  });
  assert.equal(painted.width, 32);
  const [[r = 0, , b = 255] = [], [r2 = 255, , b2 = 0] = []] = [painted.left, painted.right];
  assert.ok(r > b + 80 && b2 > r2 + 80, JSON.stringify(painted));

  release();
  assert.equal((await colorOf(shown)).width > 32, true);
  await page.waitForFunction((node) => node !== null && getComputedStyle(node).backgroundImage === "none", await shown.elementHandle());

  // The average colour, which older pictures have.
  await page.unroute("**/api/pictures/**");
  const again = new Promise((resolve) => (release = () => resolve(undefined)));
  await page.route("**/api/pictures/**", async (route) => {
    await again;
    await route.continue();
  });
  await page.route("**/api/profile", async (route) => {
    const answer = await route.fetch();
    const user = await answer.json();
    await route.fulfill({ response: answer, json: { ...user, picturePlaceholder: "#8b94a3" } });
  });
  await page.reload({ waitUntil: "domcontentloaded" });
  await shown.waitFor();
  assert.equal(await shown.evaluate((node) => getComputedStyle(node).backgroundColor), "rgb(139, 148, 163)");
  release();
  assert.equal((await colorOf(shown)).width > 32, true);
  watched.none();
});
