import { createContext, use, useCallback, useMemo, useRef, useState, type ReactNode } from "react";
import { IconButton } from "./button.tsx";
import { Icon } from "./icons.tsx";

type Tone = "good" | "bad";
interface Toast {
  id: number;
  tone: Tone;
  text: string;
}

const Context = createContext<(tone: Tone, text: string) => void>(() => {});

// useToast shows a short note. Good news leaves by itself; a fault stays until
// it is closed, since it may be the only trace of what did not work.
export function useToast() {
  return use(Context);
}

const lifetime = 6000;

export function ToastProvider({ children }: { children: ReactNode }) {
  const [toasts, setToasts] = useState<Toast[]>([]);
  const next = useRef(0);
  const close = useCallback((id: number) => setToasts((all) => all.filter((t) => t.id !== id)), []);
  const show = useCallback(
    (tone: Tone, text: string) => {
      const id = next.current++;
      setToasts((all) => [...all.filter((t) => t.text !== text).slice(-2), { id, tone, text }]);
      if (tone === "good") setTimeout(() => close(id), lifetime);
    },
    [close],
  );
  const good = useMemo(() => toasts.filter((t) => t.tone === "good"), [toasts]);
  const bad = useMemo(() => toasts.filter((t) => t.tone === "bad"), [toasts]);
  return (
    <Context value={show}>
      {children}
      <div className="toasts">
        <div role="status" aria-live="polite">
          {good.map((t) => (
            <ToastView key={t.id} toast={t} onClose={close} />
          ))}
        </div>
        <div role="alert">
          {bad.map((t) => (
            <ToastView key={t.id} toast={t} onClose={close} />
          ))}
        </div>
      </div>
    </Context>
  );
}

function ToastView({ toast, onClose }: { toast: Toast; onClose(id: number): void }) {
  return (
    <div className={`toast toast-${toast.tone}`}>
      <Icon name={toast.tone === "good" ? "check" : "alert"} size={18} />
      <p>{toast.text}</p>
      <IconButton icon="x" label="Close this note" onClick={() => onClose(toast.id)} />
    </div>
  );
}
