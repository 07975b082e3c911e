// Where the page may go after a sign-in: a path of its own, never another site.
export function safeNext(value: string | null): string {
  const fallback = "/profile";
  if (!value || !/^\/(?![/\\])/.test(value)) return fallback;
  try {
    const url = new URL(value, "http://page.invalid");
    if (url.host !== "page.invalid") return fallback;
    const path = url.pathname + url.search;
    return /^\/(profile|activity|security|settings\/|u\/)/.test(path) ? path : fallback;
  } catch {
    return fallback;
  }
}

// initials stand in for a picture.
export function initials(displayName: string | null | undefined, username: string): string {
  const words = (displayName ?? "").trim().split(/\s+/).filter(Boolean);
  const text = words.length > 1 ? `${first(words[0]!)}${first(words.at(-1)!)}` : first(words[0] ?? username);
  return text.toUpperCase();
}

function first(word: string): string {
  return Array.from(word)[0] ?? "";
}

// hueOf gives every user name its own colour behind the initials.
export function hueOf(username: string): number {
  let h = 0;
  for (const c of username.toLowerCase()) h = (h * 31 + c.codePointAt(0)!) % 360;
  return h;
}

// safeLink is a link that may be shown as one: http and https only.
export function safeLink(link: string): { href: string; text: string } | null {
  try {
    const url = new URL(link);
    if (url.protocol !== "https:" && url.protocol !== "http:") return null;
    return { href: url.href, text: (url.host + url.pathname).replace(/\/$/, "") + url.search };
  } catch {
    return null;
  }
}
