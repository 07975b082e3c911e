import { useMemo, useState, type FormEvent, type ReactNode } from "react";
import { api } from "../api/endpoints.ts";
import { ApiError } from "../api/error.ts";
import type { PrivateField } from "../api/types.ts";
import { countries } from "../logic/countries.ts";
import { changed, conflicts, edit, formPath, keepMine, outgoing, saved, shown, takeTheirs, type Edits, type Path, type TextPath } from "../logic/edits.ts";
import { normalPath } from "../logic/errors.ts";
import { textNames, texts } from "../logic/fields.ts";
import { Link, useGuard } from "../router.tsx";
import { useAccount } from "../session.tsx";
import { Button, ButtonLink } from "../ui/button.tsx";
import { Confirm } from "../ui/dialog.tsx";
import { Fault } from "../ui/fault.tsx";
import { SelectField, TextArea, TextField } from "../ui/field.tsx";
import { useForm } from "../ui/form.ts";
import { Card, Page } from "../ui/page.tsx";
import { useToast } from "../ui/toast.tsx";
import { Conflict } from "./profile-conflict.tsx";
import { Email } from "./profile-email.tsx";
import { Links } from "./profile-links.tsx";
import { Picture } from "./profile-picture.tsx";
import { SeenBy } from "./seen-by.tsx";

// The user name stands beside the name that is shown instead of it.
const [first, ...names] = texts.filter((t) => t.card === "names") as [(typeof texts)[number], ...typeof texts];
const about = texts.filter((t) => t.card === "about");

const formPaths = [
  "username", ...textNames, "birthday", "links",
  "address.line1", "address.line2", "address.city", "address.region", "address.postalCode", "address.country",
  ...Array.from({ length: 10 }, (_, i) => `links.${i}`),
];

export function Profile() {
  const { user, etag, settings, setUser, reload } = useAccount();
  const toast = useToast();
  const [edits, setEdits] = useState<Edits>({});
  const { form, fields, fault, busy, run, touched } = useForm(formPaths);
  const [stale, setStale] = useState(false);

  const dirty = changed(edits, user).length > 0;
  const clashes = useMemo(() => conflicts(edits, user), [edits, user]);
  const guard = useGuard(dirty);

  const change = (path: Path, value: string | string[]) => {
    setEdits((e) => edit(e, user, path, value));
    touched(path);
    if (path === "links") for (let i = 0; i < 10; i++) touched(`links.${i}`);
  };

  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!dirty || clashes.length > 0) return;
    const sent = edits;
    const { patch, linkRows } = outgoing(sent, user);
    void run(async () => {
      try {
        const answer = await api.patchProfile(patch, etag);
        setUser(answer.data, answer.etag);
        setEdits((now) => saved(now, sent));
        setStale(false);
        toast("good", "Profile saved.");
      } catch (err) {
        if (err instanceof ApiError && err.code === "stale") {
          // The newer state comes in under the edits; clashes then show.
          await reload();
          setStale(true);
          return;
        }
        if (err instanceof ApiError && err.fields.length > 0) {
          throw new ApiError({ ...problemParts(err), fields: err.fields.map((f) => ({ ...f, field: formPath(normalPath(f.field), linkRows) })) });
        }
        throw err;
      }
    });
  };

  const discard = () => {
    setEdits({});
    setStale(false);
    for (const p of Object.keys(fields)) touched(p);
  };

  const text = (path: TextPath) => ({ name: path, value: shown(user, edits, path), error: fields[path], onValue: (v: string) => change(path, v) });
  const seen = (field: PrivateField): ReactNode => settings && <SeenBy privacy={settings.privacy} field={field} />;
  const row = ({ name, label, rows, most, hint, autoComplete, placeholder }: (typeof texts)[number]) => {
    const shared = {
      label, ...text(name), aside: seen(name), autoComplete, placeholder,
      hint: most ? <Count value={shown(user, edits, name)} most={most} /> : hint,
    };
    return rows ? <TextArea key={name} {...shared} rows={rows} /> : <TextField key={name} {...shared} />;
  };

  return (
    <Page
      title="Profile"
      lead="What you tell others about yourself."
      actions={
        <ButtonLink href={`/u/${encodeURIComponent(user.username)}`} icon="globe">
          View your page
        </ButtonLink>
      }
    >
      <Picture />
      <form ref={form} onSubmit={submit} className="stack-large" noValidate>
        <Fault text={fault} />
        {(stale || clashes.length > 0) && dirty && (
          <Conflict
            user={user}
            edits={edits}
            clashes={clashes}
            onMine={() => {
              setEdits((e) => keepMine(e, user));
              setStale(false);
            }}
            onTheirs={() => {
              setEdits((e) => takeTheirs(e, user));
              setStale(false);
            }}
          />
        )}
        <Card title="Names" lead="How you are called here.">
          <div className="grid">
            {row(first)}
            <TextField label="User name" {...text("username")} autoComplete="username" autoCapitalize="none" spellCheck={false} hint={`Your page is at /u/${shown(user, edits, "username") || "…"}`} aside={seen("username")} />
            {names.map(row)}
          </div>
        </Card>
        <Card title="About you">
          <div className="stack">
            {about.map(row)}
            <Links rows={shown(user, edits, "links")} errors={fields} aside={seen("links")} onChange={(rows) => change("links", rows)} />
          </div>
        </Card>
        <Card title="Contact and personal details" lead="Private unless you choose otherwise.">
          <div className="stack">
            <Email aside={seen("email")} />
            <div className="grid">
              <TextField label="Birthday" type="date" min="1900-01-01" max={today()} autoComplete="bday" {...text("birthday")} aside={seen("birthday")} />
            </div>
            <fieldset className="group">
              <legend>
                Address {seen("address")}
              </legend>
              <div className="grid">
                <TextField label="Street and number" {...text("address.line1")} autoComplete="address-line1" />
                <TextField label="Address, line 2" {...text("address.line2")} autoComplete="address-line2" />
                <TextField label="Postal code" {...text("address.postalCode")} autoComplete="postal-code" />
                <TextField label="City" {...text("address.city")} autoComplete="address-level2" />
                <TextField label="State or region" {...text("address.region")} autoComplete="address-level1" />
                <SelectField label="Country" {...text("address.country")} autoComplete="country">
                  <option value="">Not given</option>
                  {countries.map((c) => (
                    <option key={c.code} value={c.code}>
                      {c.name}
                    </option>
                  ))}
                </SelectField>
              </div>
            </fieldset>
            <p className="hint">
              Who sees what is up to you: <Link href="/settings/privacy">privacy settings</Link>.
            </p>
          </div>
        </Card>
        <div className={`savebar${dirty ? " savebar-open" : ""}`} inert={!dirty}>
          <p role="status">{dirty ? "You have unsaved changes." : ""}</p>
          <div className="savebar-actions">
            <Button onClick={discard}>Discard</Button>
            <Button look="primary" type="submit" busy={busy} aria-disabled={clashes.length > 0 || undefined}>
              Save changes
            </Button>
          </div>
        </div>
      </form>
      {guard.pending && (
        <Confirm
          title="Leave without saving?"
          confirm="Discard changes"
          cancel="Keep editing"
          danger
          onCancel={guard.stay}
          onConfirm={() => {
            guard.stay();
            guard.pending?.();
          }}
        >
          <p>You have changes on this page that are not saved.</p>
        </Confirm>
      )}
    </Page>
  );
}

function Count({ value, most }: { value: string; most: number }) {
  const n = Array.from(value).length;
  return (
    <span className={n > most ? "count-over" : undefined}>
      {n} of {most} characters
    </span>
  );
}

function problemParts(err: ApiError) {
  return { status: err.status, code: err.code, params: err.params, detail: err.message, requestId: err.requestId, retryAfter: err.retryAfter };
}

function today(): string {
  return new Date().toISOString().slice(0, 10);
}
