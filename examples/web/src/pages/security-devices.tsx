import { useCallback, useMemo } from "react";
import { api } from "../api/endpoints.ts";
import { ApiError } from "../api/error.ts";
import type { Device } from "../api/types.ts";
import { describe } from "../logic/errors.ts";
import { absolute, placeOf } from "../logic/time.ts";
import { useAccount } from "../session.tsx";
import { Button } from "../ui/button.tsx";
import { Icon } from "../ui/icons.tsx";
import { useLoad } from "../ui/load.ts";
import { Card, Failed } from "../ui/page.tsx";
import { useToast } from "../ui/toast.tsx";

// Devices are those that are not asked for a code. Without any there is no card.
export function Devices() {
  const { settings } = useAccount();
  const toast = useToast();
  const place = useMemo(() => placeOf(settings), [settings]);
  const load = useCallback(
    (signal: AbortSignal): Promise<Device[]> =>
      api.devices(signal).then(
        (a) => a.data.items,
        (err: unknown) => {
          if (err instanceof ApiError && err.status === 404) return [];
          throw err;
        },
      ),
    [],
  );
  const { state, retry, set } = useLoad(load);
  const remove = async (device: Device) => {
    try {
      await api.removeDevice(device.id);
      set((items) => items.filter((d) => d.id !== device.id));
      toast("good", "That device is asked for a code again.");
    } catch (err) {
      toast("bad", `Nothing was changed. ${describe(err)}`);
      retry();
    }
  };
  if (state.status === "loading" || (state.status === "done" && state.data.length === 0)) return null;
  return (
    <Card title="Trusted devices" lead="They are not asked for a code when you sign in.">
      {state.status === "failed" && <Failed error={state.error} onRetry={retry} />}
      {state.status === "done" && (
        <ul className="rows">
          {state.data.map((d) => (
            <li key={d.id} className="row" data-device={d.id}>
              <span className="row-icon">
                <Icon name="devices" />
              </span>
              <div className="row-text">
                <p className="row-title">{d.device || "Unknown device"}</p>
                <p className="hint">{[d.place, d.ip && `network ${d.ip}`, `until ${absolute(d.expiresAt, place)}`].filter(Boolean).join(" · ")}</p>
              </div>
              <Button look="quiet" aria-label={`Stop trusting ${d.device}`} onClick={() => void remove(d)}>
                Stop trusting
              </Button>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}
