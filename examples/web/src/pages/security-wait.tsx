import { useCallback, useMemo, useState } from "react";
import { api } from "../api/endpoints.ts";
import type { Proofs } from "../api/types.ts";
import { describe } from "../logic/errors.ts";
import { absolute, placeOf } from "../logic/time.ts";
import { useAccount } from "../session.tsx";
import { Button } from "../ui/button.tsx";
import { Fault } from "../ui/fault.tsx";
import { features } from "../ui/features.ts";
import { useLoad, useNow } from "../ui/load.ts";
import { Notice } from "../ui/page.tsx";
import { useWaitChanges, useWaitWork } from "../ui/wait.ts";

// WaitNotice warns while a wait goes on, or is over and may be used: whoever began it
// may not be the owner. A server without the rule has no wait to ask for.
export function WaitNotice() {
  const { settings } = useAccount();
  const now = useNow();
  const place = useMemo(() => placeOf(settings), [settings]);
  const load = useCallback(async (signal: AbortSignal): Promise<Proofs | null> => ((await features()).twoProofs ? (await api.proofs(signal)).data : null), []);
  const { state, retry, set } = useLoad(load);
  const [off, setOff] = useState(false);
  const { said, busy, fault, work } = useWaitWork();
  useWaitChanges(retry);
  const callOff = () =>
    work(async () => {
      await api.cancelWait();
      setOff(true);
      set((p) => p && { ...p, wait: null });
    });

  if (state.status === "failed") {
    return (
      <Notice tone="warn">
        <div className="stack">
          <p>It is not known whether somebody waits to change how your account is opened. {describe(state.error)}</p>
          <div className="actions">
            <Button onClick={retry}>Try again</Button>
          </div>
        </div>
      </Notice>
    );
  }
  const proofs = state.status === "done" ? state.data : null;
  const wait = proofs?.wait ?? null;
  if (!wait && !off) return null;
  const by = proofs?.state === "mailbox_no_password" ? "a code from your mail alone" : "your password alone";
  return (
    <Notice tone={wait ? "warn" : "info"}>
      <div className="stack">
        <div role="status" tabIndex={-1} ref={said} data-wait={wait ? "on" : "off"}>
          {wait ? (
            <p>
              {now < Date.parse(wait.from)
                ? `Somebody asked to change how your account is opened. From ${absolute(wait.from, place)} until ${absolute(wait.until, place)} that works with ${by}.`
                : `Until ${absolute(wait.until, place)} how your account is opened can be changed with ${by}, because somebody waited for it.`}{" "}
              If that was not you, call it off and change your password.
            </p>
          ) : (
            <p>The wait is off. If you did not begin it, change your password.</p>
          )}
        </div>
        <Fault text={fault} />
        {wait && (
          <div className="actions">
            <Button busy={busy} onClick={() => void callOff()}>
              Call the wait off
            </Button>
          </div>
        )}
      </div>
    </Notice>
  );
}
