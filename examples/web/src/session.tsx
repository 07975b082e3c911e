import { createContext, use, useCallback, useEffect, useMemo, useRef, useState, type ReactNode } from "react";
import { setHooks } from "./api/client.ts";
import { api } from "./api/endpoints.ts";
import { ApiError } from "./api/error.ts";
import type { OwnView, Settings, SettingsPatch } from "./api/types.ts";
import { mergePatch } from "./logic/merge.ts";
import { appearanceKey, applyAppearance, storedAppearance } from "./settings/apply.ts";

// The session cookie is out of the page's reach. This mark only says that
// there was a session, so that a visitor without one is not asked for it.
const markKey = "profilekit.signedIn";

export type Session =
  | { status: "loading" }
  | { status: "failed"; error: unknown }
  // certain: the server has said so, or the user.
  | { status: "out"; notice: string | null; certain: boolean }
  | { status: "in"; user: OwnView; etag: string | null; settings: Settings | null };

interface Access {
  session: Session;
  // begin is called with the answer of a sign-in.
  begin(user: OwnView, etag: string | null): Promise<void>;
  signOut(): Promise<void>;
  // left is called when the server has ended the session, and says why.
  left(notice: string): void;
  setUser(user: OwnView, etag: string | null): void;
  // reload reads the profile anew and answers with it.
  reload(): Promise<OwnView>;
  // changeSettings shows the change at once and takes it back when it fails.
  changeSettings(patch: SettingsPatch): Promise<void>;
  // probe finds out whether there is a session that left no mark.
  probe(): void;
  retry(): void;
}

const Context = createContext<Access | null>(null);

export function useSession(): Access {
  const value = use(Context);
  if (!value) throw new Error("no SessionProvider");
  return value;
}

// useAccount is for pages that are only shown to people who are signed in.
export function useAccount() {
  const access = useSession();
  if (access.session.status !== "in") throw new Error("signed out");
  return { ...access, ...access.session };
}

export function SessionProvider({ children }: { children: ReactNode }) {
  const [session, setSession] = useState<Session>(() => (marked() ? { status: "loading" } : { status: "out", notice: null, certain: false }));
  const latest = useRef(session);
  const queue = useRef<Promise<unknown>>(Promise.resolve());
  const waiting = useRef(0);

  const put = useCallback((next: Session) => {
    const before = latest.current;
    latest.current = next;
    setSession(next);
    if (next.status === "in" && next.settings && (before.status !== "in" || before.settings?.appearance !== next.settings.appearance)) {
      applyAppearance(next.settings.appearance);
    }
    if (next.status === "in") mark(true);
    if (next.status === "out") mark(false);
  }, []);

  const load = useCallback(async () => {
    try {
      const [profile, settings] = await Promise.all([api.profile(), api.settings()]);
      put({ status: "in", user: profile.data, etag: profile.etag, settings: settings.data });
    } catch (error) {
      if (error instanceof ApiError && error.code === "unauthenticated") put({ status: "out", notice: null, certain: true });
      else put({ status: "failed", error });
    }
  }, [put]);

  useEffect(() => {
    setHooks({
      signedOut: () => {
        if (latest.current.status === "in") put({ status: "out", notice: "Your session has ended. Sign in to go on.", certain: true });
      },
    });
    if (latest.current.status === "loading") void load();
    const elsewhere = (event: StorageEvent) => {
      if (event.key === markKey && event.newValue === null && latest.current.status === "in") {
        put({ status: "out", notice: "You signed out in another tab.", certain: true });
      }
      if (event.key === markKey && event.newValue !== null && latest.current.status === "out") void load();
      if (event.key === appearanceKey) {
        const now = latest.current;
        const appearance = storedAppearance(event.newValue);
        if (!appearance) return;
        if (now.status === "in" && now.settings) put({ ...now, settings: { ...now.settings, appearance } });
        else applyAppearance(appearance);
      }
    };
    addEventListener("storage", elsewhere);
    return () => removeEventListener("storage", elsewhere);
  }, [load, put]);

  const access = useMemo<Access>(() => {
    const signedIn = (change: (s: Session & { status: "in" }) => Session) => {
      const now = latest.current;
      if (now.status === "in") put(change(now));
    };
    return {
      session,
      probe: () => {
        if (latest.current.status !== "out" || latest.current.certain) return;
        put({ status: "loading" });
        void load();
      },
      retry: () => {
        put({ status: "loading" });
        void load();
      },
      begin: async (user, etag) => {
        const settings = await api.settings().catch(() => null);
        put({ status: "in", user, etag, settings: settings?.data ?? null });
      },
      signOut: async () => {
        try {
          await api.logout();
        } catch (error) {
          if (!(error instanceof ApiError && error.code === "unauthenticated")) throw error;
        }
        put({ status: "out", notice: null, certain: true });
      },
      left: (notice) => put({ status: "out", notice, certain: true }),
      setUser: (user, etag) => signedIn((s) => ({ ...s, user, etag })),
      reload: async () => {
        const answer = await api.profile();
        signedIn((s) => ({ ...s, user: answer.data, etag: answer.etag }));
        return answer.data;
      },
      changeSettings: (patch) => {
        signedIn((s) => (s.settings ? { ...s, settings: mergePatch(s.settings, patch) } : s));
        waiting.current += 1;
        // One after the other, in the order of the clicks.
        const turn = queue.current.then(() => api.patchSettings(patch));
        queue.current = turn.catch(() => {});
        return turn.then(
          (answer) => {
            waiting.current -= 1;
            // Later changes are already shown; their answer will come.
            if (waiting.current === 0) signedIn((s) => ({ ...s, settings: answer.data }));
          },
          async (error: unknown) => {
            waiting.current -= 1;
            const truth = await api.settings().catch(() => null);
            if (truth && waiting.current === 0) signedIn((s) => ({ ...s, settings: truth.data }));
            throw error;
          },
        );
      },
    };
  }, [load, put, session]);

  return <Context value={access}>{children}</Context>;
}

function marked(): boolean {
  try {
    return localStorage.getItem(markKey) !== null;
  } catch {
    return true;
  }
}

function mark(on: boolean): void {
  try {
    if (on) localStorage.setItem(markKey, "1");
    else localStorage.removeItem(markKey);
  } catch {
    // Without storage every load asks the server.
  }
}
