import { useState, type FormEvent } from "react";
import { api } from "../api/endpoints.ts";
import { Link, navigate } from "../router.tsx";
import { useSession } from "../session.tsx";
import { Button } from "../ui/button.tsx";
import { Fault } from "../ui/fault.tsx";
import { PasswordField, TextField } from "../ui/field.tsx";
import { useForm } from "../ui/form.ts";
import { Entry, withNext } from "./entry.tsx";

const names = ["username", "email", "password"] as const;
type Name = (typeof names)[number];

const missing: Record<Name, string> = {
  username: "Choose a user name.",
  email: "Enter your e-mail address.",
  password: "Choose a password.",
};

export function Register({ next }: { next: string }) {
  const { begin } = useSession();
  const [values, setValues] = useState<Record<Name, string>>({ username: "", email: "", password: "" });
  const { form, fields, fault, busy, run, refuse, touched } = useForm([...names]);

  const set = (name: Name) => (value: string) => {
    setValues((v) => ({ ...v, [name]: value }));
    touched(name);
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const empty = names.filter((n) => values[n] === "");
    if (empty.length > 0) {
      refuse(Object.fromEntries(empty.map((n) => [n, missing[n]])), null);
      return;
    }
    void run(async () => {
      const { data, etag } = await api.register(values);
      await begin(data.user, etag);
      navigate(next, { replace: true });
    });
  };

  return (
    <Entry
      title="Create an account"
      lead="It takes half a minute. Everything else can wait."
      below={
        <>
          Have an account? <Link href={withNext("/login", next)}>Sign in</Link>
        </>
      }
    >
      <form ref={form} onSubmit={submit} className="stack" noValidate>
        <Fault text={fault} />
        <TextField
          label="User name"
          name="username"
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          maxLength={50}
          value={values.username}
          error={fields["username"]}
          hint="3 to 50 letters, digits, dots, dashes or underscores. You can change it later."
          onValue={set("username")}
        />
        <TextField
          label="E-mail"
          name="email"
          type="email"
          autoComplete="email"
          autoCapitalize="none"
          spellCheck={false}
          value={values.email}
          error={fields["email"]}
          hint="Nobody else sees it unless you say so."
          onValue={set("email")}
        />
        <PasswordField
          label="Password"
          name="password"
          autoComplete="new-password"
          value={values.password}
          error={fields["password"]}
          hint="At least 15 characters. A few unrelated words are easy to keep in mind."
          onValue={set("password")}
        />
        <Button look="primary" type="submit" wide busy={busy}>
          Create account
        </Button>
      </form>
    </Entry>
  );
}
