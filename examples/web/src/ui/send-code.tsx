import { useState } from "react";
import { describe } from "../logic/errors.ts";
import type { Channel } from "../logic/outbox.ts";
import { Button } from "./button.tsx";
import type { CodeMethod } from "./code.tsx";
import { WhereToLook } from "./outbox.tsx";

// sentBy reports whether a code of that method has to be sent first.
export function sentBy(method: string): method is Channel {
  return method === "sms" || method === "email";
}

// whereTo says where a code of that method is.
export const whereTo: Record<CodeMethod, string> = {
  totp: "Enter the code that your authenticator app shows.",
  recovery_code: "Enter one of the recovery codes that you kept. It works once.",
  sms: "We send a code to your phone.",
  email: "We send a code to your e-mail.",
};

// otherWay is what leads to that method.
export const otherWay: Record<CodeMethod, string> = {
  totp: "Use the authenticator app",
  recovery_code: "Use a recovery code",
  sms: "Use a text message",
  email: "Use an e-mail",
};

// SendCode sends a code and says so, and again when asked.
export function SendCode({ by, send, onFault }: { by: Channel; send(): Promise<unknown>; onFault(text: string | null): void }) {
  const [busy, setBusy] = useState(false);
  const [sent, setSent] = useState(false);
  const work = async () => {
    if (busy) return;
    setBusy(true);
    onFault(null);
    try {
      await send();
      setSent(true);
    } catch (err) {
      onFault(describe(err));
    }
    setBusy(false);
  };
  return (
    <>
      {sent && <p role="status">A code is on its way. It is good for ten minutes.</p>}
      {sent && <WhereToLook channel={by} />}
      <Button wide busy={busy} onClick={() => void work()}>
        {sent ? "Send another code" : "Send a code"}
      </Button>
    </>
  );
}
