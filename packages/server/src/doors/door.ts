import type { Caller } from "../identity/caller.ts";
import type { Call } from "../route.ts";

/** A call of a door that finds out itself whose request it is. */
export interface DoorCall extends Call {
  /** Says who sent the request, or one that carries what its body names. */
  readonly identify: (carrier?: Request) => Promise<Caller>;
}
