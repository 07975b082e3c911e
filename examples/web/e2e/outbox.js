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
