import { useState } from "react";
import { api } from "../api/endpoints.ts";
import { describe } from "../logic/errors.ts";
import { useAccount } from "../session.tsx";
import { Button } from "../ui/button.tsx";
import { Card } from "../ui/page.tsx";
import { useToast } from "../ui/toast.tsx";

// YourData hands out a copy of everything that is kept.
export function YourData() {
  const { user } = useAccount();
  const toast = useToast();
  const [busy, setBusy] = useState(false);
  const save = async () => {
    setBusy(true);
    try {
      const url = URL.createObjectURL(await api.exportAccount());
      const link = document.createElement("a");
      link.href = url;
      link.download = `profile-${user.username}.zip`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(url), 60_000);
    } catch (err) {
      toast("bad", describe(err));
    }
    setBusy(false);
  };
  return (
    <Card title="Your data" lead="A copy of your profile, picture, settings, sessions and activity, as one file.">
      <Button busy={busy} onClick={() => void save()}>
        Download a copy
      </Button>
    </Card>
  );
}
