// A person may choose any accent colour; text and controls must stay readable.
// From the chosen colour come, for each scheme, a fill, what is written on it,
// and a shade for text and icons.

export interface Shades {
  fill: string;
  on: string;
  text: string;
}
export interface Accent {
  light: Shades;
  dark: Shades;
}

type RGB = [number, number, number];

// The surfaces that accent text stands on, least favourable first.
const lightSurface: RGB = [0xeb, 0xee, 0xf2];
const darkSurface: RGB = [0x26, 0x2b, 0x34];
const black: RGB = [0, 0, 0];
const white: RGB = [255, 255, 255];
const ink: RGB = [0x10, 0x13, 0x18];

export function accentOf(hex: string): Accent {
  const color = parse(hex) ?? parse(defaultAccent)!;
  return { light: shades(color, lightSurface, black), dark: shades(color, darkSurface, white) };
}

export const defaultAccent = "#2563eb";

function shades(color: RGB, surface: RGB, towards: RGB): Shades {
  const fill = until(color, surface, towards, 3);
  // Between the two there is a band of greys that neither is readable on.
  const on = contrast(white, fill) < 4.5 && contrast(ink, fill) >= 4.5 ? ink : white;
  return { fill: hexOf(on === white ? until(fill, white, black, 4.5) : fill), on: hexOf(on), text: hexOf(until(color, surface, towards, 5.2)) };
}

// until moves a colour towards black or white until it stands out enough.
function until(color: RGB, against: RGB, towards: RGB, ratio: number): RGB {
  for (let step = 0; step <= 100; step++) {
    const c = mix(color, towards, step / 100);
    if (contrast(c, against) >= ratio) return c;
  }
  return towards;
}

// contrast is that of WCAG 2.2, 1 to 21.
export function contrast(a: RGB, b: RGB): number {
  const [x, y] = [luminance(a), luminance(b)];
  return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
}

export function parse(hex: string): RGB | null {
  const m = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(hex);
  return m ? [parseInt(m[1]!, 16), parseInt(m[2]!, 16), parseInt(m[3]!, 16)] : null;
}

function luminance(c: RGB): number {
  const [r, g, b] = c.map((v) => {
    const s = v / 255;
    return s <= 0.04045 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4;
  }) as RGB;
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function mix(a: RGB, b: RGB, part: number): RGB {
  return a.map((v, i) => Math.round(v + (b[i]! - v) * part)) as RGB;
}

function hexOf(c: RGB): string {
  return `#${c.map((v) => v.toString(16).padStart(2, "0")).join("")}`;
}
