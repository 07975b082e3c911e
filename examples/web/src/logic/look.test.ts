import { describe, expect, test } from "vitest";
import { accentOf, contrast, defaultAccent, parse } from "./color.ts";
import { cropOf, frameOf, maxZoom, pan, zoomTo } from "./crop.ts";
import { mergePatch } from "./merge.ts";
import { hueOf, initials, safeLink, safeNext } from "./paths.ts";
import { dayLabel, plainDate, relative } from "./time.ts";

describe("accent", () => {
  test("stays readable whatever is chosen", () => {
    const steps = ["00", "33", "66", "99", "cc", "ff"];
    for (const r of steps) for (const g of steps) for (const b of steps) {
      const a = accentOf(`#${r}${g}${b}`);
      for (const [shades, surface] of [[a.light, "#ffffff"], [a.dark, "#161a21"]] as const) {
        const [fill, on, text, ground] = [shades.fill, shades.on, shades.text, surface].map((c) => parse(c)!) as [never, never, never, never];
        expect(contrast(fill, on), `on ${shades.fill}`).toBeGreaterThanOrEqual(4.5);
        expect(contrast(text, ground), `text ${shades.text}`).toBeGreaterThanOrEqual(4.5);
        expect(contrast(fill, ground), `fill ${shades.fill}`).toBeGreaterThanOrEqual(3);
      }
    }
  });
  test("nonsense is the default", () => {
    expect(accentOf("red")).toEqual(accentOf(defaultAccent));
    expect(accentOf("#12345")).toEqual(accentOf(defaultAccent));
  });
  test("contrast is that of WCAG", () => {
    expect(contrast([0, 0, 0], [255, 255, 255])).toBeCloseTo(21, 5);
    expect(contrast([118, 118, 118], [255, 255, 255])).toBeCloseTo(4.54, 2);
  });
});

describe("crop", () => {
  test("starts as the largest square in the middle", () => {
    expect(cropOf(frameOf(1200, 800))).toEqual({ x: 200, y: 0, size: 800 });
    expect(cropOf(frameOf(801, 1200))).toEqual({ x: 0, y: 200, size: 801 });
    expect(cropOf(frameOf(1, 1))).toEqual({ x: 0, y: 0, size: 1 });
  });
  test("never leaves the picture, however it is moved and zoomed", () => {
    for (const [w, h] of [[1200, 800], [333, 1001], [97, 4000], [50, 50], [1, 3]] as const) {
      for (const zoom of [0, 1, 1.37, 3, 100]) {
        for (const [dx, dy] of [[0, 0], [1e6, -1e6], [-1e6, 1e6], [0.4, 0.6], [-17.5, 23.1]] as const) {
          const c = cropOf(pan(zoomTo(frameOf(w, h), zoom), dx, dy));
          expect(c.x).toBeGreaterThanOrEqual(0);
          expect(c.y).toBeGreaterThanOrEqual(0);
          expect(c.size).toBeGreaterThanOrEqual(1);
          expect(c.x + c.size).toBeLessThanOrEqual(w);
          expect(c.y + c.size).toBeLessThanOrEqual(h);
          expect([c.x, c.y, c.size].every(Number.isInteger)).toBe(true);
        }
      }
    }
  });
  test("small pictures are not enlarged to single pixels", () => {
    expect(maxZoom({ width: 90, height: 500 })).toBe(1);
    expect(maxZoom({ width: 4000, height: 3000 })).toBe(8);
  });
});

test("a setting is shown merged, and a null waits for the answer", () => {
  const s = { appearance: { theme: "light", accent: "#000000" }, locale: "en", list: [1, 2] };
  expect(mergePatch(s, { appearance: { theme: "dark" } })).toEqual({ ...s, appearance: { theme: "dark", accent: "#000000" } });
  expect(mergePatch(s, { locale: null, list: [3] })).toEqual({ ...s, list: [3] });
  expect(s.appearance.theme).toBe("light");
});

test("after a sign-in the page goes nowhere but to its own pages", () => {
  for (const good of ["/security", "/settings/privacy", "/u/ada", "/activity?x=1", "/profile"]) expect(safeNext(good)).toBe(good);
  for (const bad of [null, "", "https://elsewhere.example", "//elsewhere.example", "/\\elsewhere.example", "javascript:alert(1)", "/login", "/api/profile", "profile", "/\t/elsewhere.example", "/unknown"]) {
    expect(safeNext(bad), String(bad)).toBe("/profile");
  }
});

test("links are shown as links only when they lead to the web", () => {
  expect(safeLink("https://example.org/a/?q=1")).toEqual({ href: "https://example.org/a/?q=1", text: "example.org/a?q=1" });
  expect(safeLink("https://example.org/")?.text).toBe("example.org");
  for (const bad of ["javascript:alert(1)", "data:text/html,x", "nonsense", "ftp://example.org"]) expect(safeLink(bad)).toBeNull();
});

test("initials and colours stand in for a picture", () => {
  expect(initials("Ada Lovelace", "ada")).toBe("AL");
  expect(initials("  Ada  Augusta   Lovelace ", "ada")).toBe("AL");
  expect(initials("Ada", "x")).toBe("A");
  expect(initials(null, "grace")).toBe("G");
  expect(initials("👩‍🚀 Zoë", "z")).toHaveLength(3);
  expect(hueOf("Ada")).toBe(hueOf("ada"));
  expect(hueOf("ada")).toBeLessThan(360);
});

describe("time", () => {
  const now = Date.parse("2026-11-23T12:00:00Z");
  const ago = (seconds: number) => relative(new Date(now - seconds * 1000).toISOString(), now, "en");
  test("relative times choose their unit", () => {
    expect([ago(-100), ago(5), ago(50), ago(90), ago(3599), ago(7200), ago(86_400), ago(86_400 * 3), ago(86_400 * 8), ago(86_400 * 60), ago(86_400 * 800)]).toEqual([
      "just now", "just now", "50 seconds ago", "1 minute ago", "1 hour ago", "2 hours ago", "yesterday", "3 days ago", "last week", "2 months ago", "2 years ago",
    ]);
  });
  test("days are those of the person's own zone", () => {
    const late = "2026-11-22T23:30:00Z";
    expect(dayLabel(late, now, { locale: "en", timeZone: "UTC" })).toBe("Yesterday");
    expect(dayLabel(late, now, { locale: "en", timeZone: "Europe/Zurich" })).toBe("Today");
    expect(dayLabel("2026-11-01T12:00:00Z", now, { locale: "en-GB", timeZone: "UTC" })).toMatch(/^Sunday,? 1 November 2026$/);
  });
  test("a birthday is the same day everywhere, and an unknown zone is not an error", () => {
    expect(plainDate("1990-12-10", "en-GB")).toBe("10 December 1990");
    expect(dayLabel("2026-11-01T12:00:00Z", now, { locale: "en-GB", timeZone: "Mars/Olympus" })).toContain("2026");
  });
});
