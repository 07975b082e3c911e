import { useEffect, useRef } from "react";
import type { OwnView } from "../api/types.ts";
import { valueAt, type Edits, type Path } from "../logic/edits.ts";
import { labelOf } from "../logic/errors.ts";
import { Button } from "../ui/button.tsx";
import { Icon } from "../ui/icons.tsx";

// Conflict tells that the profile was changed in another tab or on another
// device since this form was opened, and lets the person choose.
export function Conflict({
  user,
  edits,
  clashes,
  onMine,
  onTheirs,
}: {
  user: OwnView;
  edits: Edits;
  clashes: Path[];
  onMine(): void;
  onTheirs(): void;
}) {
  const ref = useRef<HTMLElement>(null);
  useEffect(() => {
    ref.current?.focus();
    ref.current?.scrollIntoView({ block: "center" });
  }, []);
  return (
    <section ref={ref} className="notice notice-warn conflict" role="alert" tabIndex={-1}>
      <Icon name="alert" />
      <div>
        <h2>Your profile was changed elsewhere</h2>
        {clashes.length === 0 ? (
          <>
            <p>It was saved in another tab or on another device meanwhile. The newer state is shown below, with your changes on top. Look it over, then save.</p>
            <div className="conflict-actions">
              <Button onClick={onMine}>Got it</Button>
            </div>
          </>
        ) : (
          <>
            <p>These were changed both here and in another tab or on another device. Nothing is saved until you choose.</p>
            <dl className="conflict-list">
              {clashes.map((path) => (
                <div key={path}>
                  <dt>{labelOf(path)}</dt>
                  <dd>
                    <span className="conflict-side">Yours</span> {text(edits[path]!.value)}
                  </dd>
                  <dd>
                    <span className="conflict-side">Newer</span> {text(valueAt(user, path))}
                  </dd>
                </div>
              ))}
            </dl>
            <div className="conflict-actions">
              <Button look="primary" onClick={onMine}>
                Keep mine
              </Button>
              <Button onClick={onTheirs}>Take the newer</Button>
            </div>
          </>
        )}
      </div>
    </section>
  );
}

function text(value: string | string[]): string {
  const t = typeof value === "string" ? value : value.filter(Boolean).join(", ");
  return t === "" ? "(empty)" : t;
}
