import { useEffect, useRef, useState, type FormEvent } from "react";
import { setHooks } from "../api/client.ts";
import { api } from "../api/endpoints.ts";
import { describe, fieldErrors } from "../logic/errors.ts";
import { Button } from "./button.tsx";
import { Dialog } from "./dialog.tsx";
import { PasswordField } from "./field.tsx";

// Reauthenticate asks for the password whenever a call is refused until the
// user has proved who it is; the call is then sent again by itself.
export function Reauthenticate() {
  const [open, setOpen] = useState(false);
  const waiting = useRef<((proved: boolean) => void)[]>([]);
  const finish = (proved: boolean) => {
    setOpen(false);
    for (const done of waiting.current.splice(0)) done(proved);
  };
  useEffect(() => {
    setHooks({
      reauthenticate: () =>
        new Promise((resolve) => {
          waiting.current.push(resolve);
          setOpen(true);
        }),
    });
  }, []);
  return open ? <Prompt onDone={finish} /> : null;
}

function Prompt({ onDone }: { onDone(proved: boolean): void }) {
  const [password, setPassword] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | undefined>();
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    try {
      await api.reauthenticate(password);
      onDone(true);
    } catch (err) {
      const code = (err as { code?: string }).code;
      if (code === "unauthenticated") {
        onDone(false);
        return;
      }
      setError(code === "invalid_credentials" ? "This is not your password." : (fieldErrors(err)["password"] ?? describe(err)));
      setBusy(false);
    }
  };
  return (
    <Dialog title="Confirm that it is you" locked={busy} onClose={() => onDone(false)}>
      <form onSubmit={(e) => void submit(e)} className="stack" noValidate>
        <p>This needs your password, since you signed in a while ago.</p>
        <PasswordField label="Password" name="password" autoComplete="current-password" value={password} error={error} onValue={setPassword} />
        <div className="dialog-footer">
          <Button onClick={() => onDone(false)}>Cancel</Button>
          <Button look="primary" type="submit" busy={busy}>
            Confirm
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
