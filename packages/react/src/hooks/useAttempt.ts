import { useState } from "react";

import { sentenceOf } from "../state/failure.ts";

/** Actions that may fail. */
export interface Attempts {
  /** The sentence why the last one failed; `null` while none has. */
  readonly failure: string | null;
  readonly attempt: (work: Promise<unknown>) => void;
  readonly clear: () => void;
}

/** Keeps why the last action failed, for a `FailureNotice`. */
export function useAttempt(): Attempts {
  const [failure, setFailure] = useState<string | null>(null);
  return {
    failure,
    attempt(work) {
      setFailure(null);
      work.catch((error: unknown) => setFailure(sentenceOf(error)));
    },
    clear: () => setFailure(null),
  };
}
