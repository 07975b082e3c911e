import { useCallback, useEffect, useRef, useState, type FormEvent } from "react";
import { api } from "../api/endpoints.ts";
import { ApiError } from "../api/error.ts";
import type { Enrollment } from "../api/types.ts";
import { describe } from "../logic/errors.ts";
import { Button } from "../ui/button.tsx";
import { CodeField } from "../ui/code.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Loading, Skeleton } from "../ui/page.tsx";
import { FactorFault } from "../ui/unconfirmed.tsx";

// EnrolApp shows the picture for an authenticator app and asks for its first
// code. onDone gets the recovery codes, null when there were some already.
export function EnrolApp({ onDone, onClose }: { onDone(codes: string[] | null): void; onClose(): void }) {
  const [show, setShow] = useState<Enrollment | null>(null);
  const [code, setCode] = useState("");
  const [error, setError] = useState<string | undefined>();
  const [fault, setFault] = useState<string | null>(null);
  const [failed, setFailed] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const begun = useRef(false);
  const begin = useCallback(async () => {
    setBusy(true);
    try {
      setShow((await api.beginTotp()).data);
      setFault(null);
    } catch (err) {
      setFailed(err);
      setFault(describe(err));
    }
    setBusy(false);
  }, []);
  useEffect(() => {
    if (begun.current) return; // once, since each replaces the one before
    begun.current = true;
    void begin();
  }, [begin]);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (busy) return;
    if (code === "") {
      setError("Enter the code that the app shows.");
      return;
    }
    setBusy(true);
    try {
      const { data } = await api.confirmTotp(code);
      onDone(data.recoveryCodes);
    } catch (err) {
      setBusy(false);
      if (err instanceof ApiError && err.code === "invalid_code") setError(describe(err));
      else if (err instanceof ApiError && err.code === "not_found") setFault("This took too long. Close it and begin again.");
      else setFault(describe(err));
    }
  };
  return (
    <Dialog title="Set up an authenticator app" locked={busy && show !== null} onClose={onClose}>
      <form onSubmit={(e) => void submit(e)} className="stack" noValidate>
        <FactorFault text={fault} error={failed} />
        {!show && !fault && (
          <Loading>
            <Skeleton width="12rem" height="12rem" />
          </Loading>
        )}
        {show && (
          <>
            <p>Scan this with an authenticator app, then enter the code that it shows.</p>
            <img className="qr" src={show.qr} alt="The key as a QR code" width={192} height={192} />
            <details>
              <summary>It cannot be scanned?</summary>
              <p className="hint">Type this key into the app:</p>
              <p className="secret">{show.secret.replace(/(.{4})/g, "$1 ").trim()}</p>
            </details>
            <CodeField
              method="totp"
              value={code}
              error={error}
              onValue={(v) => {
                setCode(v);
                setError(undefined);
              }}
            />
          </>
        )}
        <div className="dialog-footer">
          <Button onClick={onClose}>Cancel</Button>
          {show && (
            <Button look="primary" type="submit" busy={busy}>
              Turn on
            </Button>
          )}
          {!show && fault && (
            <Button look="primary" busy={busy} onClick={() => void begin()}>
              Try again
            </Button>
          )}
        </div>
      </form>
    </Dialog>
  );
}

// ShowCodes shows recovery codes, this once. Nothing but the button closes it.
export function ShowCodes({ codes, onClose }: { codes: string[]; onClose(): void }) {
  const [copied, setCopied] = useState(false);
  const text = codes.join("\n");
  return (
    <Dialog
      title="Keep these recovery codes"
      locked
      onClose={onClose}
      footer={
        <Button look="primary" onClick={onClose} data-focus>
          I have kept them
        </Button>
      }
    >
      <div className="stack">
        <p>Each lets you in once when you have no phone. They are shown only now: print them, or put them into a password manager.</p>
        <ul className="codes" aria-label="Recovery codes">
          {codes.map((c) => (
            <li key={c}>{c}</li>
          ))}
        </ul>
        <div className="actions">
          <Button
            onClick={() => {
              void navigator.clipboard.writeText(text).then(() => setCopied(true));
            }}
          >
            {copied ? "Copied" : "Copy"}
          </Button>
          <a className="button button-secondary" download="recovery-codes.txt" href={`data:text/plain;charset=utf-8,${encodeURIComponent(text + "\n")}`}>
            <span>Download</span>
          </a>
        </div>
      </div>
    </Dialog>
  );
}
