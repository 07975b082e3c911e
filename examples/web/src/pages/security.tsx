import { Page } from "../ui/page.tsx";
import { Password } from "./security-password.tsx";
import { Devices } from "./security-devices.tsx";
import { Factors } from "./security-factors.tsx";
import { Sessions } from "./security-sessions.tsx";
import { useState } from "react";

export function Security() {
  // A new password or factor ends the other sessions, so the list is read again.
  const [turn, setTurn] = useState(0);
  return (
    <Page title="Security" lead="Your password, the second step of signing in, and where you are signed in.">
      <Password onChanged={() => setTurn((t) => t + 1)} />
      <Factors onChanged={() => setTurn((t) => t + 1)} />
      <Sessions key={`sessions-${turn}`} />
      <Devices key={`devices-${turn}`} />
    </Page>
  );
}
