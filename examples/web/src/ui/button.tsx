import type { ComponentProps, ReactNode } from "react";
import { Icon, type IconName } from "./icons.tsx";
import { Link } from "../router.tsx";

type Look = "primary" | "secondary" | "quiet" | "danger";

interface Shape {
  look?: Look;
  icon?: IconName;
  wide?: boolean;
  children: ReactNode;
}

// data-focus: where a dialog puts the focus when it opens.
type ButtonProps = Shape & { busy?: boolean; "data-focus"?: boolean } & Omit<ComponentProps<"button">, "children">;

// Button stays focusable while it is busy, so that the keyboard's place on
// the page is not lost; it only stops answering.
export function Button({ look = "secondary", icon, wide = false, busy = false, children, onClick, type = "button", className, ...rest }: ButtonProps) {
  return (
    <button
      {...rest}
      type={busy ? "button" : type}
      className={classes(look, wide, className)}
      aria-disabled={busy || undefined}
      aria-busy={busy || undefined}
      onClick={busy ? (e) => e.preventDefault() : onClick}
    >
      {busy ? <span className="spinner" aria-hidden="true" /> : icon && <Icon name={icon} size={18} />}
      <span>{children}</span>
    </button>
  );
}

export function ButtonLink({ look = "secondary", icon, wide = false, children, href, className }: Shape & { href: string; className?: string }) {
  return (
    <Link href={href} className={classes(look, wide, className)}>
      {icon && <Icon name={icon} size={18} />}
      <span>{children}</span>
    </Link>
  );
}

export function IconButton({ icon, label, className = "", ...rest }: { icon: IconName; label: string } & Omit<ComponentProps<"button">, "children">) {
  return (
    <button type="button" {...rest} className={`icon-button ${className}`} aria-label={label} title={label}>
      <Icon name={icon} size={18} />
    </button>
  );
}

function classes(look: Look, wide: boolean, more = ""): string {
  return `button button-${look}${wide ? " button-wide" : ""} ${more}`.trim();
}
