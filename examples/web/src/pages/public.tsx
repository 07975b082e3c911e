import { useCallback, useRef } from "react";
import { api } from "../api/endpoints.ts";
import { ApiError } from "../api/error.ts";
import type { PrivateField, PublicView } from "../api/types.ts";
import { countryName } from "../logic/countries.ts";
import { texts } from "../logic/fields.ts";
import { safeLink } from "../logic/paths.ts";
import { placeOf, plainDate } from "../logic/time.ts";
import { useSession } from "../session.tsx";
import { Avatar } from "../ui/avatar.tsx";
import { ButtonLink } from "../ui/button.tsx";
import { Icon, type IconName } from "../ui/icons.tsx";
import { useLoad } from "../ui/load.ts";
import { Empty, Failed, Loading, Notice, Skeleton, usePageTitle } from "../ui/page.tsx";
import { seenBy, VisibilityBadge } from "./seen-by.tsx";

export function PublicProfile({ username }: { username: string }) {
  const load = useCallback((signal: AbortSignal) => api.user(username, signal).then((a) => a.data), [username]);
  const { state, retry } = useLoad(load);
  const heading = useRef<HTMLHeadingElement>(null);
  usePageTitle(state.status === "done" ? state.data.displayName || state.data.username : `@${username}`, heading);

  if (state.status === "loading") {
    return (
      <Loading>
        <article className="card person">
          <Skeleton width="8rem" height="8rem" round />
          <div className="stack-small person-head">
            <Skeleton width="12rem" height="2rem" />
            <Skeleton width="8rem" />
          </div>
        </article>
      </Loading>
    );
  }
  if (state.status === "failed") {
    const missing = state.error instanceof ApiError && state.error.code === "not_found";
    return (
      <section className="card person-missing">
        {missing ? (
          <Empty icon="user" title="There is no such page">
            <h1 className="visually-hidden">There is no such page</h1>
            <p>It does not exist, or is not for you to see.</p>
          </Empty>
        ) : (
          <Failed error={state.error} onRetry={retry} />
        )}
      </section>
    );
  }
  return <Person user={state.data} heading={heading} />;
}

function Person({ user, heading }: { user: PublicView; heading: React.RefObject<HTMLHeadingElement | null> }) {
  const { session } = useSession();
  const own = session.status === "in" && session.user.username === user.username ? session : null;
  const place = placeOf(session.status === "in" ? session.settings : null);
  const fullName = [user.givenName, user.familyName].filter(Boolean).join(" ");
  const links = (user.links ?? []).map(safeLink).filter((l) => l !== null);
  const badge = (field: PrivateField) => own?.settings && <VisibilityBadge visibility={seenBy(own.settings.privacy, field)} />;
  const facts: { icon: IconName; label: string; field: PrivateField; text: string }[] = [];
  if (fullName && fullName !== user.displayName) facts.push({ icon: "user", label: "Name", field: "givenName", text: fullName });
  for (const t of texts) {
    const text = user[t.name];
    if (t.fact && text) facts.push({ icon: t.fact, label: t.label, field: t.name, text });
  }
  if (user.email) facts.push({ icon: "mail", label: "E-mail", field: "email", text: user.email });
  if (user.phone) facts.push({ icon: "phone", label: "Phone", field: "phone", text: user.phone });
  if (user.birthday) facts.push({ icon: "cake", label: "Birthday", field: "birthday", text: plainDate(user.birthday, place.locale) });
  const address = addressText(user.address);
  if (address) facts.push({ icon: "pin", label: "Address", field: "address", text: address });
  const bare = !user.bio && links.length === 0 && facts.length === 0;
  return (
    <div className="stack-large">
      {own && (
        <Notice tone="info" icon={own.settings?.privacy.visibility === "private" ? "lock" : "eye"}>
          <p>
            {own.settings?.privacy.visibility === "private"
              ? "Your page is private: nobody else sees it."
              : "This is your page. You see all of it; the marks say who else does."}
          </p>
        </Notice>
      )}
      <article className="card person">
        <Avatar user={user} size={128} alt={user.displayName || user.username} />
        <div className="person-head">
          <h1 ref={heading} tabIndex={-1}>
            {user.displayName || user.username}
          </h1>
          <p className="person-name">
            @{user.username}
            {user.pronouns && <span> · {user.pronouns}</span>}
          </p>
          {own && (
            <ButtonLink href="/profile" icon="user">
              Edit profile
            </ButtonLink>
          )}
        </div>
        <div className="person-body">
          {user.bio && <p className="person-bio">{user.bio}</p>}
          {links.length > 0 && (
            <ul className="person-links">
              {[...new Map(links.map((l) => [l.href, l])).values()].map((l) => (
                <li key={l.href}>
                  <Icon name="link" size={18} />
                  <a href={l.href} rel="nofollow noopener noreferrer ugc" target="_blank">
                    {l.text}
                  </a>
                </li>
              ))}
            </ul>
          )}
          {facts.length > 0 && (
            <dl className="person-facts">
              {facts.map((f) => (
                <div key={f.label}>
                  <dt>
                    <Icon name={f.icon} size={18} />
                    {f.label} {badge(f.field)}
                  </dt>
                  <dd>{f.text}</dd>
                </div>
              ))}
            </dl>
          )}
          {bare && <p className="hint">{own ? "Your page is still bare. Add a bio or a link to tell who you are." : "Nothing more here yet."}</p>}
        </div>
      </article>
    </div>
  );
}

function addressText(a: PublicView["address"]): string {
  if (!a) return "";
  const town = [a.postalCode, a.city].filter(Boolean).join(" ");
  return [a.line1, a.line2, town, a.region, a.country && countryName(a.country)].filter(Boolean).join("\n");
}
