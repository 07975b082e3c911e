import { describe, expect, test } from "vitest";
import type { OwnView } from "../api/types.ts";
import { textNames, type TextName } from "./fields.ts";
import { changed, conflicts, edit, formPath, keepMine, outgoing, saved, shown, takeTheirs, type Edits } from "./edits.ts";

const noTexts = Object.fromEntries(textNames.map((name) => [name, null])) as Record<TextName, null>;

const user: OwnView = {
  ...noTexts,
  id: "1", username: "ada", email: "ada@example.org", emailVerified: false, pendingEmail: null,
  displayName: "Ada", bio: "old", phone: null,
  address: { line1: null, line2: null, city: "Bern", region: null, postalCode: null, country: "CH" },
  birthday: null, links: ["https://a.example"], custom: {},
  profilePicture: null, pictureSizes: {}, picturePlaceholder: null, role: "user",
  createdAt: "2026-01-01T00:00:00Z", updatedAt: "2026-01-01T00:00:00Z",
};

const none: Edits = {};

describe("outgoing", () => {
  test("holds nothing but what was changed", () => {
    expect(outgoing(none, user).patch).toEqual({});
    let e = edit(none, user, "bio", "new");
    e = edit(e, user, "address.city", "Thun");
    expect(outgoing(e, user).patch).toEqual({ bio: "new", address: { city: "Thun" } });
  });
  test("clears with null, but sends an empty user name to be refused", () => {
    let e = edit(none, user, "bio", "");
    e = edit(e, user, "username", "");
    e = edit(e, user, "address.country", "");
    e = edit(e, user, "links", []);
    expect(outgoing(e, user).patch).toEqual({ bio: null, username: "", address: { country: null }, links: [] });
  });
  test("leaves out empty rows of links, and knows where the others come from", () => {
    const e = edit(none, user, "links", ["", "https://b.example", "", "nonsense"]);
    const { patch, linkRows } = outgoing(e, user);
    expect(patch).toEqual({ links: ["https://b.example", "nonsense"] });
    expect(formPath("links.1", linkRows)).toBe("links.3");
    expect(formPath("links.7", linkRows)).toBe("links.7");
    expect(formPath("address.city", linkRows)).toBe("address.city");
  });
  test("spaces are the user's own and stay", () => {
    expect(outgoing(edit(none, user, "bio", "  x "), user).patch).toEqual({ bio: "  x " });
  });
});

test("typing a value back is no change", () => {
  const e = edit(edit(none, user, "bio", "new"), user, "bio", "old");
  expect(e).toEqual({});
  const row = edit(none, user, "links", ["https://a.example", ""]);
  expect(shown(user, row, "links")).toEqual(["https://a.example", ""]);
  expect(changed(row, user)).toEqual([]);
});

describe("a change elsewhere", () => {
  const newer: OwnView = { ...user, bio: "theirs", givenName: "Augusta" };
  const mine = edit(edit(none, user, "bio", "mine"), user, "pronouns", "she/her");

  test("to another field is taken over without a question", () => {
    expect(shown(newer, mine, "givenName")).toBe("Augusta");
    expect(conflicts(mine, newer)).toEqual(["bio"]);
  });
  test("to the same field with the same value is no clash", () => {
    expect(conflicts(mine, { ...user, bio: "mine" })).toEqual([]);
    expect(changed(mine, { ...user, bio: "mine" })).toEqual(["pronouns"]);
  });
  test("typing on does not hide the clash", () => {
    expect(conflicts(edit(mine, newer, "bio", "mine, longer"), newer)).toEqual(["bio"]);
  });
  test("is settled either way", () => {
    const kept = keepMine(mine, newer);
    expect(conflicts(kept, newer)).toEqual([]);
    expect(outgoing(kept, newer).patch).toEqual({ bio: "mine", pronouns: "she/her" });
    const taken = takeTheirs(mine, newer);
    expect(shown(newer, taken, "bio")).toBe("theirs");
    expect(outgoing(taken, newer).patch).toEqual({ pronouns: "she/her" });
  });
});

test("what is typed while saving is kept", () => {
  const sent = edit(none, user, "bio", "first");
  const typed = edit(edit(sent, user, "bio", "first, and more"), user, "pronouns", "x");
  expect(Object.keys(saved(typed, sent))).toEqual(["bio", "pronouns"]);
  expect(saved(sent, sent)).toEqual({});
});

test("an address that is not there yet is a patch of its parts", () => {
  const bare = { ...user, address: null };
  expect(shown(bare, none, "address.city")).toBe("");
  expect(outgoing(edit(none, bare, "address.city", "Thun"), bare).patch).toEqual({ address: { city: "Thun" } });
});
