// A server that sends nothing may have a page that shows what it would have sent. It
// says so in its own index.html, to the browsers that may see that page:
// <meta name="outbox" content="/outbox" data-channels="email sms">

export type Channel = "email" | "sms";

// outboxFor is the path of the page that shows messages of that channel, or null. What is
// no path of this server counts as none.
export function outboxFor(channel: Channel, path: string, channels: string): string | null {
  return /^\/[a-z-]+$/.test(path) && channels.split(" ").includes(channel) ? path : null;
}
