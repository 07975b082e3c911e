import { expect, test } from "vitest";
import { filters, sentence } from "./sentences.ts";

const text = (kind: string, detail: Record<string, string> = {}) => sentence({ kind, detail }).text;

test.each([
  ["auth.registered", {}, "You created your account"],
  ["auth.sign_in", { method: "password" }, "You signed in"],
  ["auth.sign_in_failed", { reason: "wrong" }, "Someone tried to sign in with a wrong password"],
  ["auth.sign_in_failed", { reason: "disabled" }, "Someone tried to sign in while the account was disabled"],
  ["auth.sign_in_failed", { method: "passkey", reason: "wrong" }, "A sign-in with one of your passkeys was refused"],
  ["auth.sign_in_failed", { method: "passkey", reason: "disabled" }, "Someone tried to sign in while the account was disabled"],
  ["auth.sign_in_failed", { method: "passkey", reason: "copied" }, "A passkey was refused because there may be a copy of it: remove it and add it anew"],
  ["auth.second_factor_failed", { method: "passkey", reason: "copied" }, "A passkey was refused because there may be a copy of it: remove it and add it anew"],
  ["auth.sign_in_failed", { method: "passkey", reason: "changed" }, "A passkey was refused because it is kept in another way than when you added it: remove it and add it anew"],
  ["auth.second_factor_failed", { method: "passkey", reason: "changed" }, "A passkey was refused because it is kept in another way than when you added it: remove it and add it anew"],
  ["auth.reauthentication_failed", { method: "passkey", reason: "changed", for: "reauthenticate" }, "A passkey was refused because it is kept in another way than when you added it: remove it and add it anew"],
  ["auth.second_factor_failed", { method: "totp" }, "Someone who knew your password gave a wrong code"],
  ["auth.factor_not_confirmed", { method: "totp" }, "A code was wrong while two-step verification was being set up"],
  ["auth.sign_out", {}, "You signed out"],
  ["auth.reauthenticated", {}, "You confirmed your identity"],
  ["auth.reauthentication_failed", { for: "reauthenticate" }, "A confirmation of identity failed: the password was wrong"],
  ["auth.reauthentication_failed", { for: "password" }, "A change of password was refused: the current password was wrong"],
  ["auth.reauthenticated", { method: "mail_code" }, "You confirmed your identity by a code from your mail"],
  ["auth.reauthentication_failed", { method: "mail_code", reason: "wrong" }, "A confirmation of identity failed: the code from the mail was wrong"],
  ["auth.wait_begun", {}, "Someone signed in to your account began a wait, to change how it is opened"],
  ["auth.wait_ended", { reason: "session" }, "You called off the wait to change how your account is opened"],
  ["auth.wait_ended", { reason: "factors" }, "The wait to change how your account is opened is over: two-step verification changed"],
  ["auth.wait_ended", { reason: "password" }, "The wait to change how your account is opened is over: the password changed"],
  ["auth.wait_ended", { reason: "address" }, "The wait to change how your account is opened is over: the e-mail address changed"],
  ["auth.wait_ended", { reason: "report" }, "The wait to change how your account is opened is over: you reported that it was not you"],
  ["auth.wait_ended", { reason: "deletion" }, "The wait to change how your account is opened is over: the account is to be erased"],
  ["auth.wait_ended", { reason: "disabled" }, "The wait to change how your account is opened is over: the account was disabled"],
  ["auth.wait_ended", { reason: "later" }, "The wait to change how your account is opened is over"],
  ["auth.password_changed", { endedSessions: "0" }, "You changed your password"],
  ["auth.password_changed", { endedSessions: "1" }, "You changed your password, which signed out 1 other device"],
  ["auth.password_changed", { endedSessions: "3" }, "You changed your password, which signed out 3 other devices"],
  ["auth.email_verified", {}, "You confirmed your e-mail address"],
  ["auth.email_verified", { endedSessions: "1", emptied: "true" }, "Your e-mail address was confirmed without the password, so that everything in the account was removed"],
  ["auth.session_ended", {}, "You signed out another device"],
  ["auth.sessions_ended", {}, "You signed out all other devices"],
  ["auth.sessions_ended", { endedSessions: "2" }, "You signed out 2 other devices"],
  ["auth.sessions_ended", { endedSessions: "2", actor: "desk-7" }, "The service signed out every device"],
  ["auth.recovery_requested", {}, "Someone who knew your password asked to have two-step verification removed"],
  ["auth.recovery_requested", { actor: "desk-7" }, "The service was told that you lost your second steps, and prepares their removal"],
  ["profile.role_changed", { role: "editor", actor: "desk-7" }, "The service gave you the role editor"],
  ["profile.updated", { fields: "bio" }, "You changed your bio"],
  ["profile.updated", { fields: "bio,links" }, "You changed your bio and links"],
  ["profile.updated", { fields: "username,displayName,address.city,address.country,address" }, "You changed your user name, display name and address"],
  ["profile.updated", { fields: "custom,shoeSize" }, "You changed your other fields and shoe size"],
  ["profile.updated", {}, "You changed your profile"],
  ["picture.changed", {}, "You set a new profile picture"],
  ["picture.removed", {}, "You removed your profile picture"],
  ["settings.changed", { sections: "appearance" }, "You changed your appearance settings"],
  ["settings.changed", { sections: "timeZone,privacy,notifications" }, "You changed your time zone, privacy and notification settings"],
  ["settings.changed", { sections: "app.my-notes" }, "You changed your my notes settings"],
  ["settings.changed", {}, "You changed your settings"],
])("%s %o", (kind, detail, want) => {
  expect(text(kind, detail as Record<string, string>)).toBe(want);
});

test("kinds that the page does not know can still be read", () => {
  expect(text("billing.card_added")).toBe("Billing: card added");
  expect(text("auth.mfa.factor_removed")).toBe("Auth: mfa factor removed");
  expect(text("odd")).toBe("Odd");
});

test("what was not the owner's doing stands out", () => {
  expect(sentence({ kind: "auth.sign_in_failed", detail: {} }).tone).toBe("warn");
  expect(sentence({ kind: "auth.reauthentication_failed", detail: {} }).tone).toBe("warn");
  expect(sentence({ kind: "auth.sign_in", detail: {} }).tone).toBe("plain");
});

test("every filter but the first is a kind with a sentence of its own", () => {
  for (const f of filters.slice(1)) expect(sentence({ kind: f.kind, detail: {} }).icon).not.toBe("dot");
});

test("a change of the address says whether the service began it", () => {
  expect(text("auth.email_change_requested")).toBe("You asked for another e-mail address");
  expect(text("auth.email_change_requested", { actor: "desk-7" })).toContain("The service was told");
});

test.each(["auth.email_changed", "auth.email_change_undone", "auth.reset_requested", "auth.password_reset", "auth.reported"])("%s has a sentence", (kind) => {
  expect(sentence({ kind, detail: {} }).icon).not.toBe("dot");
});
