import { useState, type FormEvent } from "react";
import { api } from "../api/endpoints.ts";
import { Link } from "../router.tsx";
import { Button } from "../ui/button.tsx";
import { Fault } from "../ui/fault.tsx";
import { TextField } from "../ui/field.tsx";
import { useForm } from "../ui/form.ts";
import { WhereToLook } from "../ui/outbox.tsx";
import { Notice } from "../ui/page.tsx";
import { Entry } from "./entry.tsx";

// Forgot asks for a link that sets a new password. The answer does not tell
// whether there is an account, and neither does this page.
export function Forgot() {
  const [email, setEmail] = useState("");
  const [sent, setSent] = useState<string | null>(null);
  const { form, fields, fault, busy, run, refuse, touched } = useForm(["email"]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (email === "") {
      refuse({ email: "Enter your e-mail." }, null);
      return;
    }
    void run(async () => {
      await api.forgot(email);
      setSent(email);
    });
  };
  return (
    <Entry title="Forgot your password?" lead="We send you a link that sets a new one." below={<Link href="/login">Back to the sign-in</Link>}>
      {sent ? (
        <Notice tone="info">
          <div className="stack-tiny">
            <p>If there is an account with {sent}, a link is on its way to it. It is good for an hour.</p>
            <WhereToLook channel="email" />
          </div>
        </Notice>
      ) : (
        <form ref={form} onSubmit={submit} className="stack" noValidate>
          <Fault text={fault} />
          <TextField
            label="E-mail"
            name="email"
            type="email"
            autoComplete="email"
            value={email}
            error={fields["email"]}
            onValue={(v) => {
              setEmail(v);
              touched("email");
            }}
          />
          <Button look="primary" type="submit" wide busy={busy}>
            Send the link
          </Button>
        </form>
      )}
    </Entry>
  );
}
