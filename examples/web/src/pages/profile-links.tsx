import { useId, useRef, type ReactNode } from "react";
import { Button, IconButton } from "../ui/button.tsx";
import { FieldError } from "../ui/field.tsx";

const most = 10;

export function Links({ rows, errors, aside, onChange }: { rows: string[]; errors: Record<string, string>; aside: ReactNode; onChange(rows: string[]): void }) {
  const list = useRef<HTMLFieldSetElement>(null);
  const id = useId();
  const shown = rows.length > 0 ? rows : [""];
  const focusRow = (i: number) => {
    requestAnimationFrame(() => list.current?.querySelectorAll("input")[i]?.focus());
  };
  return (
    <fieldset className="group" ref={list}>
      <legend>
        Links {aside}
      </legend>
      <div className="stack-small">
        {shown.map((link, i) => {
          const error = errors[`links.${i}`];
          return (
            // Rows have no identity but their place.
            <div key={i} className={error ? "field-wrong" : undefined}>
              <div className="link-row">
                <input
                  className="control"
                  type="url"
                  inputMode="url"
                  name={`links.${i}`}
                  aria-label={`Link ${i + 1}`}
                  aria-invalid={error ? true : undefined}
                  aria-describedby={error ? `${id}-${i}` : undefined}
                  placeholder="https://example.org/you"
                  value={link}
                  onChange={(e) => onChange(shown.map((l, k) => (k === i ? e.target.value : l)))}
                />
                <IconButton
                  icon="trash"
                  label={`Remove link ${i + 1}`}
                  onClick={() => {
                    onChange(shown.filter((_, k) => k !== i));
                    focusRow(Math.max(0, i - 1));
                  }}
                />
              </div>
              {error && <FieldError id={`${id}-${i}`}>{error}</FieldError>}
            </div>
          );
        })}
        {errors["links"] && <FieldError>{errors["links"]}</FieldError>}
        <div>
          {shown.length < most && (
            <Button
              look="quiet"
              icon="plus"
              onClick={() => {
                onChange([...shown, ""]);
                focusRow(shown.length);
              }}
            >
              Add a link
            </Button>
          )}
        </div>
      </div>
    </fieldset>
  );
}
