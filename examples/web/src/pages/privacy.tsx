import type { PrivateField, Visibility } from "../api/types.ts";
import { labelOf } from "../logic/errors.ts";
import { textNames } from "../logic/fields.ts";
import { useAccount } from "../session.tsx";
import { ButtonLink } from "../ui/button.tsx";
import { Options } from "../ui/choice.tsx";
import { Icon } from "../ui/icons.tsx";
import { Card, Notice, Page } from "../ui/page.tsx";
import { SaveState, useSaving } from "../ui/saving.tsx";
import { NoSettings } from "./no-settings.tsx";
import { seenBy, VisibilityBadge } from "./seen-by.tsx";

const fields: PrivateField[] = ["picture", ...textNames, "links", "email", "phone", "birthday", "address", "custom"];

const choices: { value: Visibility; label: string }[] = [
  { value: "public", label: "Everyone" },
  { value: "members", label: "Members" },
  { value: "private", label: "Only you" },
];

export function Privacy() {
  const { settings, user } = useAccount();
  const { save, state } = useSaving();
  if (!settings) return <NoSettings title="Privacy" />;
  const p = settings.privacy;
  // A field that the account cannot have yet is not asked about.
  const shown = fields.filter((f) => (f !== "phone" || user.phone !== null) && (f !== "custom" || Object.keys(user.custom).length > 0));
  return (
    <Page title="Privacy" lead="Who sees your page, and what is on it." actions={<SaveState state={state} />}>
      <Card
        title="Your page"
        aside={
          <ButtonLink href={`/u/${encodeURIComponent(user.username)}`} icon="globe">
            View
          </ButtonLink>
        }
      >
        <Options
          legend="Who may see your page"
          hideLegend
          shape="cards"
          value={p.visibility}
          onChange={(visibility) => void save({ privacy: { visibility } })}
          options={[
            { value: "public", label: "Public", icon: "globe", hint: "Everyone, signed in or not" },
            { value: "members", label: "Members", icon: "users", hint: "People who are signed in" },
            { value: "private", label: "Private", icon: "lock", hint: "Nobody but you; as if it did not exist" },
          ]}
        />
      </Card>
      <Card title="Each detail" lead="Nobody sees more than your page allows.">
        {p.visibility === "private" && (
          <Notice tone="info" icon="lock">
            <p>Your page is private, so nobody sees any of this. Your choices are kept for later.</p>
          </Notice>
        )}
        <div className="rows">
          {shown.map((f) => {
            const real = seenBy(p, f);
            return (
              <div key={f} className="row">
                <div className="row-text">
                  <label className="row-title" htmlFor={`privacy-${f}`}>
                    {labelOf(f)}
                  </label>
                  {real !== p.fields[f] && (
                    <p className="hint row-now">
                      Now: <VisibilityBadge visibility={real} />
                    </p>
                  )}
                </div>
                <div className="select select-small">
                  <select id={`privacy-${f}`} className="control" value={p.fields[f]} onChange={(e) => void save({ privacy: { fields: { [f]: e.target.value as Visibility } } })}>
                    {choices.map((c) => (
                      <option key={c.value} value={c.value}>
                        {c.label}
                      </option>
                    ))}
                  </select>
                  <Icon name="chevron" size={18} />
                </div>
              </div>
            );
          })}
        </div>
      </Card>
    </Page>
  );
}
