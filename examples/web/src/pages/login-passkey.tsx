import { useCallback, useEffect, useRef, useState } from "react";
import { api } from "../api/endpoints.ts";
import { ApiError } from "../api/error.ts";
import { canPasskey, canSuggest, usePasskeyFor } from "../api/passkeys.ts";
import { describe } from "../logic/errors.ts";
import type { SecondFactorResult } from "../api/types.ts";
import { Button } from "../ui/button.tsx";

// PasskeySignIn is the button, and what the browser suggests in the field for the
// user name. A server without passkeys, or a browser that knows none, has neither.
export function PasskeySignIn({ remember, onFault, onDone }: { remember: boolean; onFault(text: string | null): void; onDone(answer: { data: SecondFactorResult; etag: string | null }): Promise<void> }) {
  const [offered, setOffered] = useState(false);
  const [busy, setBusy] = useState(false);
  const suggesting = useRef<AbortController | null>(null);
  const latest = useRef({ remember, onFault, onDone });
  latest.current = { remember, onFault, onDone };

  const finish = useCallback(async (answer: Parameters<typeof api.finishPasskey>[0]) => {
    const done = await api.finishPasskey({ ...answer, remember: latest.current.remember });
    if (done.data.status !== "complete" && done.data.status !== "deletion_pending") {
      throw new ApiError({ status: 200, code: "incomplete", detail: "The password of this account must be reset first. Use “Forgot your password?”." });
    }
    await latest.current.onDone({ data: done.data, etag: done.etag });
  }, []);

  const suggest = useCallback(async () => {
    const control = new AbortController();
    suggesting.current = control;
    try {
      const { data } = await api.beginPasskey();
      if (control.signal.aborted) return;
      setOffered(true);
      if (!(await canSuggest()) || control.signal.aborted) return;
      // The challenge ends after minutes; a page that waits longer gets another.
      const renew = setTimeout(() => control.abort(), Date.parse(data.expiresAt) - Date.now() - 30_000);
      try {
        await finish(await usePasskeyFor(data, control.signal));
      } finally {
        clearTimeout(renew);
      }
    } catch (err) {
      const code = err instanceof ApiError ? err.code : "";
      if (code === "aborted" && suggesting.current === control) void suggest();
      else if (!["aborted", "not_found", "passkey"].includes(code)) latest.current.onFault(refusal(err));
    }
  }, [finish]);

  useEffect(() => {
    if (!canPasskey()) return;
    void suggest();
    return () => {
      const control = suggesting.current;
      suggesting.current = null;
      control?.abort();
    };
  }, [suggest]);

  const ask = async () => {
    if (busy) return;
    setBusy(true);
    latest.current.onFault(null);
    const control = suggesting.current;
    suggesting.current = null; // one request at a time
    control?.abort();
    try {
      const { data } = await api.beginPasskey();
      await finish(await usePasskeyFor(data));
    } catch (err) {
      latest.current.onFault(refusal(err));
      setBusy(false);
      void suggest();
    }
  };

  if (!offered) return null;
  return (
    <Button icon="key" wide busy={busy} onClick={() => void ask()}>
      Use a passkey
    </Button>
  );
}

function refusal(err: unknown): string {
  return err instanceof ApiError && err.code === "invalid_credentials" ? "This passkey is not known here. It may have been removed." : describe(err);
}
