import { useState } from "react";
import { api } from "../api/endpoints.ts";
import { describe, isUnconfirmed } from "../logic/errors.ts";
import { useAccount } from "../session.tsx";
import { Button } from "./button.tsx";
import { Fault } from "./fault.tsx";

// FactorFault is the Fault of a form that adds a second step. An address that was never
// confirmed is in the way of that, so the mail for it is offered right here.
export function FactorFault({ text, error }: { text: string | null; error: unknown }) {
  return (
    <>
      <Fault text={text} />
      {text !== null && isUnconfirmed(error) && <SendConfirmation />}
    </>
  );
}

function SendConfirmation() {
  const { user } = useAccount();
  const [busy, setBusy] = useState(false);
  const [sent, setSent] = useState(false);
  const [fault, setFault] = useState<string | null>(null);
  const send = async () => {
    if (busy) return;
    setBusy(true);
    setSent(false);
    setFault(null);
    try {
      await api.resendVerification();
      setSent(true);
    } catch (err) {
      setFault(describe(err));
    }
    setBusy(false);
  };
  return (
    <>
      <p role="status">
        {sent && (
          <>
            A link is on its way to <strong>{user.email}</strong>. Open it in this browser, then go on here.
          </>
        )}
      </p>
      <Fault text={fault} />
      <Button busy={busy} onClick={() => void send()}>
        Send the confirmation mail again
      </Button>
    </>
  );
}
