import type { Message } from "@chatkeep/protocol";

/**
 * Where a message stands between this page and the store: `queued` until the answer before it is finished,
 * `sending`, `saved`; `failed` when sending was given up, its text kept; `unsaved` when it was answered during an
 * outage without being saved; `shared` when a link shows it.
 */
export type Delivery = "queued" | "sending" | "saved" | "failed" | "unsaved" | "shared";

/** One message as it is shown. The same object as long as nothing of it has changed. */
export interface Entry extends Pick<
  Message,
  "id" | "turnId" | "versions" | "role" | "parts" | "status" | "error" | "contextText" | "model" | "usage"
> {
  /** The owner's feedback when the message was read. */
  readonly feedback?: Message["feedback"];
  /** Its number in the conversation; `null` until it is read back from the store. */
  readonly seq: number | null;
  /** The message that it follows, `null` for the first; `undefined` while that is not known. */
  readonly parentId?: string | null | undefined;
  /** The messages that continue it, and are shown in it: after an approval, or when it was cut off and went on. */
  readonly continuations: readonly string[];
  readonly delivery: Delivery;
  /** ISO 8601; `null` until the server has said. */
  readonly createdAt: string | null;
}

/** The message that holds its end. */
export function endOf({ id, continuations }: Entry): string {
  return continuations.at(-1) ?? id;
}

/** A version that waits, or could not be sent, stands after the one that it would be shown in place of. */
export function isShownInPlace(delivery: Delivery): boolean {
  return delivery !== "queued" && delivery !== "failed";
}
