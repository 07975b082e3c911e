import { useId, useState, type ComponentProps, type ReactNode } from "react";
import { Icon } from "./icons.tsx";
import { IconButton } from "./button.tsx";

interface FieldProps {
  label: string;
  hint?: ReactNode;
  error?: string | undefined;
  // aside stands at the end of the label's line: a badge, a counter.
  aside?: ReactNode;
  optional?: boolean;
  // live: the error is announced. That is for a form of one field, which keeps the focus.
  live?: boolean;
  children(ids: { id: string; "aria-describedby": string | undefined; "aria-invalid": true | undefined }): ReactNode;
}

// Field joins a control with its label, hint and error for people who see
// them and people who hear them.
export function Field({ label, hint, error, aside, optional = false, live = false, children }: FieldProps) {
  const id = useId();
  const described = [error && `${id}-error`, hint && `${id}-hint`].filter(Boolean).join(" ");
  const wrong = error && <FieldError id={`${id}-error`}>{error}</FieldError>;
  return (
    <div className={`field${error ? " field-wrong" : ""}`}>
      <div className="field-top">
        <label htmlFor={id}>
          {label}
          {optional && <span className="optional"> optional</span>}
        </label>
        {aside}
      </div>
      {children({ id, "aria-describedby": described || undefined, "aria-invalid": error ? true : undefined })}
      {live ? <div role="alert">{wrong}</div> : wrong}
      {hint && (
        <p id={`${id}-hint`} className="hint">
          {hint}
        </p>
      )}
    </div>
  );
}

export function FieldError({ id, children }: { id?: string; children: ReactNode }) {
  return (
    <p id={id} className="field-error">
      <Icon name="alert" size={16} />
      <span>{children}</span>
    </p>
  );
}

type Shared = Omit<FieldProps, "children">;
type TextProps = Shared & Omit<ComponentProps<"input">, keyof Shared | "onChange"> & { onValue(value: string): void };

export function TextField({ label, hint, error, aside, optional, onValue, ...rest }: TextProps) {
  return (
    <Field {...shared({ label, hint, error, aside, optional })}>
      {(ids) => <input {...rest} {...ids} className="control" onChange={(e) => onValue(e.target.value)} />}
    </Field>
  );
}

export function PasswordField({ label, hint, error, aside, optional, onValue, ...rest }: TextProps) {
  const [visible, setVisible] = useState(false);
  return (
    <Field {...shared({ label, hint, error, aside, optional })}>
      {(ids) => (
        <div className="control-with-button">
          <input
            {...rest}
            {...ids}
            type={visible ? "text" : "password"}
            className="control"
            autoCapitalize="none"
            spellCheck={false}
            onChange={(e) => onValue(e.target.value)}
          />
          <IconButton
            icon={visible ? "eyeOff" : "eye"}
            label={visible ? `Hide ${label.toLowerCase()}` : `Show ${label.toLowerCase()}`}
            onClick={() => setVisible(!visible)}
          />
        </div>
      )}
    </Field>
  );
}

type AreaProps = Shared & Omit<ComponentProps<"textarea">, keyof Shared | "onChange"> & { onValue(value: string): void };

export function TextArea({ label, hint, error, aside, optional, onValue, ...rest }: AreaProps) {
  return (
    <Field {...shared({ label, hint, error, aside, optional })}>
      {(ids) => <textarea {...rest} {...ids} className="control" onChange={(e) => onValue(e.target.value)} />}
    </Field>
  );
}

type SelectProps = Shared & Omit<ComponentProps<"select">, keyof Shared | "onChange"> & { onValue(value: string): void };

export function SelectField({ label, hint, error, aside, optional, onValue, children, ...rest }: SelectProps) {
  return (
    <Field {...shared({ label, hint, error, aside, optional })}>
      {(ids) => (
        <div className="select">
          <select {...rest} {...ids} className="control" onChange={(e) => onValue(e.target.value)}>
            {children}
          </select>
          <Icon name="chevron" size={18} />
        </div>
      )}
    </Field>
  );
}

function shared(s: { [K in keyof Shared]: Shared[K] | undefined } & { label: string }): Shared {
  return { label: s.label, hint: s.hint, error: s.error, aside: s.aside, optional: s.optional ?? false };
}
