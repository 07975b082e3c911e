import { useState, type FormEvent } from "react";
import { api } from "../api/endpoints.ts";
import { ApiError } from "../api/error.ts";
import { canPasskey, provePasskey } from "../api/passkeys.ts";
import type { SecondFactorResult } from "../api/types.ts";
import { codesWait } from "../logic/proof.ts";
import { Button } from "../ui/button.tsx";
import { CodeField, type CodeMethod } from "../ui/code.tsx";
import { Fault } from "../ui/fault.tsx";
import { useFeature } from "../ui/features.ts";
import { useForm } from "../ui/form.ts";
import { otherWay, SendCode, sentBy, whereTo } from "../ui/send-code.tsx";
import { Entry } from "./entry.tsx";
import { LostFactors } from "./login-lost.tsx";

// known are the methods that this page has a field for, the best first.
const known: CodeMethod[] = ["totp", "sms", "email", "recovery_code"];

// SecondStep ends a sign-in whose password was right.
export function SecondStep({ methods, onDone, onRemoved, onAgain }: { methods: string[]; onDone(answer: { data: SecondFactorResult; etag: string | null }): Promise<void>; onRemoved(): void; onAgain(): void }) {
  const [method, setMethod] = useState<CodeMethod>(known.find((m) => methods.includes(m)) ?? "recovery_code");
  const [code, setCode] = useState("");
  const [trustDevice, setTrustDevice] = useState(false);
  const [sendFault, setSendFault] = useState<string | null>(null);
  const { form, fields, fault, busy, run, refuse, touched } = useForm(["code"]);

  // A code by e-mail beside another factor is the mailbox alone: the server trusts no device
  // by it. Some servers trust none at all.
  const devices = useFeature("trustedDevices");
  const mayTrust = devices && (method !== "email" || methods.every((m) => m === "email" || m === "recovery_code"));
  const passkey = methods.includes("passkey") && canPasskey();
  const usePasskey = () =>
    void run(async () => {
      try {
        const answer = await provePasskey("second_factor");
        const { data, etag } = await api.finishPasskey({ ...answer, purpose: "second_factor", trustDevice: trustDevice && mayTrust });
        if (data.status !== "complete" && data.status !== "deletion_pending") throw new ApiError({ status: 200, code: "incomplete", detail: "" });
        await onDone({ data, etag });
      } catch (err) {
        if (err instanceof ApiError && err.code === "unauthenticated") throw expired();
        if (err instanceof ApiError && err.code === "invalid_code") throw new ApiError({ status: 422, code: "passkey", detail: "This passkey does not open the account." });
        throw err;
      }
    });

  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (code === "") {
      refuse({ code: "Enter the code." }, null);
      return;
    }
    void run(async () => {
      try {
        await onDone(await api.finishSignIn({ method, code, trustDevice: trustDevice && mayTrust }));
      } catch (err) {
        if (!(err instanceof ApiError)) throw err;
        if (err.code === "unauthenticated") throw expired();
        if (err.code === "too_early") throw waits(err);
        if (err.code === "invalid_code") {
          setCode("");
          throw new ApiError({ status: 422, code: "invalid", detail: "", fields: [{ field: "code", code: "", message: "This code is wrong, too old, or was used already." }] });
        }
        throw err;
      }
    });
  };

  const codes = known.some((m) => methods.includes(m));
  const others = known.filter((m) => m !== method && methods.includes(m));
  return (
    <Entry
      title="One more step"
      lead={passkey && method === "recovery_code" ? "Use your passkey, or a recovery code." : whereTo[method]}
      below={
        <Button look="quiet" onClick={onAgain}>
          Sign in as somebody else
        </Button>
      }
    >
      <form ref={form} onSubmit={submit} className="stack" noValidate>
        <Fault text={fault ?? sendFault} />
        {passkey && (
          <Button icon="key" wide busy={busy} onClick={usePasskey}>
            Use your passkey
          </Button>
        )}
        {sentBy(method) && <SendCode key={`send-${method}`} by={method} send={() => api.sendCode(method).catch((err: unknown) => Promise.reject(waits(err)))} onFault={setSendFault} />}
        {codes && <CodeField
          key={method}
          method={method}
          value={code}
          error={fields["code"]}
          onValue={(v) => {
            setCode(v);
            touched("code");
          }}
        />}
        {mayTrust && (
          <label className="check">
            <input type="checkbox" checked={trustDevice} onChange={(e) => setTrustDevice(e.target.checked)} />
            <span>Don't ask for a code on this device for 30 days</span>
          </label>
        )}
        {codes && (
          <Button look="primary" type="submit" wide busy={busy}>
            Continue
          </Button>
        )}
        {others.map((other) => (
          <Button
            key={other}
            look="quiet"
            onClick={() => {
              setMethod(other);
              setCode("");
              setSendFault(null);
              touched("code");
            }}
          >
            {otherWay[other]}
          </Button>
        ))}
        <LostFactors
          busy={busy}
          run={(work) =>
            run(() =>
              work().catch((err: unknown) => {
                throw err instanceof ApiError && err.code === "unauthenticated" ? expired() : err;
              }),
            )
          }
          onRemoved={onRemoved}
        />
      </form>
    </Entry>
  );
}

// waits is an error that says when codes by e-mail work again, if that is what err is about.
function waits(err: unknown): unknown {
  const text = codesWait(err);
  return text === null ? err : new ApiError({ status: 409, code: "codes_wait", detail: text });
}

const expired = () => new ApiError({ status: 401, code: "expired", detail: "This took too long, or there were too many tries. Sign in again." });
