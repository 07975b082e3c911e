import { useState, type FormEvent } from "react";
import { api } from "../api/endpoints.ts";
import { ApiError } from "../api/error.ts";
import { describe } from "../logic/errors.ts";
import { Button } from "../ui/button.tsx";
import { CodeField } from "../ui/code.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { TextField } from "../ui/field.tsx";
import { useForm } from "../ui/form.ts";
import { WhereToLook } from "../ui/outbox.tsx";
import { FactorFault } from "../ui/unconfirmed.tsx";

// AddPhone proves a number by a code. onDone gets the recovery codes, null when
// there were some already.
export function AddPhone({ onDone, onClose }: { onDone(codes: string[] | null): void; onClose(): void }) {
  const [phone, setPhone] = useState("");
  const [sent, setSent] = useState(false);
  const [code, setCode] = useState("");
  const { form, fields, fault, failed, busy, run, refuse, touched } = useForm(["phone", "code"]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!sent && phone === "") {
      refuse({ phone: "Enter your number." }, null);
      return;
    }
    if (sent && code === "") {
      refuse({ code: "Enter the code from the message." }, null);
      return;
    }
    void run(async () => {
      try {
        if (!sent) {
          await api.beginPhone(phone.replace(/[\s()/.-]/g, ""));
          setSent(true);
          return;
        }
        onDone((await api.confirmPhone(code)).data.recoveryCodes);
      } catch (err) {
        if (!(err instanceof ApiError)) throw err;
        if (err.code === "invalid_code") throw new ApiError({ status: 422, code: "invalid", detail: "", fields: [{ field: "code", code: "", message: describe(err) }] });
        if (err.status === 404) throw new ApiError({ status: 404, code: "phone", detail: sent ? "This took too long. Close it and begin again." : "This service sends no text messages." });
        throw err;
      }
    });
  };
  return (
    <Dialog title="Add a phone" locked={busy} onClose={onClose}>
      <form ref={form} onSubmit={submit} className="stack" noValidate>
        <FactorFault text={fault} error={failed} />
        {!sent && (
          <TextField
            label="Phone number"
            name="phone"
            type="tel"
            autoComplete="tel"
            hint="With the country's code, such as +41 79 123 45 67. We send a code to it."
            value={phone}
            error={fields["phone"]}
            onValue={(v) => {
              setPhone(v);
              touched("phone");
            }}
          />
        )}
        {sent && (
          <>
            <p role="status">A code is on its way to {phone}.</p>
            <WhereToLook channel="sms" />
            <CodeField
              method="sms"
              value={code}
              error={fields["code"]}
              onValue={(v) => {
                setCode(v);
                touched("code");
              }}
            />
          </>
        )}
        <div className="dialog-footer">
          <Button onClick={onClose}>Cancel</Button>
          <Button look="primary" type="submit" busy={busy}>
            {sent ? "Confirm" : "Send the code"}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
