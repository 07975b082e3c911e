import { useEffect, useRef, useState, type ReactNode } from "react";
import { describe } from "./logic/errors.ts";
import { leaving, Link, navigate, usePlace } from "./router.tsx";
import { useAccount } from "./session.tsx";
import { Avatar } from "./ui/avatar.tsx";
import { ButtonLink } from "./ui/button.tsx";
import { Icon, type IconName } from "./ui/icons.tsx";
import { Loading, Skeleton } from "./ui/page.tsx";
import { useToast } from "./ui/toast.tsx";

interface Entry {
  href: string;
  label: string;
  icon: IconName;
}

const accountPages: Entry[] = [
  { href: "/profile", label: "Profile", icon: "user" },
  { href: "/security", label: "Security", icon: "shield" },
  { href: "/activity", label: "Activity", icon: "clock" },
];
const settingsPages: Entry[] = [
  { href: "/settings/appearance", label: "Appearance", icon: "palette" },
  { href: "/settings/notifications", label: "Notifications", icon: "bell" },
  { href: "/settings/privacy", label: "Privacy", icon: "eye" },
];

// Shell is the frame of everything behind the sign-in: a column of links on
// wide screens, a bar at the bottom on narrow ones.
export function Shell({ children }: { children: ReactNode }) {
  const { path } = usePlace();
  const inSettings = path.startsWith("/settings/");
  return (
    <div className="shell">
      <a className="skip" href="#main">
        Skip to the content
      </a>
      <header className="topbar">
        <Brand href="/profile" />
        <AccountMenu />
      </header>
      <nav className="sidebar" aria-label="Account">
        <ul>
          {accountPages.map((e) => (
            <NavLink key={e.href} {...e} current={path === e.href} />
          ))}
        </ul>
        <p className="sidebar-title" id="settings-title">
          Settings
        </p>
        <ul aria-labelledby="settings-title">
          {settingsPages.map((e) => (
            <NavLink key={e.href} {...e} current={path === e.href} />
          ))}
        </ul>
      </nav>
      <main id="main" tabIndex={-1}>
        <Offline />
        {inSettings && (
          <nav className="tabs" aria-label="Settings">
            {settingsPages.map((e) => (
              <Link key={e.href} href={e.href} aria-current={path === e.href ? "page" : undefined}>
                {e.label}
              </Link>
            ))}
          </nav>
        )}
        {children}
      </main>
      <nav className="bottombar" aria-label="Pages">
        <ul>
          {accountPages.map((e) => (
            <NavLink key={e.href} {...e} current={path === e.href} />
          ))}
          <NavLink href="/settings/appearance" label="Settings" icon="sliders" current={inSettings} />
        </ul>
      </nav>
    </div>
  );
}

export function GuestShell({ children }: { children: ReactNode }) {
  const { path } = usePlace();
  return (
    <div className="guest">
      <a className="skip" href="#main">
        Skip to the content
      </a>
      <header className="topbar">
        <Brand href="/login" />
        <ButtonLink href={path.startsWith("/u/") ? `/login?next=${encodeURIComponent(path)}` : "/login"}>Sign in</ButtonLink>
      </header>
      <main id="main" tabIndex={-1}>
        <Offline />
        {children}
      </main>
    </div>
  );
}

// LoadingShell has the measures of Shell, so that nothing jumps afterwards.
export function LoadingShell() {
  return (
    <div className="shell shell-loading">
      <header className="topbar">
        <span className="brand">
          <BrandMark />
          profilekit
        </span>
        <Skeleton width="2.25rem" height="2.25rem" round />
      </header>
      <div className="sidebar" />
      <main>
        <Loading>
          <div className="page">
            <div className="page-top">
              <div className="stack-small">
                <Skeleton width="9rem" height="2rem" />
                <Skeleton width="16rem" />
              </div>
            </div>
            <div className="card">
              <div className="card-body stack">
                <Skeleton width="60%" />
                <Skeleton width="100%" height="2.5rem" />
                <Skeleton width="40%" />
                <Skeleton width="100%" height="2.5rem" />
              </div>
            </div>
          </div>
        </Loading>
      </main>
    </div>
  );
}

export function BrandMark() {
  return (
    <svg className="brand-mark" viewBox="0 0 32 32" width="28" height="28" aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="9" />
      <circle cx="16" cy="12.5" r="4.75" />
      <path d="M6.5 26.5c1.2-5 5-7.5 9.5-7.5s8.3 2.5 9.5 7.5" />
    </svg>
  );
}

function Brand({ href }: { href: string }) {
  return (
    <Link href={href} className="brand">
      <BrandMark />
      profilekit
    </Link>
  );
}

function NavLink({ href, label, icon, current }: Entry & { current: boolean }) {
  return (
    <li>
      <Link href={href} className="nav-link" aria-current={current ? "page" : undefined}>
        <Icon name={icon} />
        <span>{label}</span>
      </Link>
    </li>
  );
}

function AccountMenu() {
  const { user, signOut } = useAccount();
  const toast = useToast();
  const [open, setOpen] = useState(false);
  const ref = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (!open) return;
    const outside = (e: Event) => {
      if (e.target instanceof Node && !ref.current?.contains(e.target)) setOpen(false);
    };
    const escape = (e: KeyboardEvent) => {
      if (e.key !== "Escape") return;
      setOpen(false);
      button.current?.focus();
    };
    document.addEventListener("pointerdown", outside);
    document.addEventListener("focusin", outside);
    document.addEventListener("keydown", escape);
    return () => {
      document.removeEventListener("pointerdown", outside);
      document.removeEventListener("focusin", outside);
      document.removeEventListener("keydown", escape);
    };
  }, [open]);
  const leave = async () => {
    try {
      await signOut();
      navigate("/login", { replace: true });
    } catch (err) {
      toast("bad", `You are still signed in. ${describe(err)}`);
    }
  };
  return (
    <div className="menu" ref={ref}>
      <button ref={button} type="button" className="menu-button" aria-expanded={open} aria-controls="account-menu" onClick={() => setOpen(!open)}>
        <Avatar user={user} size={36} />
        <span className="visually-hidden">Account of {user.username}</span>
        <Icon name="chevron" size={16} />
      </button>
      {open && (
        <div className="menu-list" id="account-menu">
          <div className="menu-who">
            <p className="menu-name">{user.displayName || user.username}</p>
            <p className="hint">@{user.username}</p>
          </div>
          <Link href={`/u/${encodeURIComponent(user.username)}`} className="menu-item" onClick={() => setOpen(false)}>
            <Icon name="globe" size={18} />
            View your page
          </Link>
          <Link href="/settings/appearance" className="menu-item" onClick={() => setOpen(false)}>
            <Icon name="sliders" size={18} />
            Settings
          </Link>
          <button type="button" className="menu-item" onClick={() => {
              setOpen(false);
              leaving(() => void leave());
            }}
          >
            <Icon name="logOut" size={18} />
            Sign out
          </button>
        </div>
      )}
    </div>
  );
}

function Offline() {
  const [online, setOnline] = useState(navigator.onLine);
  useEffect(() => {
    const update = () => setOnline(navigator.onLine);
    addEventListener("online", update);
    addEventListener("offline", update);
    return () => {
      removeEventListener("online", update);
      removeEventListener("offline", update);
    };
  }, []);
  return (
    <div role="status">
      {!online && (
        <p className="offline">
          <Icon name="wifiOff" size={18} />
          You are offline. What you change now is not saved.
        </p>
      )}
    </div>
  );
}
