import { useCallback, useMemo, useState, type FormEvent } from "react";
import { api } from "../api/endpoints.ts";
import { ApiError } from "../api/error.ts";
import { canPasskey, makePasskey } from "../api/passkeys.ts";
import type { Factor } from "../api/types.ts";
import { describe } from "../logic/errors.ts";
import { absolute, placeOf, relative } from "../logic/time.ts";
import { useAccount } from "../session.tsx";
import { Button } from "../ui/button.tsx";
import { Confirm, Dialog } from "../ui/dialog.tsx";
import { TextField } from "../ui/field.tsx";
import { useForm } from "../ui/form.ts";
import { Icon } from "../ui/icons.tsx";
import { useLoad, useNow } from "../ui/load.ts";
import { Card, Failed, Loading, Skeleton } from "../ui/page.tsx";
import { useToast } from "../ui/toast.tsx";
import { FactorFault } from "../ui/unconfirmed.tsx";
import { ShowCodes } from "./factor-dialogs.tsx";

type Asked = { what: "add" } | { what: "codes"; codes: string[] } | { what: "rename"; passkey: Factor } | { what: "remove"; passkey: Factor } | null;

// Passkeys are the account's. A server without them has no route to begin with.
export function Passkeys({ onChanged }: { onChanged(): void }) {
  const { settings } = useAccount();
  const toast = useToast();
  const now = useNow();
  const place = useMemo(() => placeOf(settings), [settings]);
  const load = useCallback(async (signal: AbortSignal): Promise<{ passkeys: Factor[]; factors: number } | null> => {
    try {
      const [{ data }] = await Promise.all([api.factors(signal), api.beginPasskey()]);
      return { passkeys: data.factors.filter((f) => f.kind === "passkey"), factors: data.factors.length };
    } catch (err) {
      if (err instanceof ApiError && err.status === 404) return null;
      throw err;
    }
  }, []);
  const { state, retry } = useLoad(load);
  const [asked, setAsked] = useState<Asked>(null);
  const [busy, setBusy] = useState(false);

  const remove = async (passkey: Factor) => {
    setBusy(true);
    try {
      await api.removePasskey(passkey.id);
      toast("good", "Removed. Other devices are signed out.");
      onChanged();
    } catch (err) {
      toast("bad", `Nothing was changed. ${describe(err)}`);
    }
    setBusy(false);
    setAsked(null);
    retry();
  };

  if (state.status === "done" && state.data === null) return null;
  const list = state.status === "done" ? state.data : null;
  return (
    <Card
      title="Passkeys"
      lead="Sign in with your fingerprint, your face or a security key instead of a password."
      aside={list && canPasskey() && <Button onClick={() => setAsked({ what: "add" })}>Add a passkey</Button>}
    >
      {state.status === "loading" && (
        <Loading>
          <Skeleton width="50%" />
        </Loading>
      )}
      {state.status === "failed" && <Failed error={state.error} onRetry={retry} />}
      {list && list.passkeys.length === 0 && <p className="hint">{canPasskey() ? "There are none." : "There are none, and this browser does not know them."}</p>}
      {list && list.passkeys.length > 0 && (
        <ul className="rows">
          {list.passkeys.map((p) => (
            <li key={p.id} className="row" data-passkey={p.id}>
              <span className="row-icon">
                <Icon name="key" />
              </span>
              <div className="row-text">
                <p className="row-title">{p.name || "Passkey"}</p>
                <p className="hint">
                  {[`since ${absolute(p.createdAt, place)}`, p.lastUsedAt && `last used ${relative(p.lastUsedAt, now, place.locale)}`].filter(Boolean).join(" · ")}
                </p>
              </div>
              <Button look="quiet" aria-label={`Rename ${p.name || "passkey"}`} onClick={() => setAsked({ what: "rename", passkey: p })}>
                Rename
              </Button>
              <Button look="quiet" aria-label={`Remove ${p.name || "passkey"}`} onClick={() => setAsked({ what: "remove", passkey: p })}>
                Remove
              </Button>
            </li>
          ))}
        </ul>
      )}
      {asked?.what === "add" && (
        <NamePasskey
          title="Add a passkey"
          confirm="Continue"
          name=""
          onClose={() => setAsked(null)}
          work={async (name) => {
            const { data } = await api.beginAddPasskey();
            const added = await api.addPasskey({ ...(await makePasskey(data)), name });
            toast("good", "The passkey was added. Other devices are signed out.");
            setAsked(added.data.recoveryCodes ? { what: "codes", codes: added.data.recoveryCodes } : null);
            retry();
            onChanged();
          }}
        />
      )}
      {asked?.what === "rename" && (
        <NamePasskey
          title="Rename the passkey"
          confirm="Save"
          name={asked.passkey.name}
          onClose={() => setAsked(null)}
          work={async (name) => {
            await api.renamePasskey(asked.passkey.id, name);
            setAsked(null);
            retry();
          }}
        />
      )}
      {asked?.what === "codes" && <ShowCodes codes={asked.codes} onClose={() => setAsked(null)} />}
      {asked?.what === "remove" && (
        <Confirm title="Remove this passkey?" confirm="Remove" danger busy={busy} onCancel={() => setAsked(null)} onConfirm={() => void remove(asked.passkey)}>
          <p>{list?.factors === 1 ? "Your password alone opens the account then, and the recovery codes stop working." : "It no longer opens the account."} Other devices are signed out.</p>
        </Confirm>
      )}
    </Card>
  );
}

function NamePasskey({ title, confirm, name, work, onClose }: { title: string; confirm: string; name: string; work(name: string): Promise<void>; onClose(): void }) {
  const [value, setValue] = useState(name);
  const { form, fields, fault, failed, busy, run, touched } = useForm(["name"]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void run(() => work(value));
  };
  return (
    <Dialog title={title} locked={busy} onClose={onClose}>
      <form ref={form} onSubmit={submit} className="stack" noValidate>
        <FactorFault text={fault} error={failed} />
        <TextField
          label="Name"
          name="name"
          optional
          hint="To tell it from others, such as “Laptop”."
          maxLength={100}
          value={value}
          error={fields["name"]}
          onValue={(v) => {
            setValue(v);
            touched("name");
          }}
        />
        <div className="dialog-footer">
          <Button onClick={onClose}>Cancel</Button>
          <Button look="primary" type="submit" busy={busy}>
            {confirm}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
