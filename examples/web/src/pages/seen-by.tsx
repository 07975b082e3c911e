import type { PrivateField, Settings, Visibility } from "../api/types.ts";
import { Icon, type IconName } from "../ui/icons.tsx";

const order: Visibility[] = ["private", "members", "public"];

const words: Record<Visibility, { icon: IconName; text: string; long: string }> = {
  public: { icon: "globe", text: "Everyone", long: "Everyone sees this" },
  members: { icon: "users", text: "Members", long: "People who are signed in see this" },
  private: { icon: "lock", text: "Only you", long: "Only you see this" },
};

// seenBy is who really sees a field: the profile's visibility bounds it.
export function seenBy(privacy: Settings["privacy"], field: PrivateField): Visibility {
  const at = Math.min(order.indexOf(privacy.visibility), order.indexOf(privacy.fields[field]));
  return order[at] ?? "private";
}

export function SeenBy({ privacy, field }: { privacy: Settings["privacy"]; field: PrivateField }) {
  return <VisibilityBadge visibility={seenBy(privacy, field)} />;
}

export function VisibilityBadge({ visibility }: { visibility: Visibility }) {
  const w = words[visibility];
  return (
    <span className="badge" title={w.long}>
      <Icon name={w.icon} size={14} />
      {w.text}
    </span>
  );
}
