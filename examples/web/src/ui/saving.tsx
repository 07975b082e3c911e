import { useCallback, useEffect, useRef, useState } from "react";
import type { SettingsPatch } from "../api/types.ts";
import { describe, fieldErrors } from "../logic/errors.ts";
import { useSession } from "../session.tsx";
import { Icon } from "./icons.tsx";
import { useToast } from "./toast.tsx";

// useSaving stores settings as they are changed and says so beside the title.
export function useSaving() {
  const { changeSettings } = useSession();
  const toast = useToast();
  const [state, setState] = useState<"idle" | "saving" | "saved">("idle");
  const turn = useRef(0);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const save = useCallback(
    async (patch: SettingsPatch) => {
      const mine = ++turn.current;
      clearTimeout(timer.current);
      setState("saving");
      try {
        await changeSettings(patch);
        if (mine !== turn.current) return;
        setState("saved");
        timer.current = setTimeout(() => setState("idle"), 3000);
      } catch (err) {
        const field = Object.values(fieldErrors(err))[0];
        toast("bad", `This was not saved. ${field ?? describe(err)}`);
        if (mine === turn.current) setState("idle");
      }
    },
    [changeSettings, toast],
  );
  return { save, state };
}

export function SaveState({ state }: { state: "idle" | "saving" | "saved" }) {
  return (
    <p className={`save-state save-state-${state}`} role="status">
      {state === "saving" && "Saving…"}
      {state === "saved" && (
        <>
          <Icon name="check" size={16} /> Saved
        </>
      )}
    </p>
  );
}
