import { useState, type FormEvent } from "react";
import { api } from "../api/endpoints.ts";
import { ApiError } from "../api/error.ts";
import { useAccount } from "../session.tsx";
import { Button } from "../ui/button.tsx";
import { Fault } from "../ui/fault.tsx";
import { PasswordField } from "../ui/field.tsx";
import { useForm } from "../ui/form.ts";
import { Card } from "../ui/page.tsx";
import { useToast } from "../ui/toast.tsx";

export function Password({ onChanged }: { onChanged(): void }) {
  const { user } = useAccount();
  const toast = useToast();
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  const { form, fields, fault, busy, run, refuse, touched } = useForm(["currentPassword", "newPassword"]);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    const missing: Record<string, string> = {};
    if (current === "") missing["currentPassword"] = "Enter your current password.";
    if (next === "") missing["newPassword"] = "Choose a new password.";
    if (Object.keys(missing).length > 0) {
      refuse(missing, null);
      return;
    }
    void run(async () => {
      try {
        await api.changePassword({ currentPassword: current, newPassword: next });
      } catch (err) {
        if (err instanceof ApiError && err.code === "invalid_credentials") {
          throw new ApiError({ status: err.status, code: err.code, detail: "", fields: [{ field: "currentPassword", code: "", message: "This is not your current password." }] });
        }
        throw err;
      }
      setCurrent("");
      setNext("");
      toast("good", "Password changed. Other devices are signed out.");
      onChanged();
    });
  };

  return (
    <Card title="Password" lead="A new one signs out all your other devices.">
      <form ref={form} onSubmit={submit} className="stack narrow" noValidate>
        <Fault text={fault} />
        {/* For password managers: whose password this is. */}
        <input type="text" name="username" autoComplete="username" value={user.username} readOnly hidden />
        <PasswordField
          label="Current password"
          name="currentPassword"
          autoComplete="current-password"
          value={current}
          error={fields["currentPassword"]}
          onValue={(v) => {
            setCurrent(v);
            touched("currentPassword");
          }}
        />
        <PasswordField
          label="New password"
          name="newPassword"
          autoComplete="new-password"
          value={next}
          error={fields["newPassword"]}
          hint="At least 15 characters. A few unrelated words are easy to keep in mind."
          onValue={(v) => {
            setNext(v);
            touched("newPassword");
          }}
        />
        <div>
          <Button look="primary" type="submit" busy={busy}>
            Change password
          </Button>
        </div>
      </form>
    </Card>
  );
}
