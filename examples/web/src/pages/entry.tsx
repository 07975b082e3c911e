import { useRef, type ReactNode } from "react";
import { BrandMark } from "../shell.tsx";
import { usePageTitle } from "../ui/page.tsx";

// Entry is the frame of the pages before the sign-in.
export function Entry({ title, lead, children, below }: { title: string; lead: string; children: ReactNode; below: ReactNode }) {
  const heading = useRef<HTMLHeadingElement>(null);
  usePageTitle(title, heading);
  return (
    <main className="entry" id="main">
      <div className="entry-box">
        <p className="entry-brand">
          <BrandMark />
          profilekit
        </p>
        <section className="card entry-card">
          <h1 ref={heading} tabIndex={-1}>
            {title}
          </h1>
          <p className="lead">{lead}</p>
          {children}
        </section>
        <p className="entry-below">{below}</p>
      </div>
    </main>
  );
}

// withNext keeps the place to go to over a change between sign-in and sign-up.
export function withNext(path: string, next: string): string {
  return next === "/profile" ? path : `${path}?next=${encodeURIComponent(next)}`;
}
