import type { History } from "../history.ts";
import { type WireOwnerUsage, ownerUsageFromWire } from "../wire/usage.ts";
import { searchOf } from "./paths.ts";
import type { Requests } from "./requests.ts";

/** The method on usage. */
export function usageCalls({ json }: Requests): Pick<History, "getUsage"> {
  return {
    getUsage: async (owner, query = {}) =>
      ownerUsageFromWire(await json<WireOwnerUsage>(owner, "GET", `/api/me/usage${searchOf({ ...query })}`)),
  };
}
