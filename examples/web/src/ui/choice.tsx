import { useId, type ReactNode } from "react";
import { Icon, type IconName } from "./icons.tsx";

// Switch is a checkbox that acts at once.
export function Switch({
  label,
  hideLabel = false,
  hint,
  checked,
  disabled = false,
  onChange,
}: {
  label: string;
  hideLabel?: boolean;
  hint?: ReactNode;
  checked: boolean;
  disabled?: boolean;
  onChange(checked: boolean): void;
}) {
  const id = useId();
  return (
    <div className="switch-row">
      <div className={hideLabel ? "visually-hidden" : "switch-text"}>
        <label htmlFor={id}>{label}</label>
        {hint && (
          <p id={`${id}-hint`} className="hint">
            {hint}
          </p>
        )}
      </div>
      <input
        id={id}
        type="checkbox"
        role="switch"
        className="switch"
        checked={checked}
        disabled={disabled}
        aria-describedby={hint ? `${id}-hint` : undefined}
        onChange={(e) => onChange(e.target.checked)}
      />
    </div>
  );
}

export interface Option<T extends string> {
  value: T;
  label: string;
  icon?: IconName;
  hint?: string;
}

// Options are radio buttons: "row" stands in one line, "cards" have a text each.
export function Options<T extends string>({
  legend,
  hideLegend = false,
  shape = "row",
  options,
  value,
  onChange,
}: {
  legend: string;
  hideLegend?: boolean;
  shape?: "row" | "cards";
  options: Option<T>[];
  value: T;
  onChange(value: T): void;
}) {
  const name = useId();
  return (
    <fieldset className={`options options-${shape}`}>
      <legend className={hideLegend ? "visually-hidden" : undefined}>{legend}</legend>
      <div className="options-list">
        {options.map((o) => (
          <label key={o.value} className="option">
            <input type="radio" name={name} value={o.value} checked={o.value === value} onChange={() => onChange(o.value)} />
            {o.icon && <Icon name={o.icon} size={18} />}
            <span className="option-text">
              <span className="option-label">{o.label}</span>
              {o.hint && <span className="hint">{o.hint}</span>}
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
