import { useCallback, useMemo, useRef, useState } from "react";
import { flushSync } from "react-dom";
import { api } from "../api/endpoints.ts";
import type { ActivityEvent, ActivityPage } from "../api/types.ts";
import { describe } from "../logic/errors.ts";
import { filters, sentence } from "../logic/sentences.ts";
import { absolute, dayLabel, exact, placeOf, relative, type Place } from "../logic/time.ts";
import { useAccount } from "../session.tsx";
import { Button } from "../ui/button.tsx";
import { SelectField } from "../ui/field.tsx";
import { Icon } from "../ui/icons.tsx";
import { useLoad, useNow } from "../ui/load.ts";
import { Empty, Failed, Loading, Page, Skeleton } from "../ui/page.tsx";
import { useToast } from "../ui/toast.tsx";

const pageSize = 20;

export function Activity() {
  const [kind, setKind] = useState("");
  return (
    <Page
      title="Activity"
      lead="What happened to your account, newest first."
      actions={
        <SelectField label="Show" value={kind} onValue={setKind}>
          {filters.map((f) => (
            <option key={f.kind} value={f.kind}>
              {f.label}
            </option>
          ))}
        </SelectField>
      }
    >
      <List key={kind} kind={kind} />
    </Page>
  );
}

function List({ kind }: { kind: string }) {
  const { settings } = useAccount();
  const toast = useToast();
  const now = useNow();
  const place = useMemo(() => placeOf(settings), [settings]);
  const load = useCallback((signal: AbortSignal) => api.activity({ kind, limit: pageSize }, signal).then((a) => a.data), [kind]);
  const { state, retry, set } = useLoad<ActivityPage>(load);
  const [more, setMore] = useState(false);
  const list = useRef<HTMLDivElement>(null);

  if (state.status === "loading") {
    return (
      <Loading>
        <section className="card">
          <div className="rows">
            {Array.from({ length: 6 }, (_, i) => (
              <div className="row" key={i}>
                <Skeleton width="2.25rem" height="2.25rem" round />
                <div className="row-text stack-tiny">
                  <Skeleton width="55%" />
                  <Skeleton width="75%" height="0.8rem" />
                </div>
              </div>
            ))}
          </div>
        </section>
      </Loading>
    );
  }
  if (state.status === "failed") {
    return (
      <section className="card">
        <Failed error={state.error} onRetry={retry} />
      </section>
    );
  }
  const { items, next } = state.data;
  if (items.length === 0) {
    return (
      <section className="card">
        <Empty icon="clock" title="Nothing here">
          <p>{kind === "" ? "What you do with your account will be listed here." : "Nothing of this kind has happened. Choose another kind to see more."}</p>
        </Empty>
      </section>
    );
  }
  const loadMore = async () => {
    if (!next) return;
    setMore(true);
    try {
      const { data } = await api.activity({ kind, cursor: next, limit: pageSize }, new AbortController().signal);
      const before = items.length;
      flushSync(() => set((page) => ({ items: [...page.items, ...data.items], next: data.next })));
      list.current?.querySelectorAll<HTMLElement>("[data-event]")[before]?.focus();
    } catch (err) {
      toast("bad", `No more could be loaded. ${describe(err)}`);
    }
    setMore(false);
  };
  return (
    <div ref={list} className="stack-large">
      {byDay(items, now, place).map((day) => (
        <section key={day.label} className="day">
          <h2>{day.label}</h2>
          <ul className="card rows">
            {day.items.map((e) => (
              <Item key={e.id} event={e} now={now} place={place} />
            ))}
          </ul>
        </section>
      ))}
      {next ? (
        <div className="center-actions">
          <Button busy={more} onClick={() => void loadMore()}>
            Load more
          </Button>
        </div>
      ) : (
        <p className="hint end">That is everything.</p>
      )}
    </div>
  );
}

function Item({ event, now, place }: { event: ActivityEvent; now: number; place: Place }) {
  const { text, icon, tone } = sentence(event);
  const where = [event.device, event.place, event.ip && `network ${event.ip}`].filter(Boolean).join(" · ");
  return (
    <li className="row" data-event={event.kind} tabIndex={-1}>
      <span className={`row-icon row-icon-${tone}`}>
        <Icon name={icon} />
      </span>
      <div className="row-text">
        <p className="row-title">{text}</p>
        {where && <p className="hint">{where}</p>}
      </div>
      <p className="row-time">
        <time dateTime={event.at} title={exact(event.at, place)}>
          <span>{relative(event.at, now, place.locale)}</span>
          <span className="hint">{absolute(event.at, place)}</span>
        </time>
      </p>
    </li>
  );
}

function byDay(items: ActivityEvent[], now: number, place: Place): { label: string; items: ActivityEvent[] }[] {
  const days: { label: string; items: ActivityEvent[] }[] = [];
  for (const event of items) {
    const label = dayLabel(event.at, now, place);
    const last = days.at(-1);
    if (last?.label === label) last.items.push(event);
    else days.push({ label, items: [event] });
  }
  return days;
}
