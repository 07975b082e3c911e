import { api } from "./endpoints.ts";
import { ApiError } from "./error.ts";
import type { PasskeyChallenge } from "./types.ts";

// What a passkey is asked for when it does not sign in alone.
export type PasskeyPurpose = "second_factor" | "reauthenticate";

export interface PasskeyAnswer {
  state: string;
  credential: Record<string, unknown>;
}

// canPasskey: the browser reads and writes the JSON of WebAuthn Level 3.
export function canPasskey(): boolean {
  return typeof PublicKeyCredential === "function" && typeof PublicKeyCredential.parseRequestOptionsFromJSON === "function";
}

// canSuggest: passkeys may stand among what the browser suggests for a field.
export async function canSuggest(): Promise<boolean> {
  return canPasskey() && (await PublicKeyCredential.isConditionalMediationAvailable?.().catch(() => false)) === true;
}

// makePasskey has the browser make one for a challenge of the server.
export async function makePasskey(challenge: PasskeyChallenge): Promise<PasskeyAnswer> {
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(challenge.publicKey as unknown as PublicKeyCredentialCreationOptionsJSON);
  return answer(challenge, await asked(() => navigator.credentials.create({ publicKey })));
}

// usePasskeyFor has the browser sign a challenge. suggest shows passkeys in the
// field for the user name, and waits until one is chosen.
export async function usePasskeyFor(challenge: PasskeyChallenge, suggest?: AbortSignal): Promise<PasskeyAnswer> {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(challenge.publicKey as unknown as PublicKeyCredentialRequestOptionsJSON);
  const credential = await asked(() => navigator.credentials.get(suggest ? { publicKey, mediation: "conditional", signal: suggest } : { publicKey }));
  return answer(challenge, credential);
}

// provePasskey is both steps of a purpose for somebody who is known already.
export async function provePasskey(purpose: PasskeyPurpose): Promise<PasskeyAnswer> {
  const { data } = await api.beginPasskey(purpose);
  return usePasskeyFor(data);
}

function answer(challenge: PasskeyChallenge, credential: Credential | null): PasskeyAnswer {
  if (!credential) throw given();
  return { state: challenge.state, credential: (credential as PublicKeyCredential).toJSON() as unknown as Record<string, unknown> };
}

const given = () => new ApiError({ status: 0, code: "passkey", detail: "No passkey was used. Try again, or use another way." });

async function asked(work: () => Promise<Credential | null>): Promise<Credential | null> {
  try {
    return await work();
  } catch (err) {
    const name = err instanceof DOMException ? err.name : "";
    if (name === "AbortError") throw new ApiError({ status: 0, code: "aborted", detail: "" });
    if (name === "InvalidStateError") throw new ApiError({ status: 0, code: "passkey", detail: "This device has a passkey for the account already." });
    if (name === "SecurityError") throw new ApiError({ status: 0, code: "passkey", detail: "Passkeys do not work at this address." });
    throw given();
  }
}
