import { useRef, type CSSProperties, type KeyboardEvent, type PointerEvent } from "react";
import { cropOf, maxZoom, pan, side, zoomTo, type Frame } from "../logic/crop.ts";

// Cropper shows the picture behind a square window. It is moved by dragging or
// with the arrow keys, and made larger with the slider, the wheel, + and -.
export function Cropper({
  url,
  frame,
  disabled,
  onSize,
  onFail,
  onFrame,
}: {
  url: string;
  frame: Frame | null;
  disabled: boolean;
  onSize(width: number, height: number): void;
  onFail(): void;
  onFrame(frame: Frame): void;
}) {
  const box = useRef<HTMLDivElement>(null);
  const from = useRef<{ x: number; y: number; frame: Frame } | null>(null);

  const move = (e: PointerEvent) => {
    if (!from.current || !box.current) return;
    const perPixel = side(from.current.frame) / box.current.getBoundingClientRect().width;
    onFrame(pan(from.current.frame, (from.current.x - e.clientX) * perPixel, (from.current.y - e.clientY) * perPixel));
  };
  const key = (e: KeyboardEvent) => {
    if (!frame || disabled) return;
    const step = side(frame) / (e.shiftKey ? 8 : 32);
    const moves: Record<string, () => Frame> = {
      ArrowLeft: () => pan(frame, -step, 0),
      ArrowRight: () => pan(frame, step, 0),
      ArrowUp: () => pan(frame, 0, -step),
      ArrowDown: () => pan(frame, 0, step),
      "+": () => zoomTo(frame, frame.zoom * 1.1),
      "-": () => zoomTo(frame, frame.zoom / 1.1),
    };
    const next = moves[e.key];
    if (!next) return;
    e.preventDefault();
    onFrame(next());
  };
  const most = frame ? maxZoom(frame) : 1;
  return (
    <div className="cropper">
      {/* It is a control of its own kind, with keys, a name and a description. */}
      <div
        ref={box}
        className="cropper-window"
        role="group"
        aria-roledescription="picture section"
        aria-label="Section of the picture. Move it with the arrow keys, enlarge it with plus and minus."
        // It takes keys of its own, so it has to be reachable.
        tabIndex={0}
        onKeyDown={key}
        onPointerDown={(e) => {
          if (!frame || disabled || e.button !== 0) return;
          e.currentTarget.setPointerCapture(e.pointerId);
          from.current = { x: e.clientX, y: e.clientY, frame };
        }}
        onPointerMove={move}
        onPointerUp={() => (from.current = null)}
        onPointerCancel={() => (from.current = null)}
        onWheel={(e) => {
          if (frame && !disabled) onFrame(zoomTo(frame, frame.zoom * (e.deltaY < 0 ? 1.06 : 1 / 1.06)));
        }}
      >
        <img src={url} alt="Preview of your choice" draggable={false} style={placed(frame)} onLoad={(e) => onSize(e.currentTarget.naturalWidth, e.currentTarget.naturalHeight)} onError={onFail} />
        <div className="cropper-mask" />
      </div>
      <label className="cropper-zoom">
        <span>Zoom</span>
        <input
          type="range"
          min={1}
          max={most}
          step={0.01}
          value={frame?.zoom ?? 1}
          disabled={disabled || !frame || most === 1}
          onChange={(e) => frame && onFrame(zoomTo(frame, Number(e.target.value)))}
        />
      </label>
    </div>
  );
}

export function CropPreview({ url, frame, size }: { url: string; frame: Frame | null; size: number }) {
  return (
    <div className="crop-preview" style={{ width: `${size / 16}rem`, height: `${size / 16}rem` }}>
      <img src={url} alt="" style={placed(frame)} />
    </div>
  );
}

// placed puts the picture so that its crop fills the window, in parts of the
// window's own size.
function placed(frame: Frame | null): CSSProperties {
  if (!frame) return { visibility: "hidden" };
  const { x, y, size } = cropOf(frame);
  return {
    width: `${(frame.width / size) * 100}%`,
    height: `${(frame.height / size) * 100}%`,
    transform: `translate(${(-x / frame.width) * 100}%, ${(-y / frame.height) * 100}%)`,
  };
}
