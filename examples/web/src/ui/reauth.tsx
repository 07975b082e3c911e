import { useEffect, useState, type FormEvent } from "react";
import { prove, setHooks } from "../api/client.ts";
import { api } from "../api/endpoints.ts";
import { canPasskey, provePasskey } from "../api/passkeys.ts";
import { describe, fieldErrors } from "../logic/errors.ts";
import { wayToProve, type Way } from "../logic/proof.ts";
import { useAsked } from "./asked.ts";
import { Button } from "./button.tsx";
import { CodeField } from "./code.tsx";
import { Dialog } from "./dialog.tsx";
import { Fault } from "./fault.tsx";
import { features } from "./features.ts";
import { PasswordField } from "./field.tsx";
import { SendCode, sentBy } from "./send-code.tsx";

// Reauthenticate asks for a proof whenever a call is refused until the user has
// proved who it is; the call is then sent again by itself.
export function Reauthenticate() {
  const { question, ask, answer } = useAsked<true>();
  useEffect(() => {
    setHooks({
      reauthenticate: async () => ((await hasMailAlone()) ? prove({ state: "mailbox_no_password", missing: [["mailbox"]], mayWait: false, waitUntil: null }) : ask(true)),
    });
  }, [ask]);
  return question ? <Prompt onDone={answer} /> : null;
}

// hasMailAlone: the account has neither a password nor a factor, so that a code by mail is
// its proof of identity too.
async function hasMailAlone(): Promise<boolean> {
  try {
    return (await features()).twoProofs === true && (await api.proofs()).data.state === "mailbox_no_password";
  } catch {
    return false; // the dialog that opens then says what is wrong
  }
}

function Prompt({ onDone }: { onDone(proved: boolean): void }) {
  // Which proof counts for this account; null until that is known.
  const [way, setWay] = useState<Way | null>(null);
  const [recovery, setRecovery] = useState(false);
  const [proof, setProof] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | undefined>();
  useEffect(() => {
    api.factors().then(
      ({ data }) => {
        setRecovery(data.recoveryCodesLeft > 0);
        setWay(wayToProve(data.factors, canPasskey()));
      },
      () => setWay("password"), // a server without second factors, or none at all
    );
  }, []);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (busy || !way) return;
    setBusy(true);
    try {
      await api.reauthenticate(
        way === "password" ? { password: proof } : way === "passkey" ? { method: way, ...(await provePasskey("reauthenticate")) } : { method: way, code: proof },
      );
      onDone(true);
    } catch (err) {
      const code = (err as { code?: string }).code;
      if (code === "unauthenticated") {
        onDone(false);
        return;
      }
      const fields = fieldErrors(err);
      setError(code === "invalid_credentials" ? "This is not your password." : (fields["password"] ?? fields["code"] ?? describe(err)));
      setBusy(false);
    }
  };
  return (
    <Dialog title="Confirm that it is you" locked={busy} onClose={() => onDone(false)}>
      <form onSubmit={(e) => void submit(e)} className="stack" noValidate>
        <p>
          {way === "passkey"
            ? "This needs your passkey, since you signed in a while ago."
            : way !== null && sentBy(way)
              ? "This needs a code that we send to you, since you signed in a while ago."
            : way === "totp"
            ? "This needs a code from your authenticator app, since you signed in a while ago."
            : way === "recovery_code"
              ? "This needs one of your recovery codes, since you signed in a while ago."
              : "This needs your password, since you signed in a while ago."}
        </p>
        {way === "password" && <PasswordField label="Password" name="password" autoComplete="current-password" value={proof} error={error} autoFocus onValue={setProof} />}
        {way && way !== "password" && way !== "passkey" && <CodeField key={way} method={way} value={proof} error={error} onValue={setProof} />}
        {way === "passkey" && <Fault text={error ?? null} />}
        {way && sentBy(way) && <SendCode by={way} send={() => api.sendProofCode(way)} onFault={(text) => setError(text ?? undefined)} />}
        {(way === "totp" || way === "passkey" || (way !== null && sentBy(way))) && recovery && (
          <Button
            look="quiet"
            onClick={() => {
              setWay("recovery_code");
              setProof("");
              setError(undefined);
            }}
          >
            Use a recovery code
          </Button>
        )}
        <div className="dialog-footer">
          <Button onClick={() => onDone(false)}>Cancel</Button>
          <Button look="primary" type="submit" busy={busy || !way}>
            Confirm
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
