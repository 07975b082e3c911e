import { useCallback, useEffect, useRef, useState, type FormEvent, type RefObject } from "react";
import { setHooks } from "../api/client.ts";
import { api } from "../api/endpoints.ts";
import type { OwnView, Settings } from "../api/types.ts";
import { describe } from "../logic/errors.ts";
import { mailCode, mailCodeFault, waitGoesOn, waitOffer, type Need } from "../logic/proof.ts";
import { placeOf } from "../logic/time.ts";
import { useSession } from "../session.tsx";
import { useAsked } from "./asked.ts";
import { Button } from "./button.tsx";
import { Dialog } from "./dialog.tsx";
import { Fault } from "./fault.tsx";
import { useFeature, useProofWait } from "./features.ts";
import { Field } from "./field.tsx";
import { useWaitWork } from "./wait.ts";

// resendAfter is when another code is sent to somebody who opens the dialog anew: each
// code ends the one before, which may be what is being typed. A code lives 10 minutes.
const resendAfter = 8 * 60_000;

// Prove asks for the second proof whenever a call is refused until there is one; the
// call is then sent again by itself. The page below stays as it is.
export function Prove() {
  const { session } = useSession();
  const { question: need, ask, answer } = useAsked<Need>();
  // mailed is when this session got its last code, null when there is none to enter.
  const mailed = useRef<number | null>(null);
  useEffect(() => setHooks({ prove: ask }), [ask]);
  useEffect(() => {
    if (session.status === "in") return;
    mailed.current = null;
    answer(false);
  }, [session.status, answer]);
  if (!need || session.status !== "in") return null;
  const shared = { need, user: session.user, settings: session.settings, onDone: answer };
  // Where the code would help it is asked for, also while a wait goes on.
  return need.missing.some((set) => set.includes("mailbox")) ? <ByMail {...shared} mailed={mailed} /> : <ByWait {...shared} />;
}

interface Shared {
  need: Need;
  user: OwnView;
  settings: Settings | null;
  onDone(proved: boolean): void;
}

// ByMail sends a code to the address and takes it.
function ByMail({ need, user, settings, onDone, mailed }: Shared & { mailed: RefObject<number | null> }) {
  const [code, setCode] = useState("");
  const [error, setError] = useState<string | undefined>();
  const [fault, setFault] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const [sent, setSent] = useState<"sending" | "first" | "again" | "before" | null>(null);
  const input = useRef<HTMLInputElement>(null);
  const begun = useRef(false);

  const send = useCallback(
    async (as: "first" | "again") => {
      setSent("sending");
      setFault(null);
      try {
        await api.sendMailCode();
        mailed.current = Date.now();
        setSent(as);
      } catch (err) {
        setSent(null);
        setFault(describe(err));
      }
    },
    [mailed],
  );
  useEffect(() => {
    if (begun.current) return; // once, since each code ends the one before
    begun.current = true;
    if (mailed.current !== null && Date.now() - mailed.current < resendAfter) setSent("before");
    else void send("first");
  }, [mailed, send]);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (busy) return;
    const typed = mailCode(code);
    const wrong = mailCodeFault(typed);
    setError(undefined); // so that the same words are announced again
    setFault(null);
    if (wrong === null) {
      setBusy(true);
      try {
        await api.proveMailbox(typed);
        mailed.current = null;
        onDone(true);
        return;
      } catch (err) {
        setBusy(false);
        if ((err as { code?: string }).code !== "invalid_code") {
          setFault(describe(err));
          return;
        }
      }
    }
    await Promise.resolve();
    setError(wrong ?? "This code is wrong, too old, or was used already.");
    input.current?.focus();
    input.current?.select();
  };

  return (
    <Dialog title="Enter the code from your mail" locked={busy} onClose={() => onDone(false)}>
      <form onSubmit={(e) => void submit(e)} className="stack" noValidate>
        <p>This changes how your account is opened. So we ask for a code that only a reader of your mail has.</p>
        <p role="status">
          {sent === "sending" && <>We are sending a code to {user.email}…</>}
          {sent === "first" && (
            <>
              We sent a code to <strong>{user.email}</strong>. It is good for ten minutes.
            </>
          )}
          {sent === "again" && (
            <>
              We sent another code to <strong>{user.email}</strong>. The one before does not work any more.
            </>
          )}
          {sent === "before" && (
            <>
              We sent a code to <strong>{user.email}</strong> a few minutes ago. It still works.
            </>
          )}
        </p>
        <Fault text={fault} />
        <Field label="Code" live hint="12 characters in groups of 4. Capitals, spaces and dashes do not matter." error={error}>
          {(ids) => (
            <input
              {...ids}
              ref={input}
              className="control code"
              name="code"
              autoComplete="one-time-code"
              autoCapitalize="none"
              autoCorrect="off"
              spellCheck={false}
              maxLength={40}
              value={code}
              onChange={(e) => {
                setCode(e.target.value);
                setError(undefined);
              }}
            />
          )}
        </Field>
        <Button look="quiet" busy={sent === "sending"} onClick={() => void send("again")}>
          Send it again
        </Button>
        <details>
          <summary>I do not get this mail</summary>
          <div className="stack">
            <p className="hint">A mail can take some minutes. Look where your mail keeps advertisements and junk, too.</p>
            <Wait need={need} user={user} settings={settings} />
          </div>
        </details>
        <div className="dialog-footer">
          <Button onClick={() => onDone(false)}>Cancel</Button>
          <Button look="primary" type="submit" busy={busy}>
            Confirm
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

// ByWait is for an account that nothing but a wait helps.
function ByWait({ need, user, settings, onDone }: Shared) {
  return (
    <Dialog title="This takes a wait" onClose={() => onDone(false)} footer={<Button onClick={() => onDone(false)}>Close</Button>}>
      <div className="stack">
        <p tabIndex={-1} data-focus>
          This changes how your account is opened. So that nobody else does it unseen, it is not done at once.
        </p>
        <Wait need={need} user={user} settings={settings} />
      </div>
    </Dialog>
  );
}

// Wait explains the wait, begins it, and calls it off.
function Wait({ need, user, settings }: Omit<Shared, "onDone">) {
  const texts = useFeature("codesBySMS");
  const seconds = useProofWait();
  const [wait, setWait] = useState<{ from: string; until: string | null } | null>(need.waitUntil === null ? null : { from: need.waitUntil, until: null });
  const [off, setOff] = useState(false);
  const { said, busy, fault, work } = useWaitWork();
  const begin = () =>
    work(async () => {
      setWait((await api.beginWait()).data);
      setOff(false);
    });
  const callOff = () =>
    work(async () => {
      await api.cancelWait();
      setWait(null);
      setOff(true);
    });
  return (
    <>
      <div role="status" tabIndex={-1} ref={said}>
        {wait && <p>{waitGoesOn(need.state, wait.from, wait.until, placeOf(settings))}</p>}
        {!wait && off && <p>The wait is off.</p>}
        {!wait && !off && need.mayWait && <p>{waitOffer(need.state, texts && Boolean(user.phone), seconds)}</p>}
      </div>
      <Fault text={fault} />
      {wait ? (
        <Button key="off" busy={busy} onClick={() => void callOff()}>
          Call the wait off
        </Button>
      ) : (
        (need.mayWait || off) && (
          <Button key="begin" busy={busy} onClick={() => void begin()}>
            Begin the wait
          </Button>
        )
      )}
    </>
  );
}
