import { type JsonObject, parseJson } from "./json.ts";
import type { Failure, Usage } from "./message.ts";
import type { Part } from "./part.ts";
import type { TurnStatus } from "./turn.ts";

/** The content of a token: an answer that an outage left unsaved, with everything needed to save it later. */
export interface UnsavedTurn {
  readonly ownerId: string;
  readonly conversationId: string;
  readonly turnId: string;
  readonly createdAt: string;
  readonly question: {
    readonly id: string;
    /** The message that it follows: `null` for the beginning; absent for the head at the time of the import. */
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
 * Decodes a token to display its answer; `null` for anything else. Only a server can verify the signature; see
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
