import { ButtonLink } from "../ui/button.tsx";
import { Empty, Page } from "../ui/page.tsx";

export function NotFound() {
  return (
    <Page title="Page not found">
      <section className="card">
        <Empty icon="info" title="There is nothing at this address">
          <p>The link may be old, or mistyped.</p>
        </Empty>
        <div className="center-actions">
          <ButtonLink href="/profile">Go to your profile</ButtonLink>
        </div>
      </section>
    </Page>
  );
}
