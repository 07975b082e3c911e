import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

// linkIn waits for that many mails to the address whose link leads to that page,
// and returns the newest link. The quickstart leaves its mails as files.
/** @param {string} address @param {string} page @param {number} [mails] */
export async function linkIn(address, page, mails = 1) {
  const folder = process.env["OUTBOX"];
  assert.ok(folder, "OUTBOX names no folder");
  for (let i = 0; i < 400; i++) {
    const links = [];
    for (const name of names(folder)) {
      const mail = readFileSync(join(folder, name), "utf8");
      if (!mail.toLowerCase().includes(`to: <${address.toLowerCase()}>`)) continue;
      const link = new RegExp(`https?://\\S+/(?:account/${page}#token|login#${page})=[\\w-]+`).exec(readable(mail));
      if (link) links.push({ link: link[0], at: statSync(join(folder, name)).mtimeMs });
    }
    links.sort((a, b) => a.at - b.at);
    const newest = links.at(-1);
    if (newest && links.length >= mails) return newest.link;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`there is no link to ${page} in a mail to ${address}`);
}

// confirm follows the link of the registration with the session of context, which has
// proved the mailbox by that.
/** @param {import("playwright-core").BrowserContext} context @param {{ email: string }} user */
export async function confirm(context, user) {
  const token = (await linkIn(user.email, "verify")).split("=")[1];
  const answer = await context.request.post("/api/auth/email/verify", { data: { token } });
  assert.equal(answer.status(), 204, await answer.text());
}

// proofsTo are the codes in the mails to the address that prove the mailbox, the newest
// last; it waits until there are that many.
/** @param {string} address @param {number} mails */
export async function proofsTo(address, mails) {
  const folder = process.env["OUTBOX"];
  assert.ok(folder, "OUTBOX names no folder");
  for (let i = 0; i < 400; i++) {
    const codes = [];
    for (const name of names(folder)) {
      const mail = readFileSync(join(folder, name), "utf8");
      const code = /Your code is (\w{4}-\w{4}-\w{4})/.exec(readable(mail));
      if (code && mail.toLowerCase().includes(`to: <${address.toLowerCase()}>`)) codes.push({ code: code[1] ?? "", at: statSync(join(folder, name)).mtimeMs });
    }
    if (codes.length >= mails) return codes.sort((a, b) => a.at - b.at).map((c) => c.code);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`there are not ${mails} codes in mails to ${address}`);
}

/** @param {string} folder */
function names(folder) {
  try {
    return readdirSync(folder).filter((n) => n.endsWith(".eml"));
  } catch {
    return []; // before the first mail
  }
}

// readable undoes quoted-printable (RFC 2045), as far as links need it.
/** @param {string} mail */
function readable(mail) {
  return mail.replace(/=\r?\n/g, "").replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
}

// codeTo waits for that many text messages to the number and returns the code in
// the newest.
/** @param {string} number @param {number} messages */
export async function codeTo(number, messages) {
  const folder = process.env["OUTBOX"];
  assert.ok(folder, "OUTBOX names no folder");
  for (let i = 0; i < 400; i++) {
    const codes = [];
    for (const name of readdirSync(folder).filter((n) => n.endsWith(".txt"))) {
      const text = readFileSync(join(folder, name), "utf8");
      const code = /\b\d{6}\b/.exec(text.slice(text.indexOf("\n\n")));
      if (text.includes(`To: ${number}\n`) && code) codes.push({ code: code[0], at: statSync(join(folder, name)).mtimeMs });
    }
    codes.sort((a, b) => a.at - b.at);
    const newest = codes.at(-1);
    if (newest && codes.length >= messages) return newest.code;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`there are not ${messages} codes to ${number}`);
}
