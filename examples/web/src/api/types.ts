// The contract's types, by short names. They are made from
// httpadapter/openapi.json by "npm run types" and not committed, so they
// cannot fall behind it.
import type { components } from "./schema.gen.ts";

type Schemas = components["schemas"];

export type OwnView = Schemas["OwnView"];
export type PublicView = Schemas["PublicView"];
export type Address = NonNullable<OwnView["address"]>;
export type Settings = Schemas["Settings"];
export type Appearance = Settings["appearance"];
export type Visibility = Schemas["Visibility"];
export type PrivateField = keyof Settings["privacy"]["fields"];
export type SettingsPatch = Schemas["SettingsPatch"];
export type ProfilePatch = Schemas["ProfilePatch"];
export type Session = Schemas["Session"];
export type ActivityEvent = Schemas["Event"];
export type ActivityPage = Schemas["ActivityPage"];
export type PictureSet = Schemas["PictureSet"];
export type SignedIn = Schemas["SignedIn"];
export type SecondFactorResult = Schemas["SecondFactorResult"];
export type DeletionPlan = Schemas["DeletionPlan"];
export type Leaving = Schemas["Leaving"];
export type SignInResult = Schemas["SignInResult"];
export type FactorList = Schemas["FactorList"];
export type Factor = Schemas["Factor"];
export type Enrollment = Schemas["Enrollment"];
export type RecoveryCodes = Schemas["RecoveryCodes"];
export type FactorConfirmed = Schemas["FactorConfirmed"];
export type PendingRecovery = Schemas["PendingRecovery"];
export type Proofs = Schemas["Proofs"];
export type ProofState = Schemas["ProofState"];
export type ProofName = Schemas["ProofName"];
export type Capabilities = Schemas["Capabilities"];
export type Features = Capabilities["features"];
export type PasskeyChallenge = Schemas["PasskeyChallenge"];
export type PasskeySignIn = Schemas["PasskeySignIn"];
export type PasskeyAdded = Schemas["PasskeyAdded"];
export type Device = Schemas["Device"];
// Params are the numbers and words of an error's code, for who says it in another language.
export type Params = Record<string, number | string | boolean | null | string[] | string[][]>;
export type FieldProblem = { field: string; code: string; params?: Params; message: string };
