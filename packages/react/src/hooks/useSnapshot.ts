import { useSyncExternalStore } from "react";

import type { Readable } from "../state/snapshot.ts";

/** The state of something readable; the component renders again when it has changed. */
export function useSnapshot<State>(readable: Readable<State>): State {
  return useSyncExternalStore(readable.subscribe, readable.getSnapshot, readable.getSnapshot);
}
