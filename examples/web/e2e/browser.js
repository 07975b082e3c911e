import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { chromium } from "playwright-core";

export const baseURL = process.env["BASE_URL"] ?? "http://localhost:3000";
export const password = "seven quiet herons at dawn";

/** @typedef {import("playwright-core").Page} Page */
/** @typedef {import("playwright-core").Browser} Browser */
/** @typedef {import("playwright-core").BrowserContext} Context */

const flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

export async function launch() {
  const executablePath = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
  assert.ok(existsSync(executablePath), `no Chromium at ${executablePath}: install it, or name one in CHROMIUM`);
  return chromium.launch({ executablePath, args: flags });
}

// watch collects what must not be there: console errors, uncaught exceptions,
// breaches of the content security policy, and requests to other hosts. Answers
// of the API that a test provokes are named by status in expected.
/** @param {Page} page */
export function watch(page) {
  /** @type {string[]} */
  const problems = [];
  /** @type {Set<number>} */
  const expected = new Set();
  const origin = new URL(baseURL).origin;
  page.on("console", (m) => {
    if (m.type() !== "error" && m.type() !== "warning") return;
    const status = /status of (\d+)/.exec(m.text());
    if (status && expected.has(Number(status[1]))) return;
    if (expected.has(0) && /net::ERR_/.test(m.text())) return;
    problems.push(`${m.type()}: ${m.text()} (${m.location().url})`);
  });
  page.on("pageerror", (e) => problems.push(`exception: ${e.message}`));
  page.on("request", (r) => {
    const url = new URL(r.url());
    if (url.origin !== origin && url.protocol !== "data:" && url.protocol !== "blob:") problems.push(`request to ${r.url()}`);
  });
  return {
    /** @param {...number} statuses */
    expect(...statuses) {
      for (const s of statuses) expected.add(s);
    },
    none() {
      assert.deepEqual(problems, []);
    },
  };
}

// pageOf opens a page that reports breaches of the policy as errors.
/** @param {Browser} browser @param {import("playwright-core").BrowserContextOptions} [options] */
export async function pageOf(browser, options = {}) {
  const context = await browser.newContext({ baseURL, locale: "en-GB", timezoneId: "Europe/Zurich", reducedMotion: "reduce", ...options });
  context.setDefaultTimeout(20_000);
  await context.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (e) => console.error(`policy: ${e.violatedDirective} ${e.blockedURI}`));
  });
  const page = await context.newPage();
  return { context, page, watched: watch(page) };
}

let users = 0;

// newUser are the particulars of somebody who is not registered yet.
export function newUser() {
  const username = `e2e_${Date.now().toString(36)}${(users++).toString(36)}${Math.random().toString(36).slice(2, 7)}`;
  return { username, email: `${username}@example.org`, password };
}

/** @typedef {ReturnType<typeof newUser>} User */

// signedIn registers through the API and gives the browser the session.
/** @param {Context} context */
export async function signedIn(context) {
  const user = newUser();
  const answer = await context.request.post("/api/auth/register", { data: user });
  assert.equal(answer.status(), 201, await answer.text());
  await context.addInitScript(() => localStorage.setItem("profilekit.signedIn", "1"));
  return user;
}

/** @param {Page} page @param {string} path */
export async function open(page, path) {
  await page.goto(path);
  await page.locator("h1").first().waitFor();
}

// settled waits until nothing is loading any more, pictures included.
/** @param {Page} page */
export async function settled(page) {
  await page.waitForFunction(() => document.querySelector(".skeleton, [aria-busy=true]") === null && [...document.images].every((i) => i.complete));
}

/** @param {Context} context @param {string} path @param {unknown} data */
export async function patch(context, path, data) {
  const answer = await context.request.patch(path, { data });
  assert.equal(answer.status(), 200, await answer.text());
  return answer;
}
