import { useState } from "react";
import { hueOf, initials } from "../logic/paths.ts";

interface Pictured {
  username: string;
  displayName?: string | null;
  profilePicture?: string | null;
  pictureSizes?: Record<string, string>;
  picturePlaceholder?: string | null;
}

// Avatar shows a user's picture in the size that fits the screen, or initials.
export function Avatar({ user, size }: { user: Pictured; size: number }) {
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
        alt={user.displayName || user.username}
        style={{ width: rem, height: rem, backgroundColor: user.picturePlaceholder ?? undefined }}
        onError={() => setFailed(url)}
      />
    );
  }
  return (
    <span
      className="avatar avatar-initials"
      style={{ width: rem, height: rem, fontSize: `calc(${rem} * 0.4)`, "--hue": hueOf(user.username) } as React.CSSProperties}
      aria-hidden="true"
    >
      {initials(user.displayName, user.username)}
    </span>
  );
}
