// The rule "two proofs, or a wait", as far as the page has to know it: what is
// asked for next, and how that is said.
import { ApiError } from "../api/error.ts";
import type { Factor, ProofState } from "../api/types.ts";
import { absolute, placeOf, type Place } from "./time.ts";

// Step is what the page asks for. "password" is the dialog that asks for whatever
// the account signs in with; "mailbox" is the code in a mail.
export type Step = "password" | "mailbox" | "wait";

// Need is what a change needs that was refused.
export interface Need {
  state: ProofState;
  // missing are sets of proofs of which one is enough.
  missing: string[][];
  mayWait: boolean;
  // waitUntil is when the wait that goes on is over.
  waitUntil: string | null;
}

// needOf reads a refusal for missing proofs. It is null for every other error, and for
// a refusal that does not say what is missing.
export function needOf(err: ApiError): Need | null {
  if (err.code !== "proof_required") return null;
  const { state, missing, mayWait, waitUntil } = err.params;
  if (!Array.isArray(missing) || missing.length === 0) return null;
  const sets = missing.filter((set) => Array.isArray(set));
  if (sets.length === 0) return null;
  return { state: String(state) as ProofState, missing: sets, mayWait: mayWait === true, waitUntil: typeof waitUntil === "string" ? waitUntil : null };
}

// stepOf is what to ask for after an error, null when nothing helps. What every set
// has comes first, so that the code is not sent before the password was right.
export function stepOf(err: ApiError, need: Need | null): Step | null {
  if (err.code === "reauthentication_required") return "password";
  if (!need) return null;
  if (need.missing.every((set) => set.includes("password") || set.includes("factor"))) return "password";
  if (need.missing.some((set) => set.includes("mailbox"))) return "mailbox";
  return need.missing.some((set) => set.includes("wait")) ? "wait" : null;
}

// Way is how somebody proves again who it is.
export type Way = "password" | "passkey" | "totp" | "sms" | "email" | "recovery_code";

// wayToProve is the way that counts for an account with these factors. A code by
// e-mail counts only where there is no other factor.
export function wayToProve(factors: Pick<Factor, "kind">[], passkeys: boolean): Way {
  const has = (kind: string) => factors.some((f) => f.kind === kind);
  if (has("totp")) return "totp";
  if (has("passkey") && passkeys) return "passkey";
  if (has("sms")) return "sms";
  if (factors.length === 0) return "password";
  return factors.every((f) => f.kind === "email") ? "email" : "recovery_code";
}

const length = 12;

// mailCode is the code of a mail as the server wants it. Spaces, dashes and capitals do
// not matter, and the letters that no code has are read as the digits they look like.
export function mailCode(typed: string): string {
  return typed
    .toLowerCase()
    .replace(/[\s\p{Pd}]/gu, "")
    .replaceAll("o", "0")
    .replace(/[il]/g, "1");
}

// mailCodeFault says what is wrong with a code before a try is spent on it.
export function mailCodeFault(code: string): string | null {
  if (code === "") return "Enter the code from the mail.";
  return code.length === length ? null : `The code has ${length} characters. These are ${code.length}.`;
}

// after says when a wait of so many seconds is over, in words that begin a sentence.
function after(seconds: number | null): string {
  if (seconds === null) return "After a wait";
  const hours = Math.max(1, Math.round(seconds / 3600));
  if (hours < 48) return hours === 1 ? "In an hour" : `In ${hours} hours`;
  return `In ${Math.round(hours / 24)} days`;
}

// alone is what a wait leaves to prove.
function alone(state: ProofState | null): string {
  return state === "mailbox_no_password" ? "a code from your mail alone" : "your password alone";
}

// waitOffer says what a wait of so many seconds is, before it is begun. The phone is told
// too, if phone is true.
export function waitOffer(state: ProofState, phone: boolean, seconds: number | null): string {
  const told = phone ? "your address and your phone" : "your address";
  return `${after(seconds)} you can do this with ${alone(state)}. We tell ${told} at once; whoever reads that can stop it.`;
}

// waitGoesOn says from when, and until when, the wait stands for a proof. until is
// null when it is not known.
export function waitGoesOn(state: ProofState, from: string, until: string | null, place: Place): string {
  const end = until ? `, until ${absolute(until, place)}` : "";
  return `From ${absolute(from, place)} on you can do this with ${alone(state)}${end}. Come back then.`;
}

// tooYoung is for a session that may not call a wait off.
export const tooYoung = "You signed in here after the wait began, so it cannot be called off here. The link in the mail stops it, and so does a device where you signed in before.";

// codesWait says from when codes by e-mail work at sign-ins; null when the error is another.
export function codesWait(err: unknown): string | null {
  if (!(err instanceof ApiError) || err.code !== "too_early") return null;
  const from = err.params["from"];
  const when = typeof from === "string" ? ` from ${absolute(from, placeOf(null))}` : " later";
  return `Codes by e-mail work again${when}, because the password was reset. Use your app, a passkey or a recovery code.`;
}
