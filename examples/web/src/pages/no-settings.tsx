import { useSession } from "../session.tsx";
import { Failed, Page } from "../ui/page.tsx";

// NoSettings stands in when the profile could be read and the settings not.
export function NoSettings({ title }: { title: string }) {
  const { retry } = useSession();
  return (
    <Page title={title}>
      <section className="card">
        <Failed error={null} onRetry={retry} />
      </section>
    </Page>
  );
}
