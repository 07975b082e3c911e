import { useState } from "react";
import { api } from "../api/endpoints.ts";
import { ApiError } from "../api/error.ts";
import { absolute, placeOf } from "../logic/time.ts";
import { Button } from "../ui/button.tsx";
import { WhereToLook } from "../ui/outbox.tsx";
import { Notice } from "../ui/page.tsx";

// The link of a recovery leads to the sign-in, because it works only after the
// password. Its token waits in this tab for the second step.
const kept = "profilekit.recover";

// keepRecovery takes the token out of the address, where the next reader of the
// screen or of the history would find it.
export function keepRecovery(): void {
  const found = /^#recover=([\w-]{43})$/.exec(location.hash);
  if (!found) return;
  sessionStorage.setItem(kept, found[1]!);
  history.replaceState(history.state, "", location.pathname + location.search);
}

export function hasRecovery(): boolean {
  return sessionStorage.getItem(kept) !== null;
}

// LostFactors is for who has no second step left: it asks for the link, or uses
// the one that brought its reader here. run shows what fails.
export function LostFactors({ busy, run, onRemoved }: { busy: boolean; run(work: () => Promise<void>): Promise<boolean>; onRemoved(): void }) {
  const [asking, setAsking] = useState(false);
  const [from, setFrom] = useState<string | null>(null);
  const [token, setToken] = useState(() => sessionStorage.getItem(kept));

  const begin = () =>
    void run(async () => {
      try {
        const { data } = await api.beginRecovery();
        setFrom(data.from);
        setAsking(false);
      } catch (err) {
        if (err instanceof ApiError && err.fields.some((f) => f.code === "unconfirmed"))
          throw new ApiError({ status: 422, code: "unconfirmed", detail: "Your e-mail address was never confirmed. Set a new password by a link to it instead." });
        if (err instanceof ApiError && (err.status === 404 || err.status === 405)) throw new ApiError({ status: 404, code: "no_recovery", detail: "That is not possible here. Ask who runs this service." });
        throw err;
      }
    });
  const remove = () =>
    void run(async () => {
      try {
        await api.confirmRecovery(token!);
      } catch (err) {
        if (err instanceof ApiError && err.code === "invalid_token") forget();
        throw err;
      }
      forget();
      onRemoved();
    });
  const forget = () => {
    sessionStorage.removeItem(kept);
    setToken(null);
  };

  if (token) {
    return (
      <Notice tone="info">
        <div className="stack">
          <p>Your link removes two-step verification and your recovery codes, and signs you out everywhere.</p>
          <Button wide busy={busy} onClick={remove}>
            Remove two-step verification
          </Button>
        </div>
      </Notice>
    );
  }
  if (from) {
    return (
      <Notice tone="info">
        <div className="stack-tiny">
          <p role="status">
            A mail is on its way. From {absolute(from, placeOf(null))} on, its link removes two-step verification, after your password. If you find a way to sign in before, that is off.
          </p>
          <WhereToLook channel="email" />
        </div>
      </Notice>
    );
  }
  if (asking) {
    return (
      <Notice tone="info">
        <div className="stack">
          <p>We can remove two-step verification for you, but not at once: we send a link to your e-mail that works only after some days, so that nobody else can do this unseen.</p>
          <Button wide busy={busy} onClick={begin}>
            Send me the link
          </Button>
        </div>
      </Notice>
    );
  }
  return (
    <Button look="quiet" onClick={() => setAsking(true)}>
      I have none of these any more
    </Button>
  );
}
