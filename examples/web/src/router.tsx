import { useCallback, useEffect, useState, useSyncExternalStore, type ComponentProps, type MouseEvent } from "react";

// A router for a handful of pages: the address is the state, history entries
// are numbered so that a refused step back can be undone, and one page at a
// time may ask before it is left.

type Proceed = () => void;
type Blocker = (proceed: Proceed) => void;

interface Place {
  path: string;
  search: string;
}

let place = read();
let index = entryIndex(history.state) ?? 0;
let blocker: Blocker | null = null;
let undoing = false;
const listeners = new Set<() => void>();

if (entryIndex(history.state) === null) history.replaceState({ index }, "");

addEventListener("popstate", (event) => {
  if (undoing) {
    undoing = false;
    return;
  }
  const next = entryIndex(event.state) ?? 0;
  const delta = next - index;
  if (blocker && delta !== 0) {
    undoing = true;
    history.go(-delta);
    blocker(() => {
      blocker = null;
      history.go(delta);
    });
    return;
  }
  index = next;
  changed();
});

export function navigate(to: string, options: { replace?: boolean } = {}): void {
  leaving(() => go(to, options));
}

// leaving does what ends the page, after the page has been asked.
export function leaving(action: () => void): void {
  if (!blocker) {
    action();
    return;
  }
  blocker(() => {
    blocker = null;
    action();
  });
}

function go(to: string, { replace = false }: { replace?: boolean }): void {
  if (replace) {
    history.replaceState({ index }, "", to);
  } else {
    index += 1;
    history.pushState({ index }, "", to);
    scrollTo(0, 0);
  }
  changed();
}

export function usePlace(): Place {
  return useSyncExternalStore(subscribe, () => place);
}

// useGuard asks before the page is left while active. pending is set when
// somebody wants to leave; the browser asks itself when the tab is closed.
export function useGuard(active: boolean): { pending: Proceed | null; stay: () => void } {
  const [pending, setPending] = useState<Proceed | null>(null);
  useEffect(() => {
    if (!active) return;
    const own: Blocker = (proceed) => setPending(() => proceed);
    const closing = (event: BeforeUnloadEvent) => event.preventDefault();
    blocker = own;
    addEventListener("beforeunload", closing);
    return () => {
      if (blocker === own) blocker = null;
      removeEventListener("beforeunload", closing);
    };
  }, [active]);
  const stay = useCallback(() => setPending(null), []);
  return { pending, stay };
}

export function Link({ href, onClick, children, ...rest }: ComponentProps<"a"> & { href: string }) {
  const follow = (event: MouseEvent<HTMLAnchorElement>) => {
    onClick?.(event);
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    if (href !== place.path + place.search) navigate(href);
  };
  return (
    <a href={href} onClick={follow} {...rest}>
      {children}
    </a>
  );
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function changed(): void {
  place = read();
  for (const l of listeners) l();
}

function read(): Place {
  return { path: location.pathname, search: location.search };
}

function entryIndex(state: unknown): number | null {
  const i = (state as { index?: unknown } | null)?.index;
  return typeof i === "number" ? i : null;
}
