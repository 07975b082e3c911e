import { api } from "../api/endpoints.ts";
import { ApiError } from "../api/error.ts";
import type { SignedIn } from "../api/types.ts";
import { absolute, placeOf } from "../logic/time.ts";
import { Button } from "../ui/button.tsx";
import { Fault } from "../ui/fault.tsx";
import { useForm } from "../ui/form.ts";
import { Entry } from "./entry.tsx";

// Leaving is for somebody who signed in to an account that will be erased.
export function Leaving({ deletesAt, onKept, onAgain }: { deletesAt: string; onKept(answer: { data: SignedIn; etag: string | null }): Promise<void>; onAgain(): void }) {
  const { form, fault, busy, run } = useForm([]);
  const keep = () =>
    void run(async () => {
      try {
        await onKept(await api.restoreAccount());
      } catch (err) {
        if (err instanceof ApiError && err.code === "unauthenticated") {
          throw new ApiError({ status: 401, code: "expired", detail: "This took too long. Sign in again." });
        }
        throw err;
      }
    });
  return (
    <Entry
      title="This account will be erased"
      lead={`On ${absolute(deletesAt, placeOf(null))} all of it is gone for good.`}
      below={
        <Button look="quiet" onClick={onAgain}>
          Leave it so
        </Button>
      }
    >
      <form
        ref={form}
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          keep();
        }}
      >
        <Fault text={fault} />
        <Button look="primary" type="submit" wide busy={busy}>
          Keep my account
        </Button>
      </form>
    </Entry>
  );
}
