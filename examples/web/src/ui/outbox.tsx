import { outboxFor, type Channel } from "../logic/outbox.ts";

const sends: Record<Channel, string> = {
  email: "This server sends no mail.",
  sms: "This server sends no text messages.",
};

// WhereToLook stands beside what waits for a message. It says where that is on a server
// that sends none, and is nothing elsewhere.
export function WhereToLook({ channel }: { channel: Channel }) {
  const meta = document.querySelector<HTMLMetaElement>('meta[name="outbox"]');
  const path = outboxFor(channel, meta?.content ?? "", meta?.dataset["channels"] ?? "");
  if (!path) return null;
  return (
    <p className="hint">
      {sends[channel]}{" "}
      <a href={path} target="_blank" rel="noopener">
        Look in its outbox
        <span className="visually-hidden"> (in a new tab)</span>
      </a>
    </p>
  );
}
