import { useCallback, useMemo, useState } from "react";
import { api } from "../api/endpoints.ts";
import type { Session } from "../api/types.ts";
import { describe } from "../logic/errors.ts";
import { absolute, exact, placeOf, relative } from "../logic/time.ts";
import { useAccount } from "../session.tsx";
import { Button } from "../ui/button.tsx";
import { Confirm } from "../ui/dialog.tsx";
import { Icon } from "../ui/icons.tsx";
import { useLoad, useNow } from "../ui/load.ts";
import { Card, Failed, Loading, Skeleton } from "../ui/page.tsx";
import { useToast } from "../ui/toast.tsx";

type Asked = { what: "one"; session: Session } | { what: "others" } | null;

export function Sessions() {
  const { settings } = useAccount();
  const toast = useToast();
  const now = useNow();
  const place = useMemo(() => placeOf(settings), [settings]);
  const load = useCallback((signal: AbortSignal) => api.sessions(signal).then((a) => a.data.items), []);
  const { state, retry, set } = useLoad(load);
  const [asked, setAsked] = useState<Asked>(null);
  const [busy, setBusy] = useState(false);

  const end = async () => {
    if (!asked) return;
    setBusy(true);
    try {
      if (asked.what === "one") {
        await api.endSession(asked.session.id);
        set((items) => items.filter((s) => s.id !== asked.session.id));
        toast("good", "That device is signed out.");
      } else {
        await api.endOtherSessions();
        set((items) => items.filter((s) => s.current));
        toast("good", "All other devices are signed out.");
      }
    } catch (err) {
      toast("bad", `Nothing was signed out. ${describe(err)}`);
      retry();
    }
    setBusy(false);
    setAsked(null);
  };

  const items = state.status === "done" ? state.data : [];
  const others = items.filter((s) => !s.current).length;
  return (
    <Card
      title="Devices"
      lead="Where you are signed in. End what you do not recognise, then change your password."
      aside={
        others > 0 && (
          <Button onClick={() => setAsked({ what: "others" })}>Sign out others</Button>
        )
      }
    >
      {state.status === "loading" && (
        <Loading>
          <div className="rows">
            <div className="row">
              <Skeleton width="2.25rem" height="2.25rem" round />
              <div className="row-text stack-tiny">
                <Skeleton width="40%" />
                <Skeleton width="60%" height="0.8rem" />
              </div>
            </div>
          </div>
        </Loading>
      )}
      {state.status === "failed" && <Failed error={state.error} onRetry={retry} />}
      {state.status === "done" && (
        <ul className="rows">
          {items.map((s) => (
            <li key={s.id} className="row" data-session={s.current ? "current" : "other"}>
              <span className="row-icon">
                <Icon name={/iphone|android|ipad|mobile/i.test(s.device) ? "phone" : "laptop"} />
              </span>
              <div className="row-text">
                <p className="row-title">
                  {s.device || "Unknown device"} {s.current && <span className="badge badge-good">This device</span>}
                </p>
                <p className="hint">{[s.place, s.ip && `network ${s.ip}`, `since ${absolute(s.createdAt, place)}`].filter(Boolean).join(" · ")}</p>
                <p className="hint">
                  {s.current ? (
                    "Active now"
                  ) : (
                    <time dateTime={s.lastUsedAt} title={exact(s.lastUsedAt, place)}>
                      Last active {relative(s.lastUsedAt, now, place.locale)}
                    </time>
                  )}
                </p>
              </div>
              {!s.current && (
                <Button look="quiet" aria-label={`Sign out ${s.device}`} onClick={() => setAsked({ what: "one", session: s })}>
                  Sign out
                </Button>
              )}
            </li>
          ))}
        </ul>
      )}
      {asked && (
        <Confirm
          title={asked.what === "one" ? "Sign out this device?" : "Sign out all other devices?"}
          confirm="Sign out"
          danger
          busy={busy}
          onCancel={() => setAsked(null)}
          onConfirm={() => void end()}
        >
          <p>{asked.what === "one" ? `${asked.session.device} has to sign in again with your password.` : "Every device but this one has to sign in again with your password."}</p>
        </Confirm>
      )}
    </Card>
  );
}
