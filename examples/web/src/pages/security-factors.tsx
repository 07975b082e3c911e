import { useCallback, useMemo, useState } from "react";
import { api } from "../api/endpoints.ts";
import { ApiError } from "../api/error.ts";
import type { Factor, FactorList } from "../api/types.ts";
import { describe } from "../logic/errors.ts";
import { absolute, placeOf, relative } from "../logic/time.ts";
import { useAccount } from "../session.tsx";
import { Button } from "../ui/button.tsx";
import { Confirm } from "../ui/dialog.tsx";
import { Icon } from "../ui/icons.tsx";
import { useLoad, useNow } from "../ui/load.ts";
import { Card, Failed, Loading, Notice, Skeleton } from "../ui/page.tsx";
import { useToast } from "../ui/toast.tsx";
import { EnrolApp, ShowCodes } from "./factor-dialogs.tsx";
import { AddPhone } from "./phone-dialog.tsx";

type Asked = { what: "enrol" } | { what: "phone" } | { what: "codes"; codes: string[] } | { what: "renew" } | { what: "remove"; factor: Factor } | null;

// Factors is the second step of signing in. A server without one has no list.
export function Factors({ onChanged }: { onChanged(): void }) {
  const { settings, reload } = useAccount();
  const toast = useToast();
  const now = useNow();
  const place = useMemo(() => placeOf(settings), [settings]);
  const load = useCallback(
    (signal: AbortSignal): Promise<(FactorList & { all: number }) | null> =>
      api.factors(signal).then(
        // Passkeys have a card of their own.
        (a) => ({ ...a.data, all: a.data.factors.length, factors: a.data.factors.filter((f) => f.kind !== "passkey") }),
        (err: unknown) => {
          if (err instanceof ApiError && err.status === 404) return null;
          throw err;
        },
      ),
    [],
  );
  const { state, retry } = useLoad(load);
  const [asked, setAsked] = useState<Asked>(null);
  const [busy, setBusy] = useState(false);

  const act = async (work: () => Promise<Asked>) => {
    setBusy(true);
    try {
      setAsked(await work());
    } catch (err) {
      toast("bad", `Nothing was changed. ${describe(err)}`);
      setAsked(null);
    }
    setBusy(false);
    retry();
  };
  const remove = (factor: Factor) =>
    act(async () => {
      await api.removeFactor(factor.id);
      toast("good", "Removed. Other devices are signed out.");
      onChanged();
      return null;
    });
  const renew = () => act(async () => ({ what: "codes", codes: (await api.renewRecoveryCodes()).data.recoveryCodes ?? [] }));

  if (state.status === "done" && state.data === null) return null;
  const list = state.status === "done" ? state.data : null;
  const on = list !== null && list.factors.length > 0;
  return (
    <Card
      title="Two-step verification"
      lead="With a code from an app on your phone, your password alone opens nothing."
      aside={list && <Button onClick={() => setAsked({ what: "enrol" })}>{on ? "Add another app" : "Set up"}</Button>}
    >
      {state.status === "loading" && (
        <Loading>
          <Skeleton width="50%" />
        </Loading>
      )}
      {state.status === "failed" && <Failed error={state.error} onRetry={retry} />}
      {list?.recovery && (
        <Notice tone="warn">
          Somebody with your password asked to be let in without this step, and can remove it from {absolute(list.recovery.from, place)} on by the link in your mail. If that
          was not you, change your password: that stops it.
        </Notice>
      )}
      {list && !on && <p className="hint">It is off.</p>}
      {list && list.all > 0 && (
        <ul className="rows">
          {list.factors.map((f) => (
            <li key={f.id} className="row" data-factor={f.kind}>
              <span className="row-icon">
                <Icon name="phone" />
              </span>
              <div className="row-text">
                <p className="row-title">
                  {titleOf(f)} <span className="badge badge-good">On</span>
                </p>
                <p className="hint">
                  {[`since ${absolute(f.createdAt, place)}`, f.lastUsedAt && `last used ${relative(f.lastUsedAt, now, place.locale)}`].filter(Boolean).join(" · ")}
                </p>
              </div>
              <Button look="quiet" aria-label={`Remove ${titleOf(f)}`} onClick={() => setAsked({ what: "remove", factor: f })}>
                Remove
              </Button>
            </li>
          ))}
          <li className="row">
            <span className="row-icon">
              <Icon name="key" />
            </span>
            <div className="row-text">
              <p className="row-title">Recovery codes</p>
              <p className="hint">{list.recoveryCodesLeft === 1 ? "1 is left." : `${list.recoveryCodesLeft} are left.`} Each lets you in once when your phone is lost.</p>
            </div>
            <Button look="quiet" onClick={() => setAsked({ what: "renew" })}>
              Make new ones
            </Button>
          </li>
        </ul>
      )}
      {asked?.what === "enrol" && (
        <EnrolApp
          onClose={() => setAsked(null)}
          onDone={(codes) => {
            toast("good", "Two-step verification is on. Other devices are signed out.");
            setAsked(codes ? { what: "codes", codes } : null);
            retry();
            onChanged();
          }}
        />
      )}
      {list && list.factors.some((f) => f.kind !== "email") && (
        // The number alone is no second step: a code goes to whoever has it moved.
        <Button look="quiet" icon="phone" onClick={() => setAsked({ what: "phone" })}>
          {list.factors.some((f) => f.kind === "sms") ? "Change the phone" : "Add a phone"}
        </Button>
      )}
      {asked?.what === "phone" && (
        <AddPhone
          onClose={() => setAsked(null)}
          onDone={(codes) => {
            toast("good", "The phone was added. Other devices are signed out.");
            setAsked(codes ? { what: "codes", codes } : null);
            void reload();
            retry();
            onChanged();
          }}
        />
      )}
      {asked?.what === "codes" && <ShowCodes codes={asked.codes} onClose={() => setAsked(null)} />}
      {asked?.what === "renew" && (
        <Confirm title="Make new recovery codes?" confirm="Make new ones" busy={busy} onCancel={() => setAsked(null)} onConfirm={() => void renew()}>
          <p>The codes that you have now stop working.</p>
        </Confirm>
      )}
      {asked?.what === "remove" && (
        <Confirm title={asked.factor.kind === "totp" ? "Remove this app?" : "Remove this phone?"} confirm="Remove" danger busy={busy} onCancel={() => setAsked(null)} onConfirm={() => void remove(asked.factor)}>
          <p>{list?.all === 1 ? "Your password alone opens the account then, and the recovery codes stop working." : "Its codes stop working."} Other devices are signed out.</p>
        </Confirm>
      )}
    </Card>
  );
}

function titleOf(f: Factor): string {
  if (f.kind === "sms") return `Text message to ${f.name}`;
  return f.name || (f.kind === "totp" ? "Authenticator app" : f.kind);
}
