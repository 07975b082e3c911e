import type { Settings } from "../api/types.ts";
import { useAccount } from "../session.tsx";
import { Switch } from "../ui/choice.tsx";
import { Icon, type IconName } from "../ui/icons.tsx";
import { Card, Notice, Page } from "../ui/page.tsx";
import { SaveState, useSaving } from "../ui/saving.tsx";
import { NoSettings } from "./no-settings.tsx";

type Category = keyof Settings["notifications"];

const categories: { name: Category; title: string; text: string; icon: IconName }[] = [
  { name: "security", title: "Security", text: "New sign-ins, a changed password, and other things you should know at once.", icon: "shield" },
  { name: "account", title: "Account", text: "What happens to your account at your own wish.", icon: "user" },
  { name: "product", title: "News", text: "New features, now and then.", icon: "bell" },
];

export function Notifications() {
  const { settings, user } = useAccount();
  const { save, state } = useSaving();
  if (!settings) return <NoSettings title="Notifications" />;
  const n = settings.notifications;
  const noPhone = user.phone === null;
  return (
    <Page title="Notifications" lead="What we write to you about, and how." actions={<SaveState state={state} />}>
      <Card title="Messages" lead={`E-mail goes to ${user.email}.`}>
        <div className="rows">
          {categories.map((c) => (
            <div key={c.name} className="row notification" role="group" aria-label={c.title}>
              <span className="row-icon">
                <Icon name={c.icon} />
              </span>
              <div className="row-text">
                <p className="row-title">{c.title}</p>
                <p className="hint">{c.text}</p>
              </div>
              <div className="notification-switches">
                <Switch
                  label="E-mail"
                  checked={c.name === "security" || n[c.name].email}
                  disabled={c.name === "security"}
                  onChange={(email) => void save({ notifications: { [c.name]: { email } } })}
                />
                <Switch label="Text message" checked={n[c.name].sms} disabled={noPhone && !n[c.name].sms} onChange={(sms) => void save({ notifications: { [c.name]: { sms } } })} />
              </div>
            </div>
          ))}
        </div>
      </Card>
      <Notice tone="info" icon="lock">
        <p>
          Security e-mails are always sent: they are how you would learn that somebody else uses your account.
          {noPhone && " Text messages need a phone number on your account, which cannot be added yet."}
        </p>
      </Notice>
    </Page>
  );
}
