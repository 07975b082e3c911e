import { useCallback, useRef, useState } from "react";

// useAsked keeps a question that a call of the API asks the user, and everybody who
// waits for its answer. A second question waits for the answer to the first: the call
// that asked it is sent again after that, and asks anew if it has to.
export function useAsked<Q>() {
  const [question, setQuestion] = useState<Q | null>(null);
  const waiting = useRef<((yes: boolean) => void)[]>([]);
  const ask = useCallback(
    (next: Q) =>
      new Promise<boolean>((resolve) => {
        waiting.current.push(resolve);
        setQuestion((now) => now ?? next);
      }),
    [],
  );
  const answer = useCallback((yes: boolean) => {
    setQuestion(null);
    for (const done of waiting.current.splice(0)) done(yes);
  }, []);
  return { question, ask, answer };
}
