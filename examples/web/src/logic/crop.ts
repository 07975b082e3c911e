// The square that is cut from a picture, in pixels of the upright source.
export interface Crop {
  x: number;
  y: number;
  size: number;
}

// Frame is what the person chose: how far in, and around which point.
export interface Frame {
  width: number;
  height: number;
  zoom: number; // 1: the largest square
  centerX: number;
  centerY: number;
}

// smallestCut keeps a zoomed picture from being all pixels.
const smallestCut = 96;

export function frameOf(width: number, height: number): Frame {
  return { width, height, zoom: 1, centerX: width / 2, centerY: height / 2 };
}

export function maxZoom(f: Pick<Frame, "width" | "height">): number {
  return Math.max(1, Math.min(8, Math.min(f.width, f.height) / smallestCut));
}

// cropOf is the frame as whole pixels inside the picture.
export function cropOf(f: Frame): Crop {
  const size = Math.max(1, Math.min(Math.round(side(f)), f.width, f.height));
  return {
    size,
    x: clamp(Math.round(f.centerX - size / 2), 0, f.width - size),
    y: clamp(Math.round(f.centerY - size / 2), 0, f.height - size),
  };
}

// pan moves the square by source pixels.
export function pan(f: Frame, dx: number, dy: number): Frame {
  return inside({ ...f, centerX: f.centerX + dx, centerY: f.centerY + dy });
}

export function zoomTo(f: Frame, zoom: number): Frame {
  return inside({ ...f, zoom: clamp(zoom, 1, maxZoom(f)) });
}

export function side(f: Frame): number {
  return Math.min(f.width, f.height) / f.zoom;
}

function inside(f: Frame): Frame {
  const half = side(f) / 2;
  return { ...f, centerX: clamp(f.centerX, half, f.width - half), centerY: clamp(f.centerY, half, f.height - half) };
}

function clamp(v: number, low: number, high: number): number {
  return Math.min(Math.max(v, low), Math.max(low, high));
}
