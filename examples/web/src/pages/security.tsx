import { Page } from "../ui/page.tsx";
import { Password } from "./security-password.tsx";
import { Sessions } from "./security-sessions.tsx";
import { useState } from "react";

export function Security() {
  // A new password ends the other sessions, so the list is read again.
  const [turn, setTurn] = useState(0);
  return (
    <Page title="Security" lead="Your password, and where you are signed in.">
      <Password onChanged={() => setTurn((t) => t + 1)} />
      <Sessions key={turn} />
    </Page>
  );
}
