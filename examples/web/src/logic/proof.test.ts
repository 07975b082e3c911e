import { describe as group, expect, test, vi } from "vitest";
import { ApiError, problem } from "../api/error.ts";
import { codesWait, mailCode, mailCodeFault, needOf, stepOf, waitGoesOn, waitOffer, wayToProve } from "./proof.ts";

const refusal = (params: ApiError["params"], code = "proof_required") => new ApiError({ status: 403, code, detail: "", params });
const missing = (...sets: string[][]) => refusal({ state: "mailbox", missing: sets, mayWait: true });
const next = (err: ApiError) => stepOf(err, needOf(err));

group("what is asked for next", () => {
  test.each([
    ["a proof that is too old", refusal({}, "reauthentication_required"), "password"],
    ["neither of the two proofs", missing(["password", "mailbox"], ["password", "wait"]), "password"],
    ["the password after the code", missing(["password"], ["password", "wait"]), "password"],
    ["the code", missing(["mailbox"], ["wait"]), "mailbox"],
    ["the code, and then the wait", missing(["mailbox", "wait"]), "mailbox"],
    ["the wait alone", missing(["wait"]), "wait"],
    ["a factor", missing(["factor"]), "password"],
    ["a proof that this page does not know", missing(["retina"]), null],
    ["a refusal without sets", refusal({ state: "mailbox", mayWait: true }), null],
    ["a refusal with no set", refusal({ state: "mailbox", missing: [], mayWait: true }), null],
    ["a set that is none", refusal({ state: "mailbox", missing: ["mailbox"], mayWait: true }), null],
    ["another refusal", refusal({ reason: "host_only" }, "change_refused"), null],
  ] as const)("%s", (_, err, want) => {
    expect(next(err)).toBe(want);
  });

  test("the answer of a server where no wait goes on is read whole", () => {
    const body = { status: 403, title: "Forbidden", detail: "-", code: "proof_required", params: { state: "mailbox", missing: [["mailbox"], ["wait"]], mayWait: true, waitUntil: null } };
    const err = problem(403, (name) => (name === "Content-Type" ? "application/problem+json" : null), JSON.stringify(body));
    expect(next(err)).toBe("mailbox");
  });

  test("the wait of the refusal is read", () => {
    expect(needOf(missing(["mailbox"], ["wait"]))).toEqual({ state: "mailbox", missing: [["mailbox"], ["wait"]], mayWait: true, waitUntil: null });
    expect(needOf(refusal({ state: "mailbox", missing: [["wait"]], mayWait: false, waitUntil: "2026-12-08T08:00:00Z" }))?.waitUntil).toBe("2026-12-08T08:00:00Z");
  });
});

test("an account proves itself by the best factor that it has", () => {
  const way = (...kinds: string[]) => wayToProve(kinds.map((kind) => ({ kind })), true);
  expect(way()).toBe("password");
  expect(way("email", "sms", "passkey", "totp")).toBe("totp");
  expect(way("email", "sms", "passkey")).toBe("passkey");
  expect(way("email", "sms")).toBe("sms");
  expect(way("email")).toBe("email");
  expect(wayToProve([{ kind: "email" }, { kind: "passkey" }], false)).toBe("recovery_code");
  expect(wayToProve([{ kind: "passkey" }], false)).toBe("recovery_code");
});

test("a code is read however it was typed", () => {
  for (const typed of ["0f3k-q82m-7xw1", " 0F3K Q82M 7XW1 ", "of3kq82m7xwl", "0f3k–q82m—7xwI", "0f3k\u00a0q82m\t7xw1"]) {
    expect(mailCode(typed)).toBe("0f3kq82m7xw1");
    expect(mailCodeFault(mailCode(typed))).toBeNull();
  }
  expect(mailCodeFault("")).toBe("Enter the code from the mail.");
  expect(mailCodeFault(mailCode("0f3k-q82m"))).toBe("The code has 12 characters. These are 8.");
});

test("a wait says when, by what, and who is told", () => {
  const place = { locale: "en-GB", timeZone: "UTC" };
  expect(waitOffer("mailbox", true, 604_800)).toBe("In 7 days you can do this with your password alone. We tell your address and your phone at once; whoever reads that can stop it.");
  expect(waitOffer("mailbox", false, 604_800)).toContain("We tell your address at once");
  expect(waitOffer("mailbox_no_password", false, 604_800)).toContain("with a code from your mail alone");
  for (const [seconds, words] of [[null, "After a wait"], [60, "In an hour"], [3_600, "In an hour"], [86_400, "In 24 hours"], [172_800, "In 2 days"]] as const) {
    expect(waitOffer("mailbox", false, seconds)).toContain(`${words} you can do this`);
  }
  expect(waitGoesOn("mailbox", "2026-12-08T08:00:00Z", "2026-12-15T08:00:00Z", place)).toBe("From 8 Dec 2026, 08:00 on you can do this with your password alone, until 15 Dec 2026, 08:00. Come back then.");
  expect(waitGoesOn("mailbox", "2026-12-08T08:00:00Z", null, place)).toBe("From 8 Dec 2026, 08:00 on you can do this with your password alone. Come back then.");
});

test("codes by e-mail wait after a reset, and the other ways are named", () => {
  vi.stubGlobal("navigator", { language: "en-GB" });
  const local = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" }).format(new Date("2026-12-08T08:00:00Z"));
  expect(codesWait(refusal({ from: "2026-12-08T08:00:00Z" }, "too_early"))).toBe(`Codes by e-mail work again from ${local}, because the password was reset. Use your app, a passkey or a recovery code.`);
  expect(codesWait(refusal({}, "invalid_code"))).toBeNull();
  expect(codesWait(new Error("other"))).toBeNull();
  vi.unstubAllGlobals();
});
