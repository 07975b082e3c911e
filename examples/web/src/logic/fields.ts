import type { OwnView, PrivateField, ProfilePatch } from "../api/types.ts";
import type { IconName } from "../ui/icons.tsx";

// The fields of the profile that are plain text. The form, the messages, the privacy
// page and the public page follow this table: a new one is a row here. A text of the
// contract without a row does not compile.

// TextName is every text of the contract that its owner may clear.
export type TextName = Exclude<
  { [K in keyof ProfilePatch]-?: null extends ProfilePatch[K] ? (NonNullable<ProfilePatch[K]> extends string ? K : never) : never }[keyof ProfilePatch],
  "birthday"
> &
  PrivateField &
  keyof OwnView;

export interface TextRow {
  label: string;
  // card is where the form has it.
  card: "names" | "about";
  // rows is how high a text of many lines is shown; without it there is one line.
  rows?: number;
  // most is how many characters are counted down; only where people write much.
  most?: number;
  autoComplete?: string;
  placeholder?: string;
  hint?: string;
  // fact is how the public page lists it; what it shows in a place of its own has none.
  fact?: IconName;
}

const rows: Record<TextName, TextRow> = {
  displayName: { label: "Display name", card: "names", autoComplete: "name", hint: "Shown instead of your user name." },
  givenName: { label: "Given name", card: "names", autoComplete: "given-name" },
  familyName: { label: "Family name", card: "names", autoComplete: "family-name" },
  pronouns: { label: "Pronouns", card: "names", placeholder: "they/them" },
  bio: { label: "Bio", card: "about", rows: 4, most: 1000 },
};

// texts are the rows with their names, in the order of the form.
export const texts = (Object.entries(rows) as [TextName, TextRow][]).map(([name, row]) => ({ name, ...row }));

export const textNames = texts.map((t) => t.name);
