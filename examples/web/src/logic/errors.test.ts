import { describe as group, expect, test, vi } from "vitest";
import { ApiError, problem } from "../api/error.ts";
import { describe, describeUpload, fieldErrors, isUnconfirmed, labelOf, normalPath } from "./errors.ts";

const header = (headers: Record<string, string>) => (name: string) => headers[name] ?? null;
const json = { "Content-Type": "application/problem+json", "X-Request-Id": "ABC" };

const apiError = (code: string, extra: Partial<ConstructorParameters<typeof ApiError>[0]> = {}) => new ApiError({ status: 400, code, detail: "", ...extra });

group("problem", () => {
  test("reads RFC 9457 with its fields, request id and Retry-After", () => {
    const e = problem(422, header({ ...json, "Retry-After": "7" }), '{"status":422,"title":"t","detail":"d","code":"invalid","errors":[{"field":"bio","code":"too_long","params":{"max":1000,"unit":"characters"},"message":"m"},{"field":"links","code":"required","message":"n"},{"oops":1},{"field":"a","code":"b","params":[],"message":"c"}]}');
    expect([e.status, e.code, e.message, e.requestId, e.retryAfter]).toEqual([422, "invalid", "d", "ABC", 7]);
    expect(e.fields).toEqual([
      { field: "bio", code: "too_long", params: { max: 1000, unit: "characters" }, message: "m" },
      { field: "links", code: "required", message: "n" },
    ]);
    expect(e.params).toEqual({});
  });
  test("reads what belongs to the code, and nothing of another form", () => {
    const read = (params: string) => problem(409, header(json), `{"code":"too_early","detail":"d","params":${params}}`).params;
    expect(read('{"from":"2026-11-25T08:00:00Z","allowed":["a"],"max":1}')).toEqual({ from: "2026-11-25T08:00:00Z", allowed: ["a"], max: 1 });
    expect(read('{"missing":[["mailbox"],["password","wait"]],"mayWait":false}')).toEqual({ missing: [["mailbox"], ["password", "wait"]], mayWait: false });
    // The contract has null for a time that is not there.
    expect(read('{"waitUntil":null}')).toEqual({ waitUntil: null });
    for (const odd of ['{"a":[["b"],"c"]}', '{"a":[[["b"]]]}', "[]", "null", "1", '{"a":{}}', '{"a":[[]]}', '{"a":[null]}']) expect(read(odd)).toEqual({});
  });
  test("what is not a problem is unexpected, whatever it claims to be", () => {
    for (const [type, body] of [["text/html", "<h1>Bad gateway</h1>"], ["application/problem+json", "not json"], ["application/problem+json", "{}"], ["application/problem+json", "null"]] as const) {
      expect(problem(502, header({ ...json, "Content-Type": type }), body).code).toBe("unexpected");
    }
  });
  test("Retry-After may be a date, and nonsense is nothing", () => {
    const soon = new Date(Date.now() + 30_000).toUTCString();
    const e = problem(503, header({ ...json, "Retry-After": soon }), '{"code":"unavailable"}');
    expect(e.retryAfter).toBeGreaterThan(27);
    expect(e.retryAfter).toBeLessThan(31);
    expect(problem(503, header({ ...json, "Retry-After": "soon" }), '{"code":"unavailable"}').retryAfter).toBeNull();
  });
});

test("both spellings of a path are one", () => {
  for (const [given, want] of [["links[0]", "links.0"], ["links.0", "links.0"], ["/links/0", "links.0"], ["address.country", "address.country"], ["/address/country", "address.country"], ["a[1][2].b", "a.1.2.b"]] as const) {
    expect(normalPath(given)).toBe(want);
  }
  expect(labelOf("links[3]")).toBe("Link");
  expect(labelOf("address.city")).toBe("City");
  expect(labelOf("somethingNew")).toBe("somethingNew");
});

test("field errors become sentences at their paths", () => {
  const e = apiError("invalid", {
    fields: [
      { field: "displayName", code: "too_long", params: { max: 100, unit: "characters" }, message: "must be 100 characters or less" },
      { field: "links[1]", code: "invalid_link", message: "must be a web address such as https://example.org" },
      { field: "address.country", code: "invalid_country", message: "must be a country code such as FR" },
      { field: "username", code: "taken", message: "is taken" },
      { field: "role", code: "read_only", message: "cannot be set here" },
      { field: "displayName", code: "not_one_line", message: "a second one is not shown" },
    ],
  });
  expect(fieldErrors(e)).toEqual({
    displayName: "Display name must be 100 characters or less.",
    "links.1": "Link must be a web address such as https://example.org.",
    "address.country": "Country must be a country code such as FR.",
    username: "Somebody has this user name already. Try another.",
    role: "role cannot be set here.",
  });
  expect(fieldErrors(new Error("other"))).toEqual({});
});

test("waits are told in the unit that fits", () => {
  const at = (retryAfter: number | null) => describe(apiError("rate_limited", { retryAfter }));
  expect(at(null)).toBe("Too many tries. Try again in a while.");
  expect(at(0)).toBe("Too many tries. Try again in 1 second.");
  expect(at(59)).toBe("Too many tries. Try again in 59 seconds.");
  expect(at(60)).toBe("Too many tries. Try again in 1 minute.");
  expect(at(61)).toBe("Too many tries. Try again in 2 minutes.");
  expect(at(3600)).toBe("Too many tries. Try again in 1 hour.");
  expect(at(5000)).toBe("Too many tries. Try again in 2 hours.");
});

test("unexpected faults name the request, expected ones do not", () => {
  expect(describe(apiError("internal", { requestId: "XYZ" }))).toContain("XYZ");
  expect(describe(apiError("unexpected", { requestId: "XYZ" }))).toContain("XYZ");
  expect(describe(apiError("factor_unusable", { detail: "d" }))).toContain("recovery code");
  expect(describe(apiError("a_code_from_later", { requestId: "XYZ", detail: "it says why" }))).toBe("It says why.");
  for (const code of ["invalid_credentials", "offline", "network", "stale", "rate_limited", "storage_full"]) {
    expect(describe(apiError(code, { requestId: "XYZ" }))).not.toContain("XYZ");
  }
  expect(describe(new TypeError("x is not a function"))).not.toContain("function");
});

test("an address that was never confirmed is named with the reason", () => {
  const err = apiError("invalid", { fields: [{ field: "email", code: "unconfirmed", message: "must be confirmed first" }] });
  const want = "Confirm your e-mail address first: without it nobody could help you back in.";
  expect(isUnconfirmed(err)).toBe(true);
  expect(describe(err)).toBe(want);
  expect(fieldErrors(err)).toEqual({ email: want });
  const other = apiError("invalid", { fields: [{ field: "phone", code: "unconfirmed", message: "must be confirmed first" }] });
  expect(isUnconfirmed(other)).toBe(false);
  expect(describe(other)).toBe("Some values need your attention.");
  expect(isUnconfirmed(new Error("other"))).toBe(false);
});

test("a change that is refused says why", () => {
  const say = (reason: string) => describe(apiError("change_refused", { params: { reason } }));
  expect(say("factor_first")).toBe("This needs a second step first: set up an authenticator app, or add a passkey.");
  expect(say("host_only")).toBe("This cannot be changed here. Ask the people who run this service.");
  expect(describe(apiError("proof_required"))).toBe("Nothing was changed: this needs one more proof that it is you.");
});

test("a time is told in the time zone of its reader", () => {
  const at = (params: Record<string, string>) => describe(apiError("too_early", { detail: "this link works only from 2026-11-25 08:00 UTC on", params }));
  vi.stubGlobal("navigator", { language: "en-GB" });
  const local = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" }).format(new Date("2026-11-25T08:00:00Z"));
  expect(at({ from: "2026-11-25T08:00:00Z" })).toBe(`This link works only from ${local} on.`);
  expect(at({})).toBe("This link works only from 2026-11-25 08:00 UTC on.");
  vi.unstubAllGlobals();
});

test("what is wrong with a picture is told in its own words", () => {
  expect(describeUpload(apiError("picture_rejected", { detail: "picture rejected: the picture has more than 50 megapixels" }))).toBe("This picture cannot be used: the picture has more than 50 megapixels.");
  expect(describeUpload(apiError("picture_rejected", { detail: "The JPEG file is damaged or cut short" }))).toBe("This picture cannot be used: the JPEG file is damaged or cut short.");
  expect(describeUpload(apiError("too_large"))).toContain("10 MB");
  expect(describeUpload(apiError("unsupported_media_type"))).toContain("JPEG, PNG, GIF, WebP or HEIC");
  const detail = "an AVIF picture is not supported; send a JPEG, PNG, GIF, WebP or HEIC picture";
  expect(describeUpload(apiError("unsupported_media_type", { detail }))).toBe(`A${detail.slice(1)}.`);
  expect(describeUpload(apiError("offline"))).toContain("offline");
});
