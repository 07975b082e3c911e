import { useEffect } from "react";
import { safeNext } from "./logic/paths.ts";
import { Activity } from "./pages/activity.tsx";
import { Appearance } from "./pages/appearance.tsx";
import { Forgot } from "./pages/forgot.tsx";
import { Login } from "./pages/login.tsx";
import { Notifications } from "./pages/notifications.tsx";
import { Privacy } from "./pages/privacy.tsx";
import { Profile } from "./pages/profile.tsx";
import { PublicProfile } from "./pages/public.tsx";
import { Register } from "./pages/register.tsx";
import { Security } from "./pages/security.tsx";
import { NotFound } from "./pages/missing.tsx";
import { navigate, usePlace } from "./router.tsx";
import { SessionProvider, useSession } from "./session.tsx";
import { GuestShell, LoadingShell, Shell } from "./shell.tsx";
import { tintBrowser } from "./settings/apply.ts";
import { Failed } from "./ui/page.tsx";
import { Prove } from "./ui/proof.tsx";
import { Reauthenticate } from "./ui/reauth.tsx";
import { ToastProvider } from "./ui/toast.tsx";

export function App() {
  useEffect(() => {
    tintBrowser();
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    scheme.addEventListener("change", tintBrowser);
    return () => scheme.removeEventListener("change", tintBrowser);
  }, []);
  return (
    <ToastProvider>
      <SessionProvider>
        <Pages />
        <Prove />
        <Reauthenticate />
      </SessionProvider>
    </ToastProvider>
  );
}

const account: Record<string, () => React.ReactNode> = {
  "/profile": () => <Profile />,
  "/settings/appearance": () => <Appearance />,
  "/settings/notifications": () => <Notifications />,
  "/settings/privacy": () => <Privacy />,
  "/security": () => <Security />,
  "/activity": () => <Activity />,
};

function Pages() {
  const { session, retry } = useSession();
  const { path, search } = usePlace();
  const user = /^\/u\/([^/]+)$/.exec(path);

  if (session.status === "loading") return <LoadingShell />;
  if (session.status === "failed") {
    return (
      <GuestShell>
        <Failed error={session.error} onRetry={retry} />
      </GuestShell>
    );
  }
  if (user) {
    const name = decoded(user[1]!);
    const page = name === null ? <NotFound /> : <PublicProfile key={name} username={name} />;
    return session.status === "in" ? <Shell>{page}</Shell> : <GuestShell>{page}</GuestShell>;
  }
  if (path === "/login" || path === "/register") {
    const next = safeNext(new URLSearchParams(search).get("next"));
    if (session.status === "in") return <Redirect to={next} />;
    return path === "/login" ? <Login notice={session.notice} next={next} /> : <Register next={next} />;
  }
  if (path === "/forgot") return session.status === "in" ? <Redirect to="/security" /> : <Forgot />;
  if (path === "/") return <Redirect to={session.status === "in" ? "/profile" : "/login"} />;
  if (path === "/settings") return <Redirect to="/settings/appearance" />;
  const page = account[path];
  if (!page) {
    return session.status === "in" ? (
      <Shell>
        <NotFound />
      </Shell>
    ) : (
      <GuestShell>
        <NotFound />
      </GuestShell>
    );
  }
  if (session.status === "out") return session.certain ? <Redirect to={`/login?next=${encodeURIComponent(path)}`} /> : <Probe />;
  return <Shell>{page()}</Shell>;
}

function Redirect({ to }: { to: string }) {
  useEffect(() => navigate(to, { replace: true }), [to]);
  return <LoadingShell />;
}

// Probe asks the server before a page that needs a session sends somebody away
// who left no mark of one here.
function Probe() {
  const { probe } = useSession();
  useEffect(() => probe(), [probe]);
  return <LoadingShell />;
}

function decoded(part: string): string | null {
  try {
    return decodeURIComponent(part);
  } catch {
    return null;
  }
}
