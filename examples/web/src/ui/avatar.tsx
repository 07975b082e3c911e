import { useState, type CSSProperties } from "react";
import { hueOf, initials } from "../logic/paths.ts";

interface Pictured {
  username: string;
  displayName?: string | null;
  profilePicture?: string | null;
  pictureSizes?: Record<string, string>;
  picturePlaceholder?: string | null;
}

// Avatar shows a user's picture in the size that fits the screen, or initials.
// Beside the name it says nothing new, so it has an alt only where it is the
// subject.
export function Avatar({ user, size, alt = "" }: { user: Pictured; size: number; alt?: string }) {
  const [failed, setFailed] = useState<string | null>(null);
  const url = user.profilePicture ?? null;
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
        style={{ "--size": rem, backgroundColor: user.picturePlaceholder ?? undefined } as CSSProperties}
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
