import type { Json, JsonObject } from "./json.ts";
import type { ProviderMetadata } from "./part.ts";

/**
 * A frame of the AI SDK's UI message stream, limited to the types of version 5, and those of version 6 for approvals,
 * which no version before it has: later versions read them too, and an unknown type throws in every client. The optional
 * fields are left out unless a responder gives them. Source: `uiMessageChunkSchema` of the `ai` package.
 */
export type Chunk =
  | { readonly type: "start"; readonly messageId: string; readonly messageMetadata: JsonObject }
  | ({
      readonly type: "text-start" | "text-end" | "reasoning-start" | "reasoning-end";
      readonly id: string;
    } & Metadata)
  | ({
      readonly type: "text-delta" | "reasoning-delta";
      readonly id: string;
      readonly delta: string;
    } & Metadata)
  | ({ readonly type: "tool-input-start" } & CallFields)
  | { readonly type: "tool-input-delta"; readonly toolCallId: string; readonly inputTextDelta: string }
  | ({ readonly type: "tool-input-available"; readonly input: Json } & CallFields)
  | ({ readonly type: "tool-input-error"; readonly input: Json; readonly errorText: string } & CallFields)
  | ({
      readonly type: "tool-output-available";
      readonly toolCallId: string;
      readonly output: Json;
      readonly preliminary?: boolean;
    } & Metadata)
  | ({
      readonly type: "tool-output-error";
      readonly toolCallId: string;
      readonly errorText: string;
    } & Metadata)
  | { readonly type: "tool-output-denied"; readonly toolCallId: string; readonly reason?: string }
  | {
      readonly type: "tool-approval-request";
      readonly approvalId: string;
      readonly toolCallId: string;
      readonly reason?: string;
      readonly isAutomatic?: boolean;
      readonly signature?: string;
    }
  | {
      readonly type: "tool-approval-response";
      readonly approvalId: string;
      readonly approved: boolean;
      readonly reason?: string;
    }
  | ({
      readonly type: "source-url";
      readonly sourceId: string;
      readonly url: string;
      readonly title?: string;
    } & Metadata)
  | ({
      readonly type: "source-document";
      readonly sourceId: string;
      readonly mediaType: string;
      readonly title: string;
      readonly filename?: string;
    } & Metadata)
  | ({
      readonly type: "file";
      readonly url: string;
      readonly mediaType: string;
      /** In the log of events, as in a part. */
      readonly file?: string;
      readonly size?: number;
      readonly sha256?: string;
    } & Metadata)
  | {
      readonly type: `data-${string}`;
      readonly id?: string;
      readonly data: Json;
      readonly transient?: boolean;
    }
  /** A responder's own, or added by {@link uiStream} for pages of the AI SDK. */
  | { readonly type: "start-step" }
  | { readonly type: "message-metadata"; readonly messageMetadata: JsonObject }
  | { readonly type: "finish"; readonly messageMetadata?: JsonObject }
  | { readonly type: "abort" }
  | { readonly type: "error"; readonly errorText: string };

interface Metadata {
  readonly providerMetadata?: ProviderMetadata;
}

interface CallFields extends Metadata {
  readonly toolCallId: string;
  readonly toolName: string;
  readonly providerExecuted?: boolean;
  readonly dynamic?: boolean;
  readonly title?: string;
}
