import { createHash, randomUUID } from "node:crypto";

import type { Sendings } from "@chatkeep/core";
import { type MessageInput, type Owner, isChatkeepError } from "@chatkeep/protocol";

/**
 * A POST of OpenAI's clients, which send it again when its reply was lost, without a key: only
 * `x-stainless-retry-count` tells that it is not the first time. The ids of what it stores are made from the
 * name that the history gives it (see `Sendings`), so the store recognises what is sent again.
 */
export interface Sending {
  /** The id of what it makes: a conversation, or a message by its place in the body. */
  idOf(what: "conversation" | "branch" | number): Promise<string>;
  /** The messages, with ids for those that came without one. */
  named<T extends MessageInput>(messages: readonly T[]): Promise<(T & { id: string })[]>;
}

/** What {@link sendingOf} takes. */
export interface SendingOptions {
  readonly history: Sendings;
  readonly owner: Owner;
  readonly request: Request;
  /** `performance.now()` when it came. */
  readonly arrived: number;
  readonly body: unknown;
}

/** A POST as a {@link Sending}; it is named when the first id is asked for. */
export function sendingOf({ history, owner, request, arrived, body }: SendingOptions): Sending {
  const says = JSON.stringify([new URL(request.url).pathname, body]);
  const giveName = async (): Promise<string> => {
    const attempt = Number(request.headers.get("x-stainless-retry-count") ?? 0) > 0 ? 1 : 0;
    try {
      const given = await history.nameSending(owner, { says, attempt, waited: performance.now() - arrived });
      // The client sends it again from now on; an outage is told to that.
      const keep = (): unknown => history.keepSending(owner, says, given).catch(() => undefined);
      request.signal.addEventListener("abort", keep, { once: true });
      return given;
    } catch (error) {
      // In an outage whoever is answered all the same is, and nothing is stored under this name.
      if (isChatkeepError(error, "unavailable")) return randomUUID();
      throw error;
    }
  };
  let name: Promise<string> | undefined;
  const idOf: Sending["idOf"] = async (what) => {
    name ??= giveName();
    return uuidOf(`${await name} ${what}`);
  };
  return {
    idOf,
    named: (messages) =>
      Promise.all(
        messages.map(async (message, index) => ({ ...message, id: message.id ?? (await idOf(index)) })),
      ),
  };
}

/** A UUID (version 8, RFC 9562) of a text. */
function uuidOf(text: string): string {
  const hash = createHash("sha256").update(text).digest().subarray(0, 16);
  hash[6] = ((hash[6] ?? 0) & 0x0f) | 0x80;
  hash[8] = ((hash[8] ?? 0) & 0x3f) | 0x80;
  const hex = hash.toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
