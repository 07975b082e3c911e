import { call } from "./client.ts";
import type {
  ActivityPage,
  OwnView,
  ProfilePatch,
  PublicView,
  Session,
  Settings,
  SettingsPatch,
  SignedIn,
} from "./types.ts";

export const api = {
  register: (body: { username: string; email: string; password: string }) =>
    call<SignedIn>("POST", "/auth/register", { body }),
  login: (body: { login: string; password: string; remember: boolean }) =>
    call<SignedIn>("POST", "/auth/login", { body }),
  logout: () => call("POST", "/auth/logout"),
  reauthenticate: (password: string) => call("POST", "/auth/reauthenticate", { body: { password } }),
  changePassword: (body: { currentPassword: string; newPassword: string }) =>
    call("POST", "/auth/password", { body }),
  sessions: (signal: AbortSignal) => call<{ items: Session[] }>("GET", "/auth/sessions", { signal }),
  endSession: (id: string) => call("DELETE", `/auth/sessions/${encodeURIComponent(id)}`),
  endOtherSessions: () => call("DELETE", "/auth/sessions"),
  profile: (signal?: AbortSignal) => call<OwnView>("GET", "/profile", signal ? { signal } : {}),
  patchProfile: (body: ProfilePatch, ifMatch: string | null) =>
    call<OwnView>("PATCH", "/profile", { body, ifMatch }),
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
