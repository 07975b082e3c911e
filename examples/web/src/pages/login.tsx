import { useState, type FormEvent } from "react";
import { api } from "../api/endpoints.ts";
import { ApiError } from "../api/error.ts";
import type { SecondFactorResult } from "../api/types.ts";
import { Link, navigate } from "../router.tsx";
import { useSession } from "../session.tsx";
import { Button } from "../ui/button.tsx";
import { Fault } from "../ui/fault.tsx";
import { PasswordField, TextField } from "../ui/field.tsx";
import { useForm } from "../ui/form.ts";
import { Notice } from "../ui/page.tsx";
import { Entry, withNext } from "./entry.tsx";
import { Leaving } from "./login-leaving.tsx";
import { hasRecovery } from "./login-lost.tsx";
import { PasskeySignIn } from "./login-passkey.tsx";
import { SecondStep } from "./login-second.tsx";

export function Login({ notice, next }: { notice: string | null; next: string }) {
  const { begin } = useSession();
  const [login, setLogin] = useState("");
  const [password, setPassword] = useState("");
  const [remember, setRemember] = useState(false);
  const [methods, setMethods] = useState<string[] | null>(null);
  const [deletesAt, setDeletesAt] = useState<string | null>(null);
  const [hint, setHint] = useState(() => (hasRecovery() ? "Sign in with your password first; then your link works." : null));
  const [passkeyFault, setPasskeyFault] = useState<string | null>(null);
  const { form, fields, fault, busy, run, refuse, touched } = useForm(["login", "password"]);

  // arrived is called when every proof was right.
  const arrived = async ({ data, etag }: { data: SecondFactorResult; etag: string | null }) => {
    if (data.status === "deletion_pending") {
      setMethods(null);
      setDeletesAt(data.deletesAt);
      return;
    }
    await begin(data.user, etag);
    navigate(next, { replace: true });
  };

  const submit = (event: FormEvent) => {
    event.preventDefault();
    setPasskeyFault(null);
    const missing: Record<string, string> = {};
    if (login === "") missing["login"] = "Enter your user name or e-mail.";
    if (password === "") missing["password"] = "Enter your password.";
    if (Object.keys(missing).length > 0) {
      refuse(missing, null);
      return;
    }
    void run(async () => {
      const { data, etag } = await api.login({ login, password, remember });
      if (data.status === "mfa_required") {
        setMethods(data.methods);
        return;
      }
      if (data.status !== "complete" && data.status !== "deletion_pending") {
        // Steps that a later version of the server may ask for.
        throw new ApiError({ status: 200, code: "incomplete", detail: "This account needs another step to sign in, which this page does not know yet." });
      }
      await arrived({ data, etag });
    });
  };

  const again = () => {
    setPassword("");
    setMethods(null);
    setDeletesAt(null);
  };
  const removed = () => {
    again();
    setHint("Two-step verification is off. Sign in with your password, and set it up again under Security.");
  };
  if (deletesAt) return <Leaving deletesAt={deletesAt} onKept={arrived} onAgain={again} />;
  if (methods) return <SecondStep methods={methods} onDone={arrived} onRemoved={removed} onAgain={again} />;
  return (
    <Entry
      title="Sign in"
      lead="Welcome back."
      below={
        <>
          New here? <Link href={withNext("/register", next)}>Create an account</Link>
          <br />
          <Link href="/forgot">Forgot your password?</Link>
        </>
      }
    >
      {(hint ?? notice) && <Notice tone="info">{hint ?? notice}</Notice>}
      <form ref={form} onSubmit={submit} className="stack" noValidate>
        <Fault text={fault ?? passkeyFault} />
        <TextField
          label="User name or e-mail"
          name="login"
          autoComplete="username webauthn"
          autoCapitalize="none"
          spellCheck={false}
          value={login}
          error={fields["login"]}
          onValue={(v) => {
            setLogin(v);
            touched("login");
          }}
        />
        <PasswordField
          label="Password"
          name="password"
          autoComplete="current-password"
          value={password}
          error={fields["password"]}
          onValue={(v) => {
            setPassword(v);
            touched("password");
          }}
        />
        <label className="check">
          <input type="checkbox" checked={remember} onChange={(e) => setRemember(e.target.checked)} />
          <span>Stay signed in on this device</span>
        </label>
        <Button look="primary" type="submit" wide busy={busy}>
          Sign in
        </Button>
        <PasskeySignIn
          remember={remember}
          onFault={setPasskeyFault}
          onDone={arrived}
        />
      </form>
    </Entry>
  );
}
