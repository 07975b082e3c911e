import { useCallback, useEffect, useRef, useState } from "react";

export type Loaded<T> = { status: "loading" } | { status: "failed"; error: unknown } | { status: "done"; data: T };

// useLoad runs load when the component is shown; give it a function from
// useCallback, and the component a key of what is loaded. What comes too late
// is dropped.
export function useLoad<T>(load: (signal: AbortSignal) => Promise<T>) {
  const [state, setState] = useState<Loaded<T>>({ status: "loading" });
  const running = useRef<AbortController>(null);
  const start = useCallback(() => {
    running.current?.abort();
    const { signal } = (running.current = new AbortController());
    load(signal).then(
      (data) => {
        if (!signal.aborted) setState({ status: "done", data });
      },
      (error: unknown) => {
        if (!signal.aborted) setState({ status: "failed", error });
      },
    );
  }, [load]);
  useEffect(() => {
    start();
    return () => running.current?.abort();
  }, [start]);
  const retry = useCallback(() => {
    setState({ status: "loading" });
    start();
  }, [start]);
  const set = useCallback((change: (data: T) => T) => {
    setState((s) => (s.status === "done" ? { status: "done", data: change(s.data) } : s));
  }, []);
  return { state, retry, set };
}

// useNow is the present time, renewed every half minute for "3 minutes ago".
export function useNow(): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 30_000);
    return () => clearInterval(timer);
  }, []);
  return now;
}
