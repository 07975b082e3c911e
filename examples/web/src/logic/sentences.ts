import type { ActivityEvent } from "../api/types.ts";
import { labelOf } from "./errors.ts";

export type Tone = "plain" | "good" | "warn";
export type EventIcon = "user" | "key" | "lock" | "logIn" | "logOut" | "image" | "sliders" | "alert" | "devices" | "dot";

export interface EventText {
  text: string;
  icon: EventIcon;
  tone: Tone;
}

// filters are the choices above the list; the values are kinds of the API.
export const filters: { kind: string; label: string }[] = [
  { kind: "", label: "All activity" },
  { kind: "auth.sign_in", label: "Sign-ins" },
  { kind: "auth.sign_in_failed", label: "Failed sign-ins" },
  { kind: "auth.sign_out", label: "Sign-outs" },
  { kind: "auth.password_changed", label: "Password changes" },
  { kind: "auth.second_factor_failed", label: "Wrong codes" },
  { kind: "auth.session_ended", label: "Ended sessions" },
  { kind: "profile.updated", label: "Profile changes" },
  { kind: "picture.changed", label: "New pictures" },
  { kind: "settings.changed", label: "Settings changes" },
];

const sections: Record<string, string> = {
  appearance: "appearance",
  notifications: "notification",
  privacy: "privacy",
  locale: "language",
  timeZone: "time zone",
};

const copiedPasskey: EventText = {
  text: "A passkey was refused because there may be a copy of it: remove it and add it anew",
  icon: "alert",
  tone: "warn",
};

const changedPasskey: EventText = {
  text: "A passkey was refused because it is kept in another way than when you added it: remove it and add it anew",
  icon: "alert",
  tone: "warn",
};

// distrusted is the sentence of a failure by a passkey that should not be trusted any
// more, and undefined for any other reason.
function distrusted(detail: ActivityEvent["detail"]): EventText | undefined {
  switch (detail["reason"]) {
    case "copied":
      return copiedPasskey;
    case "changed":
      return changedPasskey;
    default:
      return undefined;
  }
}

// sentence says what happened, to the account's owner.
export function sentence(event: Pick<ActivityEvent, "kind" | "detail">): EventText {
  const d = event.detail;
  const passkey = distrusted(d);
  switch (event.kind) {
    case "auth.registered":
      return { text: "You created your account", icon: "user", tone: "good" };
    case "auth.sign_in":
      return { text: "You signed in", icon: "logIn", tone: "plain" };
    case "auth.sign_in_failed":
      if (passkey) return passkey;
      if (d["method"] === "passkey" && d["reason"] !== "disabled") return { text: "A sign-in with one of your passkeys was refused", icon: "alert", tone: "warn" };
      return d["reason"] === "disabled"
        ? { text: "Someone tried to sign in while the account was disabled", icon: "alert", tone: "warn" }
        : { text: "Someone tried to sign in with a wrong password", icon: "alert", tone: "warn" };
    case "profile.deletion_requested":
      return { text: "You asked to have this account erased", icon: "alert", tone: "warn" };
    case "profile.exported":
      return { text: "You downloaded a copy of everything", icon: "user", tone: "plain" };
    case "profile.restored":
      return { text: "You kept this account: it will not be erased", icon: "user", tone: "good" };
    case "auth.sign_out":
      return { text: "You signed out", icon: "logOut", tone: "plain" };
    case "auth.reauthenticated":
      return { text: d["method"] === "mail_code" ? "You confirmed your identity by a code from your mail" : "You confirmed your identity", icon: "key", tone: "plain" };
    case "auth.reauthentication_failed":
      if (passkey) return passkey;
      if (d["method"] === "mail_code") return { text: "A confirmation of identity failed: the code from the mail was wrong", icon: "alert", tone: "warn" };
      return d["for"] === "password"
        ? { text: "A change of password was refused: the current password was wrong", icon: "alert", tone: "warn" }
        : { text: d["method"] === "password" || !d["method"] ? "A confirmation of identity failed: the password was wrong" : "A confirmation of identity failed: the code was wrong", icon: "alert", tone: "warn" };
    case "auth.password_changed":
      return { text: `You changed your password${alsoEnded(d["endedSessions"])}`, icon: "lock", tone: "good" };
    case "auth.email_verified":
      return d["emptied"] === "true"
        ? { text: "Your e-mail address was confirmed without the password, so that everything in the account was removed", icon: "alert", tone: "warn" }
        : { text: "You confirmed your e-mail address", icon: "user", tone: "good" };
    case "auth.email_change_requested":
      return d["actor"]
        ? { text: "The service was told that you lost your account, and prepares another e-mail address for it", icon: "alert", tone: "warn" }
        : { text: "You asked for another e-mail address", icon: "user", tone: "plain" };
    case "auth.email_changed":
      return { text: `Your e-mail address was changed${alsoEnded(d["endedSessions"])}`, icon: "user", tone: "warn" };
    case "auth.email_change_undone":
      return { text: "A change of your e-mail address was taken back, and everybody signed out", icon: "lock", tone: "warn" };
    case "auth.reset_requested":
      return { text: "A link to set a new password was asked for", icon: "key", tone: "plain" };
    case "auth.password_reset":
      return { text: "Your password was set anew by a link from your mail, and everybody signed out", icon: "lock", tone: "warn" };
    case "auth.reported":
      return { text: "It was reported that something was not you: everybody was signed out", icon: "alert", tone: "warn" };
    case "auth.second_factor_failed":
      if (passkey) return passkey;
      return { text: "Someone who knew your password gave a wrong code", icon: "alert", tone: "warn" };
    case "auth.disabled":
      return { text: "The account was disabled, and everybody signed out", icon: "lock", tone: "warn" };
    case "auth.enabled":
      return { text: "The account was enabled again", icon: "lock", tone: "plain" };
    case "auth.factor_not_confirmed":
      return { text: "A code was wrong while two-step verification was being set up", icon: "key", tone: "plain" };
    case "auth.factor_added":
      return { text: `You turned on two-step verification${alsoEnded(d["endedSessions"])}`, icon: "lock", tone: "good" };
    case "auth.factor_removed":
      return { text: `You removed a second step${alsoEnded(d["endedSessions"])}`, icon: "lock", tone: "warn" };
    case "auth.recovery_codes_made":
      return { text: "You made new recovery codes", icon: "key", tone: "plain" };
    case "auth.recovery_code_used":
      return { text: `A recovery code was used; ${d["left"] ?? "some"} are left`, icon: "key", tone: "warn" };
    case "auth.recovery_requested":
      if (d["actor"]) return { text: "The service was told that you lost your second steps, and prepares their removal", icon: "alert", tone: "warn" };
      return { text: "Someone who knew your password asked to have two-step verification removed", icon: "alert", tone: "warn" };
    case "auth.recovery_cancelled":
      return { text: "Two-step verification will not be removed: what was asked for is off", icon: "lock", tone: "plain" };
    case "auth.factors_recovered":
      return { text: "Two-step verification was removed by a link that you had asked for", icon: "lock", tone: "warn" };
    case "auth.wait_begun":
      return { text: "Someone signed in to your account began a wait, to change how it is opened", icon: "alert", tone: "warn" };
    case "auth.wait_ended":
      return {
        text: d["reason"] === "session" ? "You called off the wait to change how your account is opened" : `The wait to change how your account is opened is over${why(d["reason"])}`,
        icon: "lock",
        tone: "plain",
      };
    case "auth.device_trusted":
      return { text: "You trusted a device", icon: "devices", tone: "plain" };
    case "auth.device_removed":
      return { text: "You stopped trusting a device", icon: "devices", tone: "plain" };
    case "auth.session_ended":
      return { text: "You signed out another device", icon: "devices", tone: "plain" };
    case "auth.sessions_ended":
      if (d["actor"]) return { text: "The service signed out every device", icon: "devices", tone: "warn" };
      return { text: `You signed out ${otherDevices(d["endedSessions"])}`, icon: "devices", tone: "plain" };
    case "profile.role_changed":
      return { text: `The service gave you the role ${d["role"] ?? ""}`.trim(), icon: "user", tone: "plain" };
    case "profile.updated": {
      const names = list(d["fields"], fieldName);
      return { text: names ? `You changed your ${names}` : "You changed your profile", icon: "user", tone: "plain" };
    }
    case "picture.changed":
      return { text: "You set a new profile picture", icon: "image", tone: "plain" };
    case "picture.removed":
      return { text: "You removed your profile picture", icon: "image", tone: "plain" };
    case "settings.changed": {
      const names = list(d["sections"], (s) => sections[s] ?? (s.startsWith("app.") ? words(s.slice(4)) : words(s)));
      return { text: names ? `You changed your ${names} settings` : "You changed your settings", icon: "sliders", tone: "plain" };
    }
    default:
      return { text: fallback(event.kind), icon: "dot", tone: "plain" };
  }
}

// ends are the reasons of auth.wait_ended, apart from "session".
const ends: Record<string, string> = {
  factors: "two-step verification changed",
  password: "the password changed",
  address: "the e-mail address changed",
  report: "you reported that it was not you",
  deletion: "the account is to be erased",
  disabled: "the account was disabled",
};

function why(reason: string | undefined): string {
  const text = ends[reason ?? ""];
  return text ? `: ${text}` : "";
}

function fieldName(path: string): string {
  const label = labelOf(path);
  if (label === path) return words(path);
  return path.startsWith("address.") ? "address" : lower(label);
}

function list(value: string | undefined, name: (item: string) => string): string {
  const names = [...new Set((value ?? "").split(",").map((s) => s.trim()).filter(Boolean).map(name))];
  if (names.length < 2) return names[0] ?? "";
  return `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

function alsoEnded(count: string | undefined): string {
  const n = Number(count);
  if (!Number.isInteger(n) || n < 1) return "";
  return `, which signed out ${n} other ${n === 1 ? "device" : "devices"}`;
}

function otherDevices(count: string | undefined): string {
  const n = Number(count);
  if (!Number.isInteger(n) || n < 1) return "all other devices";
  return `${n} other ${n === 1 ? "device" : "devices"}`;
}

// fallback reads a kind that this page does not know: "billing.card_added" is
// "Billing: card added".
function fallback(kind: string): string {
  const [area = "", ...rest] = kind.split(".");
  const what = words(rest.join(" "));
  return what ? `${upper(words(area))}: ${what}` : upper(words(area));
}

function words(name: string): string {
  return name
    .replace(/[._-]+/g, " ")
    .replace(/([a-z0-9])([A-Z])/g, (_, a: string, b: string) => `${a} ${b.toLowerCase()}`)
    .trim();
}

const upper = (s: string) => s.charAt(0).toUpperCase() + s.slice(1);
const lower = (s: string) => s.charAt(0).toLowerCase() + s.slice(1);
