import { type JsonObject, parseJson } from "./json.ts";
import type { Failure, Usage } from "./message.ts";
import type { Part } from "./part.ts";
import type { TurnStatus } from "./turn.ts";

/** An answer that an outage kept from being saved, with all that it takes to save it later: what a token holds. */
export interface UnsavedTurn {
  readonly ownerId: string;
  readonly conversationId: string;
  readonly turnId: string;
  readonly createdAt: string;
  readonly question: {
    readonly id: string;
    /** The message that it follows: `null` for the beginning, absent for the head at the time of the import. */
    readonly parent?: string | null | undefined;
    readonly parts: readonly Part[];
    readonly contextText: string | null;
    readonly metadata: JsonObject | null;
  };
  readonly reply: {
    readonly id: string;
    readonly status: Exclude<TurnStatus, "running">;
    readonly error: Failure | null;
    readonly parts: readonly Part[];
    readonly model: string | null;
    readonly usage: Usage | null;
    readonly intent: string | null;
    readonly processed: boolean | null;
  };
}

/**
 * What a token holds, to show it; `null` for what is no token. Whether a server signed it, only a server knows: see
 * `History.importTurn`.
 */
export function readToken(token: string): UnsavedTurn | null {
  try {
    const [text = ""] = token.split(".", 1);
    const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(binary, (unit) => unit.charCodeAt(0));
    return parseJson(new TextDecoder().decode(bytes)) as unknown as UnsavedTurn;
  } catch {
    return null;
  }
}
