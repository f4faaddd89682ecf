import type { Message } from "./message.ts";
import type { ApprovalPart, ApprovalRequestPart, Part, ToolCallPart, ToolResultPart } from "./part.ts";

/** A tool call with everything that answers it. */
export interface PairedCall {
  readonly call: ToolCallPart;
  /** The last one; a preliminary one leaves the call open. */
  result?: ToolResultPart;
  request?: ApprovalRequestPart;
  approval?: ApprovalPart;
}

/** See {@link pairCalls}. */
export interface PairedCalls {
  /** The call that each call, result, approval request and approval belongs to. */
  readonly of: ReadonlyMap<Part, PairedCall>;
  /** The calls after the last question that have no result yet, in order. */
  readonly open: readonly PairedCall[];
}

/**
 * Pairs the calls of a branch with what answers them. Models number their calls anew in every step or turn, so an id
 * names the nearest earlier open call since the last question; its result closes it.
 */
export function pairCalls(messages: readonly Pick<Message, "role" | "parts">[]): PairedCalls {
  const of = new Map<Part, PairedCall>();
  let open: PairedCall[] = [];
  const answer = (part: Part, found: PairedCall | undefined): PairedCall | undefined => {
    if (found !== undefined) of.set(part, found);
    return found;
  };
  for (const { role, parts } of messages) {
    if (role === "user") open = [];
    for (const part of parts) {
      if (part.type === "tool-call") {
        const paired: PairedCall = { call: part };
        of.set(part, paired);
        open.push(paired);
      } else if (part.type === "tool-result") {
        const paired = answer(
          part,
          open.findLast(({ call }) => call.id === part.id),
        );
        if (paired !== undefined) paired.result = part;
        if (part.preliminary !== true) open = open.filter((one) => one !== paired);
      } else if (part.type === "approval-request") {
        const paired = answer(
          part,
          open.findLast(({ call }) => call.id === part.call),
        );
        if (paired !== undefined) paired.request = part;
      } else if (part.type === "approval") {
        const paired = answer(
          part,
          open.findLast(({ request }) => request?.id === part.id),
        );
        if (paired !== undefined) paired.approval = part;
      }
    }
  }
  return { of, open };
}

/** The calls after the last question that wait for a person: for an approval, or for the result of a client's tool. */
export function waitingCalls(messages: readonly Pick<Message, "role" | "parts">[]): readonly PairedCall[] {
  return pairCalls(messages).open.filter(({ call, request, approval }) =>
    request === undefined ? call.executor !== "provider" : approval === undefined,
  );
}

/** The ids of the calls after the last question that have no result yet. A client may send their results. */
export function openCalls(messages: readonly Pick<Message, "role" | "parts">[]): Set<string> {
  return new Set(pairCalls(messages).open.map(({ call }) => call.id));
}
