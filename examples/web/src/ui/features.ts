import { useEffect, useState } from "react";
import { api } from "../api/endpoints.ts";
import type { Features } from "../api/types.ts";

let known: Promise<Features> | null = null;

// features are what this server can do. They are read once; a reading that failed is
// tried again by the next caller.
export function features(): Promise<Features> {
  known ??= api.capabilities().then(
    ({ data }) => data.features,
    (err: unknown) => {
      known = null;
      throw err;
    },
  );
  return known;
}

// useFeature reports whether a feature is on. It is false until that is known.
export function useFeature(name: keyof Features): boolean {
  const [on, setOn] = useState(false);
  useEffect(() => {
    let shown = true;
    features().then(
      (all) => {
        if (shown) setOn(all[name] === true);
      },
      () => {}, // the page says the less
    );
    return () => {
      shown = false;
    };
  }, [name]);
  return on;
}
