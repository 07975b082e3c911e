// Runs in the page: draws two colours and answers with the encoded file.
/** @param {{left: string, right: string, width: number, height: number, type: string}} look @returns {Promise<string>} */
export async function createCanvasPicture({ left, right, width, height, type }) {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const c = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  c.fillStyle = left;
  c.fillRect(0, 0, width / 2, height);
  c.fillStyle = right;
  c.fillRect(width / 2, 0, width / 2, height);
  /** @type {Blob} */
  const blob = await new Promise((resolve) => canvas.toBlob((b) => resolve(/** @type {Blob} */ (b)), type, 0.9));
  const bytes = new Uint8Array(await blob.arrayBuffer());
  let text = "";
  for (const b of bytes) text += String.fromCharCode(b);
  return btoa(text);
}
