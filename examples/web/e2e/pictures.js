import { createCanvasPicture } from "./canvas.js";

/** @typedef {{ name: string, mimeType: string, buffer: Buffer }} File */

// A photo that the browser itself encodes: one half in each of two colours, so
// that a crop can be told from its colour.
/** @param {import("playwright-core").Page} page @param {{left: string, right: string, width?: number, height?: number, type?: string}} look @returns {Promise<File>} */
export async function photo(page, { left, right, width = 1200, height = 800, type = "image/jpeg" }) {
  const base64 = await page.evaluate(createCanvasPicture, { left, right, width, height, type });
  const ext = type.split("/")[1];
  return { name: `photo.${ext}`, mimeType: type, buffer: Buffer.from(base64, "base64") };
}

// colorOf is the colour in the middle of the picture that an img shows.
/** @param {import("playwright-core").Locator} img */
export async function colorOf(img) {
  return img.evaluate(async (node) => {
    const image = /** @type {HTMLImageElement} */ (node);
    await image.decode();
    const canvas = document.createElement("canvas");
    canvas.width = image.naturalWidth;
    canvas.height = image.naturalHeight;
    const c = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    c.drawImage(image, 0, 0);
    const [r = 0, g = 0, b = 0] = c.getImageData(canvas.width >> 1, canvas.height >> 1, 1, 1).data;
    const name = r > 150 && g < 120 && b < 120 ? "red" : b > 150 && r < 120 && g < 120 ? "blue" : g > 100 && r < 120 && b < 120 ? "green" : `rgb(${r} ${g} ${b})`;
    return { name, width: image.naturalWidth, height: image.naturalHeight };
  });
}
