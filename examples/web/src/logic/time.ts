// How times are shown. The settings hold a language and a time zone; their
// defaults say nothing about the person, so there the browser's are used.
export interface Place {
  locale: string;
  timeZone: string;
}

export function placeOf(settings: { locale: string; timeZone: string } | null): Place {
  const browser = Intl.DateTimeFormat().resolvedOptions();
  const language = navigator.language || browser.locale;
  const wanted = settings?.locale ?? "en";
  return {
    locale: sameLanguage(wanted, language) ? language : supported(wanted, language),
    timeZone: settings && settings.timeZone !== "UTC" ? settings.timeZone : browser.timeZone,
  };
}

const steps: [Intl.RelativeTimeFormatUnit, number][] = [
  ["second", 60],
  ["minute", 60],
  ["hour", 24],
  ["day", 7],
  ["week", 4.35],
  ["month", 12],
  ["year", Infinity],
];

// relative is "3 minutes ago". Less than 45 seconds, or a clock that is ahead,
// is "just now".
export function relative(at: string, now: number, locale: string): string {
  let value = (Date.parse(at) - now) / 1000;
  if (value > -45) return "just now";
  for (const [unit, size] of steps) {
    if (Math.abs(Math.round(value)) < size) {
      return new Intl.RelativeTimeFormat(locale, { numeric: "auto" }).format(Math.round(value), unit);
    }
    value /= size;
  }
  return at;
}

export function absolute(at: string, place: Place): string {
  return format(at, place, { dateStyle: "medium", timeStyle: "short" });
}

export function exact(at: string, place: Place): string {
  return format(at, place, {
    year: "numeric",
    month: "long",
    day: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    timeZoneName: "short",
  });
}

// dayLabel heads a group of the list: "Today", "Yesterday", or the date.
export function dayLabel(at: string, now: number, place: Place): string {
  if (Number.isNaN(Date.parse(at))) return at;
  const day = dayKey(Date.parse(at), place);
  if (day === dayKey(now, place)) return "Today";
  if (day === dayKey(now - 86_400_000, place)) return "Yesterday";
  return format(at, place, { dateStyle: "full" });
}

// plainDate shows "1990-05-17", a day without a time zone.
export function plainDate(date: string, locale: string): string {
  return format(`${date}T00:00:00Z`, { locale, timeZone: "UTC" }, { dateStyle: "long" });
}

function dayKey(at: number, place: Place): string {
  return format(new Date(at).toISOString(), { locale: "en-CA", timeZone: place.timeZone }, { dateStyle: "short" });
}

function format(at: string, place: Place, options: Intl.DateTimeFormatOptions): string {
  const time = Date.parse(at);
  if (Number.isNaN(time)) return at;
  try {
    return new Intl.DateTimeFormat(place.locale, { ...options, timeZone: place.timeZone }).format(time);
  } catch {
    // A zone that the server knows and this browser does not.
    return new Intl.DateTimeFormat(place.locale, options).format(time);
  }
}

function sameLanguage(a: string, b: string): boolean {
  return a === b.split("-")[0];
}

function supported(wanted: string, otherwise: string): string {
  try {
    return Intl.DateTimeFormat.supportedLocalesOf(wanted)[0] ?? otherwise;
  } catch {
    return otherwise;
  }
}
