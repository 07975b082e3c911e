import { useEffect, useRef, useState } from "react";
import { ApiError } from "../api/error.ts";
import { describe } from "../logic/errors.ts";
import { tooYoung } from "../logic/proof.ts";

const listeners = new Set<() => void>();

// useWaitChanges calls listener when the account's wait was begun or called off
// anywhere on the page. The listener has to stay the same function.
export function useWaitChanges(listener: () => void): void {
  useEffect(() => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }, [listener]);
}

// useWaitWork begins a wait or calls it off. After that said has the focus, because the
// button that was pressed is gone.
export function useWaitWork() {
  const said = useRef<HTMLDivElement>(null);
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<string | null>(null);
  const [done, setDone] = useState(0);
  useEffect(() => {
    if (done > 0) said.current?.focus();
  }, [done]);
  const work = async (act: () => Promise<unknown>) => {
    if (busy) return;
    setBusy(true);
    setFault(null);
    try {
      await act();
      setDone((n) => n + 1);
      for (const listener of listeners) listener();
    } catch (err) {
      setFault(err instanceof ApiError && err.code === "proof_required" ? tooYoung : describe(err));
    }
    setBusy(false);
  };
  return { said, busy, fault, work };
}
