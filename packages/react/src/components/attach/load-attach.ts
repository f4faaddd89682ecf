import type * as Attach from "./Attach.tsx";

/** Loads what attaches files to questions: the property `attach` of a `ThreadView`. */
export function loadAttach(): Promise<typeof Attach> {
  return import("./Attach.tsx");
}
