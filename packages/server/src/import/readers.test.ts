import type { Json, JsonObject } from "@chatkeep/protocol";
import fc from "fast-check";
import { expect, it } from "vitest";

import { chatgpt } from "./chatgpt.ts";
import { claude } from "./claude.ts";
import { librechat } from "./librechat.ts";
import { openWebui } from "./open-webui.ts";
import { inOrder } from "./tree.ts";

const KEYS = {
  ChatGPT:
    "mapping message parent author role content content_type parts text thoughts summary asset_pointer metadata attachments id name recipient create_time current_node content_references items url title status",
  Claude:
    "uuid chat_messages sender text content type thinking tool_use tool_result input tool_use_id attachments extracted_content files file_name parent_message_uuid created_at",
  "Open WebUI":
    "chat history messages currentId id parentId role content timestamp files url type image sources source name model done annotation rating",
  LibreChat:
    "conversationId messages messageId parentMessageId children text content type think tool_call args output files file_id filename isCreatedByUser createdAt",
};

/** JSON whose keys and words are those of a format, in any place and of any type. */
function anyOf(words: string): fc.Arbitrary<Json> {
  const word = fc.constantFrom(
    ...words.split(" "),
    "a",
    "b",
    "user",
    "assistant",
    "tool",
    "system",
    "__proto__",
  );
  return fc.letrec<{ value: Json }>((tie) => ({
    value: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      fc.oneof(
        word,
        fc.constantFrom<Json>(null, true, 0, -1, 1e30, ""),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
      ),
      fc.array(tie("value"), { maxLength: 4 }),
      fc.dictionary(word, tie("value"), { maxKeys: 6 }) as fc.Arbitrary<Json>,
    ),
  })).value;
}

it.each([chatgpt, claude, openWebui, librechat])(
  "a reader of $name takes anything for a conversation or for none",
  (reader) => {
    const value = anyOf(KEYS[reader.name as keyof typeof KEYS]);
    const beginnings: Record<string, fc.Arbitrary<JsonObject>> = {
      ChatGPT: fc.record({ mapping: fc.dictionary(fc.constantFrom("a", "b", "c", "d"), value) }),
      Claude: fc.record({ uuid: fc.constant("u"), chat_messages: fc.array(value) }),
      "Open WebUI": fc.record({
        chat: fc.record({
          history: fc.record({ messages: fc.dictionary(fc.constantFrom("a", "b"), value) }),
        }),
      }),
      LibreChat: fc.record({ conversationId: fc.constant("u"), messages: fc.array(value) }),
    };
    fc.assert(
      fc.property(beginnings[reader.name]!, (given) => {
        const conversation = reader.read(given, new Map());
        expect(conversation).toBeDefined();
        const seen = new Set<string | null>([null]);
        for (const { node, parent } of inOrder(conversation!.messages, ({ parts }) => parts.length > 0)) {
          expect(seen.has(parent)).toBe(true);
          expect(seen.has(node.id)).toBe(false);
          seen.add(node.id);
        }
      }),
      { numRuns: 500 },
    );
  },
);
