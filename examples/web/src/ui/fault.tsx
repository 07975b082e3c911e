import { Icon } from "./icons.tsx";

// Fault is a message for a whole form. It is announced, and can take the focus.
export function Fault({ text }: { text: string | null }) {
  return (
    <div role="alert">
      {text && (
        <div className="notice notice-bad" data-fault tabIndex={-1}>
          <Icon name="alert" />
          <p>{text}</p>
        </div>
      )}
    </div>
  );
}
