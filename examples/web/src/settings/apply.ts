import type { Appearance } from "../api/types.ts";
import { accentOf } from "../logic/color.ts";

export const appearanceKey = "profilekit.appearance";

// applyAppearance puts the choices onto the page and keeps them for
// public/theme.js, which runs before the first paint of the next load.
export function applyAppearance(a: Appearance): void {
  const root = document.documentElement;
  const accent = accentOf(a.accent);
  set("theme", a.theme === "system" ? null : a.theme);
  set("density", a.density === "compact" ? "compact" : null);
  set("motion", a.reducedMotion ? "reduced" : null);
  root.style.setProperty("--font-scale", String(a.fontScale));
  for (const scheme of ["light", "dark"] as const) {
    for (const name of ["fill", "on", "text"] as const) {
      root.style.setProperty(`--accent-${name}-${scheme}`, accent[scheme][name]);
    }
  }
  tintBrowser();
  try {
    localStorage.setItem(appearanceKey, JSON.stringify({ ...a, accent, chosenAccent: a.accent }));
  } catch {
    // Without storage the next load starts with the system's theme.
  }
}

// storedAppearance is what another tab has just kept.
export function storedAppearance(text: string | null): Appearance | null {
  try {
    const a = JSON.parse(text ?? "null") as (Omit<Appearance, "accent"> & { chosenAccent?: unknown }) | null;
    if (a === null || typeof a.chosenAccent !== "string") return null;
    return { theme: a.theme, density: a.density, fontScale: a.fontScale, reducedMotion: a.reducedMotion, accent: a.chosenAccent };
  } catch {
    return null;
  }
}

// tintBrowser gives the browser's own bars the page's background.
export function tintBrowser(): void {
  const meta = document.querySelector('meta[name="theme-color"]');
  meta?.setAttribute("content", getComputedStyle(document.body).backgroundColor);
}

function set(name: string, value: string | null): void {
  const root = document.documentElement;
  if (value === null) delete root.dataset[name];
  else root.dataset[name] = value;
}
