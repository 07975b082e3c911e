import { call, download } from "./client.ts";
import type { PasskeyAnswer } from "./passkeys.ts";
import type {
  ActivityPage,
  Capabilities,
  DeletionPlan,
  Device,
  Enrollment,
  FactorConfirmed,
  FactorList,
  OwnView,
  PasskeyAdded,
  PasskeyChallenge,
  PasskeySignIn,
  PendingRecovery,
  ProfilePatch,
  Proofs,
  PublicView,
  RecoveryCodes,
  SecondFactorResult,
  Session,
  Settings,
  SettingsPatch,
  SignedIn,
  SignInResult,
} from "./types.ts";

export const api = {
  register: (body: { username: string; email: string; password: string }) =>
    call<SignedIn>("POST", "/auth/register", { body }),
  login: (body: { login: string; password: string; remember: boolean }) =>
    call<SignInResult>("POST", "/auth/login", { body }),
  finishSignIn: (body: { method: string; code: string; trustDevice: boolean }) => call<SecondFactorResult>("POST", "/auth/mfa", { body }),
  beginRecovery: () => call<PendingRecovery>("POST", "/auth/mfa/recovery"),
  confirmRecovery: (token: string) => call("POST", "/auth/mfa/recovery/confirm", { body: { token } }),
  factors: (signal?: AbortSignal) => call<FactorList>("GET", "/auth/mfa", signal ? { signal } : {}),
  beginTotp: () => call<Enrollment>("POST", "/auth/mfa/totp", { body: {} }),
  confirmTotp: (code: string) => call<FactorConfirmed>("POST", "/auth/mfa/totp/confirm", { body: { code } }),
  renewRecoveryCodes: () => call<RecoveryCodes>("POST", "/auth/mfa/recovery-codes"),
  removeFactor: (id: string) => call("DELETE", `/auth/mfa/${encodeURIComponent(id)}`),
  beginPhone: (phone: string) => call("POST", "/auth/mfa/phone", { body: { phone } }),
  confirmPhone: (code: string) => call<FactorConfirmed>("POST", "/auth/mfa/phone/confirm", { body: { code } }),
  sendCode: (method: string) => call("POST", "/auth/mfa/challenge", { body: { method } }),
  sendProofCode: (method: string) => call("POST", "/auth/reauthenticate/challenge", { body: { method } }),
  beginPasskey: (purpose?: "second_factor" | "reauthenticate") => call<PasskeyChallenge>("POST", "/auth/passkeys/login/begin", { body: purpose ? { purpose } : {} }),
  finishPasskey: (body: PasskeyAnswer & { purpose?: "second_factor"; remember?: boolean; trustDevice?: boolean }) =>
    call<PasskeySignIn>("POST", "/auth/passkeys/login/finish", { body }),
  beginAddPasskey: () => call<PasskeyChallenge>("POST", "/auth/passkeys/register/begin"),
  addPasskey: (body: PasskeyAnswer & { name: string }) => call<PasskeyAdded>("POST", "/auth/passkeys/register/finish", { body }),
  renamePasskey: (id: string, name: string) => call("PATCH", `/auth/passkeys/${encodeURIComponent(id)}`, { body: { name } }),
  removePasskey: (id: string) => call("DELETE", `/auth/passkeys/${encodeURIComponent(id)}`),
  devices: (signal: AbortSignal) => call<{ items: Device[] }>("GET", "/auth/devices", { signal }),
  removeDevice: (id: string) => call("DELETE", `/auth/devices/${encodeURIComponent(id)}`),
  forgot: (email: string) => call("POST", "/auth/password/forgot", { body: { email } }),
  resendVerification: () => call("POST", "/auth/email/verify/resend"),
  changeEmail: (email: string) => call("POST", "/auth/email/change", { body: { email } }),
  proofs: (signal?: AbortSignal) => call<Proofs>("GET", "/auth/proof", signal ? { signal } : {}),
  sendMailCode: () => call("POST", "/auth/proof/mail"),
  proveMailbox: (code: string) => call("POST", "/auth/proof/mail/confirm", { body: { code } }),
  beginWait: () => call<PendingRecovery>("POST", "/auth/proof/wait"),
  // Whoever may not call it off is told so, and not asked for more.
  cancelWait: () => call("DELETE", "/auth/proof/wait", { prompt: false }),
  capabilities: () => call<Capabilities>("GET", "/capabilities"),
  logout: () => call("POST", "/auth/logout"),
  reauthenticate: (proof: { password: string } | { method: string; code: string } | ({ method: string } & PasskeyAnswer)) => call("POST", "/auth/reauthenticate", { body: proof }),
  changePassword: (body: { currentPassword: string; newPassword: string }) =>
    call("POST", "/auth/password", { body }),
  sessions: (signal: AbortSignal) => call<{ items: Session[] }>("GET", "/auth/sessions", { signal }),
  endSession: (id: string) => call("DELETE", `/auth/sessions/${encodeURIComponent(id)}`),
  endOtherSessions: () => call("DELETE", "/auth/sessions"),
  profile: (signal?: AbortSignal) => call<OwnView>("GET", "/profile", signal ? { signal } : {}),
  patchProfile: (body: ProfilePatch, ifMatch: string | null) =>
    call<OwnView>("PATCH", "/profile", { body, ifMatch }),
  exportAccount: () => download("/profile/export"),
  deleteAccount: () => call<DeletionPlan>("DELETE", "/profile"),
  restoreAccount: () => call<SignedIn>("POST", "/profile/restore"),
  removePicture: () => call("DELETE", "/profile/picture"),
  user: (username: string, signal: AbortSignal) =>
    call<PublicView>("GET", `/users/${encodeURIComponent(username)}`, { signal }),
  settings: (signal?: AbortSignal) => call<Settings>("GET", "/settings", signal ? { signal } : {}),
  patchSettings: (body: SettingsPatch) => call<Settings>("PATCH", "/settings", { body }),
  activity: (query: { cursor?: string; kind?: string; limit?: number }, signal: AbortSignal) => {
    const params = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined && value !== "") params.set(name, String(value));
    }
    const text = params.toString();
    return call<ActivityPage>("GET", `/activity${text && `?${text}`}`, { signal });
  },
};
