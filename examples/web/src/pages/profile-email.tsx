import { useState, type FormEvent, type ReactNode } from "react";
import { createPortal } from "react-dom";
import { api } from "../api/endpoints.ts";
import { describe } from "../logic/errors.ts";
import { useAccount } from "../session.tsx";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Fault } from "../ui/fault.tsx";
import { TextField } from "../ui/field.tsx";
import { useForm } from "../ui/form.ts";
import { WhereToLook } from "../ui/outbox.tsx";
import { useToast } from "../ui/toast.tsx";

// Email shows the address, whether it is proved, and a change that waits for its
// proof. A change needs a fresh proof and takes effect by the link in the mail.
export function Email({ aside }: { aside: ReactNode }) {
  const { user, reload } = useAccount();
  const toast = useToast();
  const [changing, setChanging] = useState(false);
  const [busy, setBusy] = useState(false);
  const resend = async () => {
    if (busy) return;
    setBusy(true);
    try {
      await api.resendVerification();
      toast("good", `A link is on its way to ${user.email}.`);
    } catch (err) {
      toast("bad", describe(err));
    } finally {
      setBusy(false);
    }
  };
  return (
    <div className="stack">
      <TextField
        label="E-mail"
        name="email"
        type="email"
        value={user.email}
        readOnly
        aside={aside}
        hint={user.emailVerified ? "Confirmed. This is where we reach you." : "Not confirmed yet. Open the link that we sent to it."}
        onValue={() => {}}
      />
      {user.pendingEmail && (
        <p role="status">
          A link is on its way to <strong>{user.pendingEmail}</strong>. Until it is opened, your address stays as it is.
        </p>
      )}
      {(!user.emailVerified || user.pendingEmail) && <WhereToLook channel="email" />}
      <div className="field-actions">
        <Button onClick={() => setChanging(true)}>Change e-mail</Button>
        {!user.emailVerified && (
          <Button look="quiet" busy={busy} onClick={() => void resend()}>
            Send the link again
          </Button>
        )}
      </div>
      {/* Beside the form of the profile, since a form holds no other. */}
      {changing &&
        createPortal(
          <ChangeEmail
            onClose={() => setChanging(false)}
            onDone={() => {
              setChanging(false);
              void reload();
            }}
          />,
          document.body,
        )}
    </div>
  );
}

function ChangeEmail({ onClose, onDone }: { onClose(): void; onDone(): void }) {
  const { user } = useAccount();
  const [email, setEmail] = useState("");
  const { form, fields, fault, busy, run, refuse, touched } = useForm(["email"]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    event.stopPropagation(); // React tells the form of the profile too
    if (email === "") {
      refuse({ email: "Enter the new address." }, null);
      return;
    }
    if (email === user.email) {
      refuse({ email: "This is your address already." }, null);
      return;
    }
    void run(async () => {
      await api.changeEmail(email);
      onDone();
    });
  };
  return (
    <Dialog title="Change your e-mail" locked={busy} onClose={onClose}>
      <form ref={form} onSubmit={submit} className="stack" noValidate>
        <Fault text={fault} />
        <p>We send a link to the new address. The present one is told, and can undo the change for three days.</p>
        <TextField
          label="New e-mail"
          name="newEmail"
          type="email"
          autoComplete="email"
          autoCapitalize="none"
          spellCheck={false}
          value={email}
          error={fields["email"]}
          onValue={(v) => {
            setEmail(v);
            touched("email");
          }}
        />
        <div className="dialog-footer">
          <Button onClick={onClose}>Cancel</Button>
          <Button look="primary" type="submit" busy={busy}>
            Send the link
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
