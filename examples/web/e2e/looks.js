// What every page is checked for, whatever it shows.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

// The schemes and widths that every page is looked at in. Each scheme and each width is once
// among the first two; PROFILEKIT_LONG=1 has all four.
/** @type {{colorScheme: "light" | "dark", width: number}[]} */
const all = [
  { colorScheme: "light", width: 360 },
  { colorScheme: "dark", width: 1280 },
  { colorScheme: "dark", width: 360 },
  { colorScheme: "light", width: 1280 },
];
export const looks = process.env["PROFILEKIT_LONG"] ? all : all.slice(0, 2);

/** @param {import("playwright-core").Page} page */
export async function violations(page) {
  // Through the debugger, so that the policy of the page stays in force.
  await page.evaluate(axe);
  return page.evaluate(async () => {
    // @ts-expect-error axe is a global of the script above
    const result = await axe.run(document, { resultTypes: ["violations"] });
    return result.violations.map((/** @type {{id: string, impact: string, nodes: {target: string[], failureSummary: string}[]}} */ v) => `${v.impact} ${v.id}: ${v.nodes.map((n) => `${n.target.join(" ")} ${n.failureSummary}`).join(" | ")}`);
  });
}

/** @param {import("playwright-core").Page} page */
export const overflow = (page) =>
  page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    const wide = [...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > width + 0.5 && !e.closest(".cropper-window, .crop-preview, .visually-hidden, .skip, .tabs"));
    return { scroll: document.documentElement.scrollWidth - width, wide: wide.slice(0, 3).map((e) => `${e.tagName}.${e.className}`) };
  });
