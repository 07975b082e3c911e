import { useMemo, useState, type CSSProperties } from "react";
import { hueOf, initials } from "../logic/paths.ts";
import { isColor, pixelsOf } from "../logic/placeholder.ts";

interface Pictured {
  username: string;
  displayName?: string | null;
  profilePicture?: string | null;
  pictureSizes?: Record<string, string>;
  picturePlaceholder?: string | null;
}

// Avatar shows a user's picture in the size that fits the screen, a blurred idea
// of it before it is loaded, or initials. Beside the name it says nothing new, so
// it has an alt only where it is the subject.
export function Avatar({ user, size, alt = "" }: { user: Pictured; size: number; alt?: string }) {
  const [failed, setFailed] = useState<string | null>(null);
  const [loaded, setLoaded] = useState<string | null>(null);
  const url = user.profilePicture ?? null;
  const waiting = useMemo(() => paint(user.picturePlaceholder), [user.picturePlaceholder]);
  const set = Object.entries(user.pictureSizes ?? {})
    .map(([side, src]) => `${src} ${side}w`)
    .join(", ");
  const rem = `${size / 16}rem`;
  if (url && url !== failed) {
    return (
      <img
        className="avatar"
        src={url}
        srcSet={set || undefined}
        sizes={`${size}px`}
        width={size}
        height={size}
        alt={alt}
        // Gone when the picture is there: it would show through a transparent one.
        style={{ "--size": rem, ...(url === loaded ? {} : waiting) } as CSSProperties}
        onLoad={() => setLoaded(url)}
        onError={() => setFailed(url)}
      />
    );
  }
  return (
    <span
      className="avatar avatar-initials"
      style={{ "--size": rem, "--hue": hueOf(user.username) } as CSSProperties}
      aria-hidden="true"
    >
      {initials(user.displayName, user.username)}
    </span>
  );
}

// paint makes a style of the placeholder.
function paint(placeholder: string | null | undefined): CSSProperties {
  if (!placeholder) return {};
  if (isColor(placeholder)) return { backgroundColor: placeholder };
  const m = pixelsOf(placeholder);
  const canvas = document.createElement("canvas");
  const context = m && canvas.getContext("2d");
  if (!context) return {};
  canvas.width = m.width;
  canvas.height = m.height;
  context.putImageData(new ImageData(m.data, m.width, m.height), 0, 0);
  return { backgroundImage: `url(${canvas.toDataURL()})`, backgroundSize: "cover" };
}
