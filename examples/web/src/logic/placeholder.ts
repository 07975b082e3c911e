// What is painted before a picture is loaded: the API gives a ThumbHash
// (https://evanw.github.io/thumbhash) in base64, or for older pictures the
// average colour as #rrggbb. Any other text is none.

export interface Pixels {
  width: number;
  height: number;
  data: Uint8ClampedArray<ArrayBuffer>; // red, green, blue and alpha of each
}

export function isColor(placeholder: string): boolean {
  return /^#[0-9a-f]{6}$/i.test(placeholder);
}

// pixelsOf decodes a ThumbHash to at most 32 pixels a side, or returns null.
export function pixelsOf(placeholder: string): Pixels | null {
  const hash = bytesOf(placeholder);
  if (hash === null || hash.length < 5) return null;
  // Fields of bits, the lowest first.
  let bit = 0;
  const field = (bits: number) => {
    let v = 0;
    for (let i = 0; i < bits; i++, bit++) v |= ((hash[bit >> 3] ?? 0) >> (bit & 7) & 1) << i;
    return v;
  };
  const [l, p, q, lScale] = [field(6) / 63, field(6) / 31.5 - 1, field(6) / 31.5 - 1, field(5) / 31];
  const transparent = field(1) === 1;
  const shorter = field(3);
  const [pScale, qScale] = [field(6) / 63, field(6) / 63];
  const longer = transparent ? 5 : 7;
  const [across, down] = field(1) === 1 ? [longer, shorter] : [shorter, longer];
  const [a, aScale] = transparent ? [field(4) / 15, field(4) / 15] : [1, 0];

  // A channel is its mean and waves, by how many half periods they have each way.
  const waves = (nx: number, ny: number, scale: number) => {
    const all: [x: number, y: number, strength: number][] = [];
    for (let y = 0; y < ny; y++) {
      for (let x = y === 0 ? 1 : 0; x * ny < nx * (ny - y); x++) all.push([x, y, 2 * scale * (field(4) / 7.5 - 1)]);
    }
    return all;
  };
  const saturation = 1.25; // what quantizing took
  const lWaves = waves(Math.max(3, across), Math.max(3, down), lScale);
  const pWaves = waves(3, 3, pScale * saturation);
  const qWaves = waves(3, 3, qScale * saturation);
  const aWaves = transparent ? waves(5, 5, aScale) : [];
  if (shorter === 0 || bit > 8 * hash.length) return null; // cut short

  const width = Math.max(1, Math.round(across > down ? 32 : (32 * across) / down));
  const height = Math.max(1, Math.round(across > down ? (32 * down) / across : 32));
  const cosines = (n: number) => Array.from({ length: 7 }, (_, f) => Array.from({ length: n }, (_, i) => Math.cos((Math.PI / n) * f * (i + 0.5))));
  const [columns, rows] = [cosines(width), cosines(height)];
  const data = new Uint8ClampedArray(4 * width * height);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at += 4) {
      const sample = (mean: number, channel: typeof lWaves) =>
        channel.reduce((sum, [fx, fy, v]) => sum + v * (columns[fx]?.[x] ?? 0) * (rows[fy]?.[y] ?? 0), mean);
      const [light, yellow, red] = [sample(l, lWaves), sample(p, pWaves), sample(q, qWaves)];
      const b = light - (2 / 3) * yellow;
      const r = (3 * light - b + red) / 2;
      data.set([255 * r, 255 * (r - red), 255 * b, 255 * sample(a, aWaves)], at);
    }
  }
  return { width, height, data };
}

function bytesOf(base64: string): Uint8Array | null {
  try {
    return Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  } catch {
    return null;
  }
}
