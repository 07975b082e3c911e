import { ApiError } from "../api/error.ts";
import { texts } from "./fields.ts";
import { absolute, placeOf } from "./time.ts";

// fieldLabels are the names that people see, by JSON path. An index stands as "*".
export const fieldLabels: Record<string, string> = {
  username: "User name",
  email: "E-mail",
  password: "Password",
  login: "User name or e-mail",
  currentPassword: "Current password",
  newPassword: "New password",
  ...Object.fromEntries(texts.map((t) => [t.name, t.label])),
  birthday: "Birthday",
  links: "Links",
  "links.*": "Link",
  address: "Address",
  "address.line1": "Street and number",
  "address.line2": "Address, line 2",
  "address.city": "City",
  "address.region": "State or region",
  "address.postalCode": "Postal code",
  "address.country": "Country",
  picture: "Picture",
  phone: "Phone",
  custom: "Other fields",
  timeZone: "Time zone",
  locale: "Language",
};

// normalPath makes one spelling of "links[0]", "links.0" and "/links/0".
export function normalPath(path: string): string {
  return path
    .replace(/\[(\d+)\]/g, ".$1")
    .replace(/^\//, "")
    .replaceAll("/", ".");
}

export function labelOf(path: string): string {
  const p = normalPath(path);
  return fieldLabels[p] ?? fieldLabels[p.replace(/\.\d+(?=\.|$)/g, ".*")] ?? p;
}

// fieldErrors are the messages of an error by normal path, as sentences. The
// server writes what a value must be ("must be 100 characters or less"); the
// field's name before it makes the sentence.
export function fieldErrors(err: unknown): Record<string, string> {
  const out: Record<string, string> = {};
  if (!(err instanceof ApiError)) return out;
  for (const f of err.fields) {
    const path = normalPath(f.field);
    out[path] ??= f.code === "taken" ? takenText(path) : isUnconfirmedEmail(f) ? confirmFirst : sentence(path, f.message);
  }
  return out;
}

// confirmFirst is why an account with an address that was never confirmed gets no
// second step: the address is the way back in.
const confirmFirst = "Confirm your e-mail address first: without it nobody could help you back in.";

const isUnconfirmedEmail = (f: { field: string; code: string }) => f.code === "unconfirmed" && normalPath(f.field) === "email";

// isUnconfirmed reports whether the address has to be confirmed first.
export function isUnconfirmed(err: unknown): boolean {
  return err instanceof ApiError && err.fields.some(isUnconfirmedEmail);
}

function takenText(path: string): string {
  if (path === "username") return "Somebody has this user name already. Try another.";
  if (path === "email") return "There is an account with this e-mail already.";
  return `${labelOf(path)} is taken.`;
}

function sentence(path: string, message: string): string {
  const begun = /^\p{Ll}/u.test(message) ? `${labelOf(path)} ${message}` : message;
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}

// describe says in one or two sentences what went wrong, for people.
export function describe(err: unknown): string {
  if (!(err instanceof ApiError)) return "Something went wrong on this page. Reload it and try again.";
  switch (err.code) {
    case "offline":
      return "You are offline. Connect to the internet and try again.";
    case "network":
      return "The server could not be reached. Check your connection and try again.";
    case "rate_limited":
      return `Too many tries. ${waitText(err.retryAfter)}`;
    case "unavailable":
      return `The service is busy or not reachable right now. ${waitText(err.retryAfter)}`;
    case "storage_full":
      return "The server has no room left to store this. Nothing was changed.";
    case "invalid_credentials":
      return "The user name, e-mail or password is wrong.";
    case "invalid_code":
      return "This code is wrong, too old, or was used already.";
    case "factor_unusable":
      return "This way of confirming cannot be used right now. Use another one, or a recovery code.";
    case "unauthenticated":
      return "You are signed out. Sign in and try again.";
    case "reauthentication_required":
      return "Nothing was changed: confirm that it is you.";
    case "proof_required":
      return "Nothing was changed: this needs one more proof that it is you.";
    case "change_refused":
      return err.params["reason"] === "factor_first"
        ? "This needs a second step first: set up an authenticator app, or add a passkey."
        : "This cannot be changed here. Ask the people who run this service.";
    case "too_early":
      // The server's own words have the time in UTC.
      return typeof err.params["from"] === "string" ? `This link works only from ${absolute(err.params["from"], placeOf(null))} on.` : sentenceOf(err.message);
    case "stale":
      return "It was changed elsewhere in the meantime.";
    case "cross_origin":
      return "The request was refused because it seems to come from another site.";
    case "too_large":
      return "This is larger than allowed.";
    case "not_found":
      return "There is nothing here.";
    case "taken":
    case "invalid":
      if (isUnconfirmed(err)) return confirmFirst;
      return "Some values need your attention.";
    case "internal":
    case "unexpected":
      return `Something went wrong on our side.${reference(err)}`;
    default:
      return err.message ? `${sentenceOf(err.message)}` : `Something went wrong.${reference(err)}`;
  }
}

// describeUpload is describe, for what can happen to a picture.
export function describeUpload(err: unknown): string {
  if (err instanceof ApiError) {
    switch (err.code) {
      case "too_large":
        return "This file is too large. A picture may have up to 10 MB.";
      case "unsupported_media_type":
        // The server names what was sent and what it takes.
        return err.message ? sentenceOf(err.message) : "This kind of file is not supported. Use a JPEG, PNG, GIF, WebP or HEIC picture.";
      case "picture_rejected":
        return `This picture cannot be used: ${lowerFirst(sentenceOf(err.message.replace(/^picture rejected:\s*/i, "")))}`;
      case "bad_multipart":
      case "bad_parameter":
      case "incomplete_body":
        return "The picture did not arrive as it was sent. Choose it again.";
      case "rate_limited":
        return `You have uploaded many pictures in a short time. ${waitText(err.retryAfter)}`;
      case "timeout":
        return "The upload took too long. Try again on a faster connection.";
    }
  }
  return describe(err);
}

function reference(err: ApiError): string {
  return err.requestId ? ` If it happens again, tell us this reference: ${err.requestId}` : " Try again.";
}

function waitText(seconds: number | null): string {
  if (seconds === null) return "Try again in a while.";
  if (seconds < 60) {
    const s = Math.max(1, Math.ceil(seconds));
    return `Try again in ${s} ${s === 1 ? "second" : "seconds"}.`;
  }
  const m = Math.ceil(seconds / 60);
  if (m < 60) return `Try again in ${m} ${m === 1 ? "minute" : "minutes"}.`;
  const h = Math.ceil(m / 60);
  return `Try again in ${h} ${h === 1 ? "hour" : "hours"}.`;
}

function sentenceOf(text: string): string {
  const t = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(t) ? t : `${t}.`;
}

function lowerFirst(text: string): string {
  return /^[A-Z]{2}/.test(text) ? text : text.charAt(0).toLowerCase() + text.slice(1);
}
