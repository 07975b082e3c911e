import { useEffect, useRef } from "react";
import { Field } from "./field.tsx";

export type CodeMethod = "totp" | "recovery_code" | "sms" | "email";

// CodeField takes a code of an app, or a recovery code, and has the focus.
export function CodeField({ method, value, error, onValue }: { method: CodeMethod; value: string; error?: string | undefined; onValue(value: string): void }) {
  const input = useRef<HTMLInputElement>(null);
  // After the page, which gives the focus to its heading.
  useEffect(() => queueMicrotask(() => input.current?.focus()), []);
  const app = method !== "recovery_code";
  return (
    <Field label={app ? "Code" : "Recovery code"} {...(error ? { error } : {})}>
      {(ids) => (
        <input
          {...ids}
          ref={input}
          className="control code"
          name="code"
          inputMode={app ? "numeric" : "text"}
          autoComplete={app ? "one-time-code" : "off"}
          autoCapitalize="none"
          spellCheck={false}
          maxLength={app ? 10 : 40}
          value={value}
          onChange={(e) => onValue(e.target.value)}
        />
      )}
    </Field>
  );
}
