import { useState, type FormEvent } from "react";
import { api } from "../api/endpoints.ts";
import { ApiError } from "../api/error.ts";
import { navigate } from "../router.tsx";
import { useSession } from "../session.tsx";
import { Button } from "../ui/button.tsx";
import { CodeField, type CodeMethod } from "../ui/code.tsx";
import { Fault } from "../ui/fault.tsx";
import { useForm } from "../ui/form.ts";
import { Entry } from "./entry.tsx";

// SecondStep ends a sign-in whose password was right.
export function SecondStep({ methods, next, onAgain }: { methods: string[]; next: string; onAgain(): void }) {
  const { begin } = useSession();
  const [method, setMethod] = useState<CodeMethod>(methods.includes("totp") ? "totp" : "recovery_code");
  const [code, setCode] = useState("");
  const [trustDevice, setTrustDevice] = useState(false);
  const { form, fields, fault, busy, run, refuse, touched } = useForm(["code"]);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (code === "") {
      refuse({ code: "Enter the code." }, null);
      return;
    }
    void run(async () => {
      try {
        const { data, etag } = await api.finishSignIn({ method, code, trustDevice });
        await begin(data.user, etag);
      } catch (err) {
        if (!(err instanceof ApiError)) throw err;
        if (err.code === "unauthenticated") throw new ApiError({ status: 401, code: "expired", detail: "This took too long, or there were too many tries. Sign in again." });
        if (err.code === "invalid_code") {
          setCode("");
          throw new ApiError({ status: 422, code: "invalid", detail: "", fields: [{ field: "code", code: "", message: "This code is wrong, too old, or was used already." }] });
        }
        throw err;
      }
      navigate(next, { replace: true });
    });
  };

  const other: CodeMethod = method === "totp" ? "recovery_code" : "totp";
  return (
    <Entry
      title="One more step"
      lead={method === "totp" ? "Enter the code that your authenticator app shows." : "Enter one of the recovery codes that you kept. It works once."}
      below={
        <Button look="quiet" onClick={onAgain}>
          Sign in as somebody else
        </Button>
      }
    >
      <form ref={form} onSubmit={submit} className="stack" noValidate>
        <Fault text={fault} />
        <CodeField
          key={method}
          method={method}
          value={code}
          error={fields["code"]}
          onValue={(v) => {
            setCode(v);
            touched("code");
          }}
        />
        <label className="check">
          <input type="checkbox" checked={trustDevice} onChange={(e) => setTrustDevice(e.target.checked)} />
          <span>Don't ask for a code on this device for 30 days</span>
        </label>
        <Button look="primary" type="submit" wide busy={busy}>
          Continue
        </Button>
        {methods.includes(other) && (
          <Button
            look="quiet"
            onClick={() => {
              setMethod(other);
              setCode("");
              touched("code");
            }}
          >
            {other === "totp" ? "Use the authenticator app" : "Use a recovery code"}
          </Button>
        )}
      </form>
    </Entry>
  );
}
