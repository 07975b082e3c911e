import { describe, expect, test } from "vitest";
import { isColor, pixelsOf } from "./placeholder.ts";

describe("placeholder", () => {
  // Pixels in the first, the middle and the last column, painted by the author's decoder
  // (npm: thumbhash 0.1.1). The last two are of the Go tests.
  test.each<[string, number, number, ...(number[] | null)[]]>([
    ["1QcSHQRnh493V4dIh4eXh1h4kJUI", 23, 32, [64, 77, 113, 255], [183, 167, 165, 255], [0, 4, 39, 255]],
    ["3OcRJYB4d3h/iIeHeEh3eIhw+j3A", 32, 23, [124, 136, 159, 255], [150, 163, 192, 255], [86, 99, 46, 255]],
    ["YJqGPQw7sFlslqhFafSE+Q6oJ1h2iHB2Rw==", 32, 32, [228, 75, 51, 0], [120, 141, 146, 255], [255, 136, 0, 0]],
    ["nPcFDwozNWZ0d3dyhwiHqId3dIUNIowP", 32, 32, [24, 18, 39, 255], [143, 93, 125, 255], null],
    ["nviFPRArYHiuh4RoaJOQDIh6N2hwhoNJaA==", 32, 32, [76, 129, 125, 0], [125, 128, 170, 223], null],
  ])("%s is painted as its author paints it", (hash, width, height, ...want) => {
    const m = pixelsOf(hash)!;
    expect([m.width, m.height]).toEqual([width, height]);
    const places = [[0, 0], [width >> 1, height >> 2], [width - 1, height - 1]] as const;
    for (const [i, [x, y]] of places.entries()) {
      const expected = want[i];
      if (!expected) continue;
      const at = 4 * (y * width + x);
      for (const c of [0, 1, 2, 3]) expect(Math.abs(m.data[at + c]! - expected[c]!), `${x},${y}`).toBeLessThanOrEqual(1);
    }
  });

  test("anything else is none", () => {
    for (const text of ["", "#8b94a3", "not base64!", "AAAA", "LEHV6nWB2yk8", "nPcFDwozNWZ0d3dyhwiHqId3dIUN", "nviFPRArYHiuh4RoaJOQDIh6N2hwhoM="]) {
      expect(pixelsOf(text), text).toBeNull();
    }
  });

  test("the average colour of older pictures still is one", () => {
    for (const text of ["#8b94a3", "#FFFFFF"]) expect(isColor(text)).toBe(true);
    for (const text of ["", "#fff", "red", "#8b94a3;", "url(x)", "nPcFDwozNWZ0d3dyhwiHqId3dIUNIowP"]) expect(isColor(text)).toBe(false);
  });
});
