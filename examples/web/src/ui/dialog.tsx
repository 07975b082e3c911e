import { useEffect, useId, useRef, type ReactNode } from "react";
import { Button, IconButton } from "./button.tsx";

// Dialog is the browser's own modal dialog: it keeps the focus inside, closes
// on Escape and gives the focus back to where it came from.
export function Dialog({
  title,
  onClose,
  locked = false,
  children,
  footer,
}: {
  title: string;
  onClose(): void;
  // locked: nothing but the buttons closes it.
  locked?: boolean;
  children: ReactNode;
  footer?: ReactNode;
}) {
  const ref = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const dialog = ref.current!;
    const from = document.activeElement;
    dialog.showModal();
    // Not the close button, which comes first and is rarely what is wanted.
    dialog.querySelector<HTMLElement>("[data-focus], input:not([type=file]), textarea")?.focus();
    return () => {
      dialog.close();
      if (from instanceof HTMLElement && from.isConnected) from.focus();
    };
  }, []);
  return (
    <dialog
      ref={ref}
      className="dialog"
      aria-labelledby={id}
      onCancel={(e) => {
        // A file picker that was dismissed sends the same event through here.
        if (e.target !== e.currentTarget) return;
        e.preventDefault();
        if (!locked) onClose();
      }}
      // Chromium closes on a second Escape whatever onCancel says.
      onClose={() => {
        if (ref.current?.open !== false) return;
        if (locked) ref.current.showModal();
        else onClose();
      }}
    >
      <div className="dialog-top">
        <h2 id={id}>{title}</h2>
        {!locked && <IconButton icon="x" label="Close" onClick={onClose} />}
      </div>
      <div className="dialog-body">{children}</div>
      {footer && <div className="dialog-footer">{footer}</div>}
    </dialog>
  );
}

export function Confirm({
  title,
  children,
  confirm,
  cancel = "Cancel",
  danger = false,
  busy = false,
  onConfirm,
  onCancel,
}: {
  title: string;
  children: ReactNode;
  confirm: string;
  cancel?: string;
  danger?: boolean;
  busy?: boolean;
  onConfirm(): void;
  onCancel(): void;
}) {
  return (
    <Dialog
      title={title}
      onClose={onCancel}
      locked={busy}
      footer={
        <>
          <Button onClick={onCancel} data-focus>
            {cancel}
          </Button>
          <Button look={danger ? "danger" : "primary"} busy={busy} onClick={onConfirm}>
            {confirm}
          </Button>
        </>
      }
    >
      {children}
    </Dialog>
  );
}
