import { useState } from "react";
import { api } from "../api/endpoints.ts";
import { describe } from "../logic/errors.ts";
import { absolute, placeOf } from "../logic/time.ts";
import { useAccount } from "../session.tsx";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Fault } from "../ui/fault.tsx";
import { TextField } from "../ui/field.tsx";
import { Card } from "../ui/page.tsx";

// DeleteAccount begins the end of the account. It asks for the user name, since
// it is the one button here that nobody should press by mistake.
export function DeleteAccount() {
  const { user, settings, left } = useAccount();
  const [open, setOpen] = useState(false);
  const [name, setName] = useState("");
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<string | null>(null);

  const remove = async () => {
    setBusy(true);
    setFault(null);
    try {
      const { data } = await api.deleteAccount();
      left(`Your account will be erased on ${absolute(data.deletesAt, placeOf(settings))}. Sign in before then to keep it.`);
    } catch (err) {
      setFault(describe(err));
      setBusy(false);
    }
  };

  return (
    <Card title="Delete your account" lead="Your profile, pictures, settings and activity are erased two weeks later. Until then you can sign in and keep them.">
      <Button
        look="danger"
        onClick={() => {
          setName("");
          setFault(null);
          setOpen(true);
        }}
      >
        Delete account…
      </Button>
      {open && (
        <Dialog title="Delete your account?" locked={busy} onClose={() => setOpen(false)}>
          <form
            className="stack"
            noValidate
            onSubmit={(event) => {
              event.preventDefault();
              if (name === user.username && !busy) void remove();
            }}
          >
            <Fault text={fault} />
            <p>You are signed out everywhere, and nobody can see your profile any more. After two weeks everything is erased for good.</p>
            <TextField label={`Type ${user.username} to confirm`} name="confirm-username" autoComplete="off" autoCapitalize="none" spellCheck={false} value={name} onValue={setName} />
            <div className="dialog-footer">
              <Button onClick={() => setOpen(false)} disabled={busy}>
                Cancel
              </Button>
              <Button look="danger" type="submit" busy={busy} disabled={name !== user.username}>
                Delete account
              </Button>
            </div>
          </form>
        </Dialog>
      )}
    </Card>
  );
}
