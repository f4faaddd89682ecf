import type { Json, JsonObject } from "./json.ts";

/**
 * A frame of the AI SDK's UI message stream, limited to the types of version 5: later versions read them too, and an
 * unknown type throws in every client. Source: `uiMessageChunkSchema` of the `ai` package.
 */
export type Chunk =
  | { readonly type: "start"; readonly messageId: string; readonly messageMetadata: JsonObject }
  | { readonly type: "text-start" | "text-end" | "reasoning-start" | "reasoning-end"; readonly id: string }
  | { readonly type: "text-delta" | "reasoning-delta"; readonly id: string; readonly delta: string }
  | { readonly type: "tool-input-start"; readonly toolCallId: string; readonly toolName: string }
  | { readonly type: "tool-input-delta"; readonly toolCallId: string; readonly inputTextDelta: string }
  | {
      readonly type: "tool-input-available";
      readonly toolCallId: string;
      readonly toolName: string;
      readonly input: Json;
    }
  | {
      readonly type: "tool-input-error";
      readonly toolCallId: string;
      readonly toolName: string;
      readonly input: Json;
      readonly errorText: string;
    }
  | { readonly type: "tool-output-available"; readonly toolCallId: string; readonly output: Json }
  | { readonly type: "tool-output-error"; readonly toolCallId: string; readonly errorText: string }
  | {
      readonly type: "source-url";
      readonly sourceId: string;
      readonly url: string;
      readonly title: string;
      readonly providerMetadata: { readonly chatkeep: JsonObject };
    }
  | {
      readonly type: "source-document";
      readonly sourceId: string;
      readonly mediaType: string;
      readonly title: string;
      readonly filename: string;
      readonly providerMetadata: { readonly chatkeep: JsonObject };
    }
  | { readonly type: "file"; readonly url: string; readonly mediaType: string }
  | {
      readonly type: `data-${string}`;
      readonly id?: string;
      readonly data: Json;
      readonly transient?: boolean;
    }
  /** Never stored: {@link uiStream} adds it for pages of the AI SDK. */
  | { readonly type: "start-step" }
  | { readonly type: "message-metadata"; readonly messageMetadata: JsonObject }
  | { readonly type: "finish"; readonly messageMetadata?: JsonObject }
  | { readonly type: "abort" }
  | { readonly type: "error"; readonly errorText: string };
