import type { OwnView, ProfilePatch } from "../api/types.ts";
import type { TextName } from "./fields.ts";

// The edit form keeps only what was changed, beside the value that it was
// changed from. The form therefore always shows the server's newest
// state with the changes on top, and a change made elsewhere to the same field
// is known by its base.

export const addressParts = ["line1", "line2", "city", "region", "postalCode", "country"] as const;
export type AddressPart = (typeof addressParts)[number];

type PlainField = TextName | "username" | "birthday";

export type TextPath = PlainField | `address.${AddressPart}`;
export type Path = TextPath | "links";
type Value = string | string[];

export interface Edit {
  base: Value;
  value: Value;
}
export type Edits = Partial<Record<Path, Edit>>;

export function valueAt(user: OwnView, path: TextPath): string;
export function valueAt(user: OwnView, path: "links"): string[];
export function valueAt(user: OwnView, path: Path): Value;
export function valueAt(user: OwnView, path: Path): Value {
  if (path === "links") return user.links;
  if (path.startsWith("address.")) return user.address?.[path.slice(8) as AddressPart] ?? "";
  return user[path as PlainField] ?? "";
}

export function shown(user: OwnView, edits: Edits, path: TextPath): string;
export function shown(user: OwnView, edits: Edits, path: "links"): string[];
export function shown(user: OwnView, edits: Edits, path: Path): Value {
  return edits[path]?.value ?? valueAt(user, path);
}

export function edit(edits: Edits, user: OwnView, path: Path, value: Value): Edits {
  const next = { ...edits };
  // Rows of links that are still empty are kept for the eye only.
  if (exactlySame(value, valueAt(user, path))) delete next[path];
  else next[path] = { base: edits[path]?.base ?? valueAt(user, path), value };
  return next;
}

// changed are the paths whose saving would change something.
export function changed(edits: Edits, user: OwnView): Path[] {
  return paths(edits).filter((p) => !same(edits[p]!.value, valueAt(user, p)));
}

// conflicts are the paths that were changed here and, differently, elsewhere.
export function conflicts(edits: Edits, user: OwnView): Path[] {
  return changed(edits, user).filter((p) => !same(edits[p]!.base, valueAt(user, p)));
}

// keepMine settles conflicts: the changes here now start from the newer state.
export function keepMine(edits: Edits, user: OwnView): Edits {
  return Object.fromEntries(paths(edits).map((p) => [p, { ...edits[p]!, base: valueAt(user, p) }]));
}

// takeTheirs settles conflicts: the changes here to those fields are dropped.
export function takeTheirs(edits: Edits, user: OwnView): Edits {
  const drop = new Set(conflicts(edits, user));
  return Object.fromEntries(Object.entries(edits).filter(([p]) => !drop.has(p as Path)));
}

// saved drops what was sent, but not what was typed since.
export function saved(edits: Edits, sent: Edits): Edits {
  return Object.fromEntries(
    Object.entries(edits).filter(([p, e]) => !exactlySame(e.value, sent[p as Path]?.value ?? "\0")),
  );
}

export interface Outgoing {
  patch: ProfilePatch;
  // linkRows says which row of the form each link that is sent comes from.
  linkRows: number[];
}

// outgoing makes the JSON merge patch. An emptied field is null, which clears
// it; an emptied user name is sent as it is, so that the server refuses it.
export function outgoing(edits: Edits, user: OwnView): Outgoing {
  const patch: ProfilePatch = {};
  const linkRows: number[] = [];
  for (const path of changed(edits, user)) {
    const { value } = edits[path]!;
    if (path === "links") {
      const rows = value as string[];
      rows.forEach((link, row) => {
        if (link !== "") linkRows.push(row);
      });
      patch.links = rows.filter((link) => link !== "");
    } else if (path === "username") {
      patch.username = value as string;
    } else if (path.startsWith("address.")) {
      patch.address = { ...patch.address, [path.slice(8)]: (value as string) || null };
    } else {
      patch[path as Exclude<PlainField, "username">] = (value as string) || null;
    }
  }
  return { patch, linkRows };
}

// formPath brings a path of what was sent ("links.1") to the form's own rows.
export function formPath(path: string, linkRows: number[]): string {
  const m = /^links\.(\d+)$/.exec(path);
  if (!m) return path;
  const row = linkRows[Number(m[1])];
  return row === undefined ? path : `links.${row}`;
}

function paths(edits: Edits): Path[] {
  return Object.keys(edits) as Path[];
}

function exactlySame(a: Value, b: Value): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function same(a: Value, b: Value): boolean {
  return exactlySame(withoutBlanks(a), withoutBlanks(b));
}

function withoutBlanks(v: Value): Value {
  return typeof v === "string" ? v : v.filter((link) => link !== "");
}
