import type { PairedCall, Part } from "@chatkeep/protocol";
import { useSyncExternalStore } from "react";

import { callsOf } from "../state/thread/calls.ts";
import type { Entry } from "../state/thread/entry.ts";
import type { Thread } from "../state/thread/thread.ts";

/** A call as it is shown; without `call`, it is not. */
export interface ShownCall extends Partial<PairedCall> {
  /** Whether it has no result yet, and may get one. */
  readonly isOpen: boolean;
  /** The message that holds its approval. */
  readonly reply?: Entry | undefined;
}

/** The call that a part belongs to. The component renders again only when something of it changes. */
export function useCall(thread: Thread, part: Part): ShownCall {
  const use = <T>(read: () => T): T => useSyncExternalStore(thread.subscribe, read, read);
  const found = (): PairedCall | undefined => callsOf(thread).of.get(part);
  const call = use(() => found()?.call);
  const result = use(() => found()?.result);
  const request = use(() => found()?.request);
  const approval = use(() => found()?.approval);
  const isOpen = use(() => callsOf(thread).open.some((one) => one.call === call));
  const reply = use(() =>
    thread.getSnapshot().entries.find(({ parts }) => approval !== undefined && parts.includes(approval)),
  );
  return {
    ...(call && { call }),
    ...(result && { result }),
    ...(request && { request }),
    ...(approval && { approval }),
    isOpen,
    reply,
  };
}
