import type * as OnDemand from "./on-demand.ts";

/**
 * Loads what messages need beside their text, and after a press. One file for all of it: what several files share with
 * the page would be files of their own, which weigh more on its first load.
 */
export function loadOnDemand(): Promise<typeof OnDemand> {
  return import("./on-demand.ts");
}
