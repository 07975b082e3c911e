// The states of the two proofs: accessibility in both schemes, width, console.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch } from "./browser.js";
import { looks, overflow, violations } from "./looks.js";
import { proofStates } from "./proof-states.js";

/** @type {import("playwright-core").Browser} */
let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

for (const { colorScheme, width } of looks) {
  test(`every state of the two proofs is accessible and fits: ${colorScheme}, ${width} px`, async () => {
    let states = 0;
    await proofStates(browser, { colorScheme, viewport: { width, height: 800 } }, async (page, name) => {
      states++;
      assert.deepEqual(await violations(page), [], name);
      assert.deepEqual(await overflow(page), { scroll: 0, wide: [] }, name);
    });
    assert.equal(states, 9);
  });
}
