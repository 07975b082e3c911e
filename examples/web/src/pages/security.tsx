import { useState } from "react";
import { Page } from "../ui/page.tsx";
import { Password } from "./security-password.tsx";
import { DeleteAccount } from "./security-delete.tsx";
import { YourData } from "./security-data.tsx";
import { Devices } from "./security-devices.tsx";
import { Factors } from "./security-factors.tsx";
import { Passkeys } from "./security-passkeys.tsx";
import { Sessions } from "./security-sessions.tsx";
import { WaitNotice } from "./security-wait.tsx";

export function Security() {
  // A new password or factor ends the other sessions, so the lists are read
  // again. The card that made the change stays: it may have codes to show.
  const [lists, setLists] = useState(0);
  const [factors, setFactors] = useState(0);
  const [passkeys, setPasskeys] = useState(0);
  const again = (set: (f: (n: number) => number) => void) => set((n) => n + 1);
  return (
    <Page title="Security" lead="Your password, the second step of signing in, and where you are signed in.">
      <WaitNotice key={`wait-${lists}`} />
      <Password onChanged={() => again(setLists)} />
      <Passkeys
        key={`passkeys-${passkeys}`}
        onChanged={() => {
          again(setLists);
          again(setFactors);
        }}
      />
      <Factors
        key={`factors-${factors}`}
        onChanged={() => {
          again(setLists);
          again(setPasskeys);
        }}
      />
      <Sessions key={`sessions-${lists}`} />
      <Devices key={`devices-${lists}`} />
      <YourData />
      <DeleteAccount />
    </Page>
  );
}
