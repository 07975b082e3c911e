import { useEffect, useRef, type ReactNode } from "react";
import { describe } from "../logic/errors.ts";
import { Button } from "./button.tsx";
import { Icon, type IconName } from "./icons.tsx";

let visited = false;

// usePageTitle names the tab and, after the first page, gives the focus to
// the heading: for a screen reader that is what a new page is.
export function usePageTitle(title: string, heading: React.RefObject<HTMLElement | null>): void {
  useEffect(() => {
    document.title = `${title} · profilekit`;
  }, [title]);
  useEffect(() => {
    if (visited) heading.current?.focus({ preventScroll: true });
    visited = true;
  }, [heading]);
}

export function Page({ title, lead, actions, children }: { title: string; lead?: ReactNode; actions?: ReactNode; children: ReactNode }) {
  const heading = useRef<HTMLHeadingElement>(null);
  usePageTitle(title, heading);
  return (
    <div className="page">
      <header className="page-top">
        <div>
          <h1 ref={heading} tabIndex={-1}>
            {title}
          </h1>
          {lead && <p className="lead">{lead}</p>}
        </div>
        {actions && <div className="page-actions">{actions}</div>}
      </header>
      {children}
    </div>
  );
}

export function Card({ title, lead, aside, children }: { title: string; lead?: ReactNode; aside?: ReactNode; children: ReactNode }) {
  return (
    <section className="card">
      <header className="card-top">
        <div>
          <h2>{title}</h2>
          {lead && <p className="hint">{lead}</p>}
        </div>
        {aside}
      </header>
      <div className="card-body">{children}</div>
    </section>
  );
}

export function Notice({ tone, icon, children }: { tone: "info" | "warn" | "bad"; icon?: IconName; children: ReactNode }) {
  return (
    <div className={`notice notice-${tone}`} role={tone === "bad" ? "alert" : undefined}>
      <Icon name={icon ?? (tone === "info" ? "info" : "alert")} />
      <div>{children}</div>
    </div>
  );
}

export function Empty({ icon, title, children }: { icon: IconName; title: string; children?: ReactNode }) {
  return (
    <div className="empty">
      <span className="empty-icon">
        <Icon name={icon} size={24} />
      </span>
      <p className="empty-title">{title}</p>
      {children && <div className="hint">{children}</div>}
    </div>
  );
}

export function Failed({ error, onRetry }: { error: unknown; onRetry(): void }) {
  return (
    <div className="empty" role="alert">
      <span className="empty-icon">
        <Icon name="alert" size={24} />
      </span>
      <p className="empty-title">This could not be loaded</p>
      <p className="hint">{describe(error)}</p>
      <Button onClick={onRetry}>Try again</Button>
    </div>
  );
}

// Skeleton keeps the place of what is loading. width is a CSS length.
export function Skeleton({ width, height = "1rem", round = false }: { width: string; height?: string; round?: boolean }) {
  return <span className={`skeleton${round ? " skeleton-round" : ""}`} style={{ width, height }} aria-hidden="true" />;
}

export function Loading({ children }: { children: ReactNode }) {
  return (
    <div aria-busy="true">
      <span className="visually-hidden" role="status">
        Loading
      </span>
      {children}
    </div>
  );
}
