import { useLayoutEffect, useRef, useState } from "react";
import { ApiError } from "../api/error.ts";
import { describe, fieldErrors } from "../logic/errors.ts";

// useForm keeps what a submission told: messages at fields, and one for the
// form when there is no field to put it at. After a refusal the focus goes to
// the first field that needs attention.
export function useForm(known: string[]) {
  const form = useRef<HTMLFormElement>(null);
  const [fields, setFields] = useState<Record<string, string>>({});
  const [fault, setFault] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  // failed is what the last submission failed with, for a page that helps further.
  const [failed, setFailed] = useState<unknown>(null);

  const [refusals, setRefusals] = useState(0);
  useLayoutEffect(() => {
    if (refusals === 0) return;
    const wrong = form.current?.querySelector<HTMLElement>('[aria-invalid="true"]');
    (wrong ?? form.current?.querySelector<HTMLElement>("[data-fault]"))?.focus();
  }, [refusals]);
  const refuse = (errors: Record<string, string>, message: string | null) => {
    setFields(errors);
    setFault(message);
    setRefusals((n) => n + 1);
  };
  // run does the work of a submission and answers whether it succeeded.
  const run = async (work: () => Promise<void>): Promise<boolean> => {
    if (busy) return false;
    setBusy(true);
    setFault(null);
    setFailed(null);
    try {
      await work();
      setFields({});
      return true;
    } catch (err) {
      const all = fieldErrors(err);
      const here = Object.fromEntries(Object.entries(all).filter(([path]) => known.includes(path)));
      const elsewhere = Object.entries(all).filter(([path]) => !known.includes(path));
      const message = elsewhere.length > 0 ? elsewhere.map(([, m]) => m).join(" ") : Object.keys(here).length > 0 ? null : describe(err);
      refuse(here, message);
      setFailed(err);
      if (!(err instanceof ApiError)) throw err;
      return false;
    } finally {
      setBusy(false);
    }
  };
  // touched forgets the message at a field that is being changed.
  const touched = (path: string) => {
    setFields((all) => (path in all ? Object.fromEntries(Object.entries(all).filter(([p]) => p !== path)) : all));
  };
  return { form, fields, fault, failed, busy, run, refuse, touched };
}
