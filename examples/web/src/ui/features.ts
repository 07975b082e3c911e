import { useEffect, useState } from "react";
import { api } from "../api/endpoints.ts";
import type { Capabilities, Features } from "../api/types.ts";

let known: Promise<Capabilities> | null = null;

// capabilities are what this server can do. They are read once; a reading that failed is
// tried again by the next caller.
function capabilities(): Promise<Capabilities> {
  known ??= api.capabilities().then(
    ({ data }) => data,
    (err: unknown) => {
      known = null;
      throw err;
    },
  );
  return known;
}

// features says of each feature of this server whether it is on.
export async function features(): Promise<Features> {
  return (await capabilities()).features;
}

// useCapabilities are null until they are known.
function useCapabilities(): Capabilities | null {
  const [all, setAll] = useState<Capabilities | null>(null);
  useEffect(() => {
    let shown = true;
    capabilities().then(
      (read) => {
        if (shown) setAll(read);
      },
      () => {}, // the page says the less
    );
    return () => {
      shown = false;
    };
  }, []);
  return all;
}

// useFeature reports whether a feature is on. It is false until that is known.
export function useFeature(name: keyof Features): boolean {
  return useCapabilities()?.features[name] === true;
}

// useProofWait is how long the wait in place of a proof takes, in seconds. It is null
// until that is known.
export function useProofWait(): number | null {
  return useCapabilities()?.limits.proofWait ?? null;
}
