import type { Part } from "@chatkeep/protocol";
import { expect } from "vitest";

/** Streams as the installed provider packages read them (November 2026), each with two calls at once. */
export interface Recording {
  /** Providers that understand each other's values. */
  readonly family: string;
  /** The step that calls the tools. */
  readonly called: string;
  /** The step after their results. */
  readonly said: string;
  /** What is stored of both. */
  readonly parts: readonly object[];
  /** What that provider must get back, and no other. */
  readonly kept: readonly string[];
  /** What that provider must get back where it ran a tool itself; others get it as any tool's call. */
  readonly own?: readonly string[];
}

const lines = (...events: readonly object[]): string =>
  events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join("");
const named = (...events: readonly { readonly type: string }[]): string =>
  events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join("");
const DONE = "data: [DONE]\n\n";

/** One red pixel. */
const PNG =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGP4z8DwHwAFAAH/iZk9HQAAAABJRU5ErkJggg==";

/** Chunks of chat completions. */
const chat = (...deltas: readonly object[]): string => {
  const base = { id: "chatcmpl-1", object: "chat.completion.chunk", created: 1_795_000_000, model: "m" };
  const called = deltas.some((delta) => "tool_calls" in delta);
  return (
    lines(
      { ...base, choices: [{ index: 0, delta: { role: "assistant", content: "" }, finish_reason: null }] },
      ...deltas.map((delta) => ({ ...base, choices: [{ index: 0, delta, finish_reason: null }] })),
      {
        ...base,
        choices: [{ index: 0, delta: {}, finish_reason: called ? "tool_calls" : "stop" }],
        usage: { prompt_tokens: 5, completion_tokens: 7, total_tokens: 12 },
      },
    ) + DONE
  );
};
/** Two calls, their arguments in pieces that alternate. */
const CALLS = [
  { tool_calls: [{ index: 0, id: "call_a", type: "function", function: { name: "look", arguments: "" } }] },
  { tool_calls: [{ index: 1, id: "call_b", type: "function", function: { name: "look", arguments: "" } }] },
  { tool_calls: [{ index: 0, function: { arguments: '{"city":' } }] },
  { tool_calls: [{ index: 1, function: { arguments: '{"city":"Rome"}' } }] },
  { tool_calls: [{ index: 0, function: { arguments: '"Oslo"}' } }] },
];
/** Two calls, each whole. */
const WHOLE_CALLS = {
  tool_calls: [
    { index: 0, id: "call_a", type: "function", function: { name: "look", arguments: '{"city":"Oslo"}' } },
    { index: 1, id: "call_b", type: "function", function: { name: "look", arguments: '{"city":"Rome"}' } },
  ],
};

const SAID = chat({ content: "It is " }, { content: "fair." });
const called = (a: string, b: string): Part[] => [
  { type: "tool-call", id: a, name: "look", arguments: '{"city":"Oslo"}' },
  { type: "tool-call", id: b, name: "look", arguments: '{"city":"Rome"}' },
];
const results = (a: string, b: string): Part[] => [
  { type: "tool-result", id: a, result: "fair in Oslo" },
  { type: "tool-result", id: b, result: "fair in Rome" },
];
const ANSWER = { type: "text", text: "It is fair." };
const REASONING = { type: "reasoning", text: "Two cities." };

const SOURCE = { url: "https://example.org/weather", title: "Weather" };

const anthropicMessage = (stop: string, ...blocks: readonly (readonly [object, ...object[]])[]): string =>
  named(
    {
      type: "message_start",
      message: {
        id: "msg_1",
        type: "message",
        role: "assistant",
        model: "claude-sonnet-4-6",
        content: [],
        stop_reason: null,
        stop_sequence: null,
        usage: { input_tokens: 5, output_tokens: 1 },
      },
    } as never,
    ...blocks.flatMap(([content_block, ...deltas], index) => [
      { type: "content_block_start", index, content_block },
      ...deltas.map((delta) => ({ type: "content_block_delta", index, delta })),
      { type: "content_block_stop", index },
    ]),
    {
      type: "message_delta",
      delta: { stop_reason: stop, stop_sequence: null },
      usage: { output_tokens: 7 },
    } as never,
    { type: "message_stop" },
  );

const google = (...parts: readonly object[]): string =>
  lines(
    ...parts.map((part) => ({
      candidates: [{ content: { role: "model", parts: [part] }, index: 0 }],
      modelVersion: "gemini-3-pro-image",
    })),
    {
      candidates: [
        {
          content: { role: "model", parts: [{ text: "" }] },
          index: 0,
          finishReason: "STOP",
          groundingMetadata: { groundingChunks: [{ web: { uri: SOURCE.url, title: SOURCE.title } }] },
        },
      ],
      usageMetadata: { promptTokenCount: 5, candidatesTokenCount: 7, totalTokenCount: 12 },
    },
  );

const responses = (id: string, ...events: readonly { readonly type: string }[]): string => {
  const response = { id, object: "response", created_at: 1_795_000_000, model: "gpt-5.2", output: [] };
  const all = [
    { type: "response.created", response: { ...response, status: "in_progress" } },
    ...events,
    {
      type: "response.completed",
      response: {
        ...response,
        status: "completed",
        usage: {
          input_tokens: 5,
          input_tokens_details: { cached_tokens: 0 },
          output_tokens: 7,
          output_tokens_details: { reasoning_tokens: 3 },
          total_tokens: 12,
        },
      },
    },
  ];
  return named(...all.map((event, sequence_number) => ({ ...event, sequence_number })));
};
const functionCall = (output_index: number, call: string, city: string) => {
  const item = { id: `fc_${call}`, type: "function_call", call_id: call, name: "look", arguments: "" };
  const text = JSON.stringify({ city });
  return [
    { type: "response.output_item.added", output_index, item: { ...item, status: "in_progress" } },
    { type: "response.function_call_arguments.delta", item_id: item.id, output_index, delta: text },
    { type: "response.function_call_arguments.done", item_id: item.id, output_index, arguments: text },
    {
      type: "response.output_item.done",
      output_index,
      item: { ...item, arguments: text, status: "completed" },
    },
  ];
};
const THOUGHT = { id: "rs_1", type: "reasoning", summary: [] };
const PICTURE = { id: "ig_1", type: "image_generation_call" };
const SPOKEN = { id: "msg_1", type: "message", role: "assistant" };

export const RECORDINGS = {
  "OpenAI's chat completions": {
    family: "openai",
    called: chat(...CALLS),
    said: chat(
      { content: "It is " },
      { content: "fair." },
      {
        annotations: [{ type: "url_citation", url_citation: { ...SOURCE, start_index: 0, end_index: 11 } }],
      },
    ),
    parts: [
      ...called("call_a", "call_b"),
      ...results("call_a", "call_b"),
      ANSWER,
      { type: "source", ...SOURCE },
    ],
    kept: [],
  },
  "OpenAI's responses": {
    family: "openai",
    called: responses(
      "resp_1",
      { type: "response.output_item.added", output_index: 0, item: THOUGHT } as never,
      {
        type: "response.reasoning_summary_part.added",
        item_id: "rs_1",
        output_index: 0,
        summary_index: 0,
        part: { type: "summary_text", text: "" },
      } as never,
      {
        type: "response.reasoning_summary_text.delta",
        item_id: "rs_1",
        output_index: 0,
        summary_index: 0,
        delta: "Two cities.",
      } as never,
      {
        type: "response.output_item.done",
        output_index: 0,
        item: {
          ...THOUGHT,
          summary: [{ type: "summary_text", text: "Two cities." }],
          encrypted_content: "gAAAAABencrypted",
        },
      } as never,
      ...functionCall(1, "call_a", "Oslo"),
      ...functionCall(2, "call_b", "Rome"),
    ),
    said: responses(
      "resp_2",
      {
        type: "response.output_item.added",
        output_index: 0,
        item: { ...PICTURE, status: "in_progress" },
      } as never,
      {
        type: "response.output_item.done",
        output_index: 0,
        item: { ...PICTURE, status: "completed", result: PNG, output_format: "png" },
      } as never,
      {
        type: "response.output_item.added",
        output_index: 1,
        item: { ...SPOKEN, status: "in_progress", content: [] },
      } as never,
      {
        type: "response.output_text.delta",
        item_id: "msg_1",
        output_index: 1,
        content_index: 0,
        delta: "It is fair.",
      } as never,
      {
        type: "response.output_text.annotation.added",
        item_id: "msg_1",
        output_index: 1,
        content_index: 0,
        annotation_index: 0,
        annotation: { type: "url_citation", ...SOURCE, start_index: 0, end_index: 11 },
      } as never,
      {
        type: "response.output_item.done",
        output_index: 1,
        item: { ...SPOKEN, status: "completed", content: [] },
      } as never,
    ),
    parts: [
      {
        ...REASONING,
        metadata: { openai: { itemId: "rs_1", reasoningEncryptedContent: "gAAAAABencrypted" } },
      },
      ...called("call_a", "call_b"),
      ...results("call_a", "call_b"),
      { type: "tool-call", id: "ig_1", executor: "provider" },
      { type: "tool-result", id: "ig_1", result: { result: PNG } },
      { ...ANSWER, metadata: { openai: { itemId: "msg_1" } } },
      { type: "source", ...SOURCE },
    ],
    kept: ["rs_1"],
  },
  Anthropic: {
    family: "anthropic",
    called: anthropicMessage(
      "tool_use",
      [
        { type: "thinking", thinking: "", signature: "" },
        { type: "thinking_delta", thinking: "Two " },
        { type: "thinking_delta", thinking: "cities." },
        { type: "signature_delta", signature: "EqQBCgIYAhIMsigned" },
      ],
      [{ type: "redacted_thinking", data: "EmwKAhgBEgyredacted" }],
      [
        { type: "server_tool_use", id: "srvtoolu_1", name: "web_search", input: {} },
        { type: "input_json_delta", partial_json: '{"query":' },
        { type: "input_json_delta", partial_json: '"weather"}' },
      ],
      [
        {
          type: "web_search_tool_result",
          tool_use_id: "srvtoolu_1",
          content: [
            { type: "web_search_result", ...SOURCE, encrypted_content: "EqgfCsealed", page_age: null },
          ],
        },
      ],
      [
        { type: "tool_use", id: "toolu_a", name: "look", input: {} },
        { type: "input_json_delta", partial_json: "" },
        { type: "input_json_delta", partial_json: '{"city":"Os' },
        { type: "input_json_delta", partial_json: 'lo"}' },
      ],
      [
        { type: "tool_use", id: "toolu_b", name: "look", input: {} },
        { type: "input_json_delta", partial_json: '{"city":"Rome"}' },
      ],
    ),
    said: anthropicMessage("end_turn", [
      { type: "text", text: "" },
      {
        type: "citations_delta",
        citation: {
          type: "web_search_result_location",
          ...SOURCE,
          encrypted_index: "Eo8BCindex",
          cited_text: "It is fair.",
        },
      },
      { type: "text_delta", text: "It is " },
      { type: "text_delta", text: "fair." },
    ]),
    parts: [
      { ...REASONING, metadata: { anthropic: { signature: "EqQBCgIYAhIMsigned" } } },
      { type: "reasoning", text: "", metadata: { anthropic: { redactedData: "EmwKAhgBEgyredacted" } } },
      { type: "tool-call", id: "srvtoolu_1", name: "web_search", executor: "provider" },
      { type: "tool-result", id: "srvtoolu_1" },
      { type: "source", ...SOURCE },
      ...called("toolu_a", "toolu_b"),
      ...results("toolu_a", "toolu_b"),
      ANSWER,
      { type: "source", ...SOURCE },
    ],
    kept: ["EqQBCgIYAhIMsigned", "EmwKAhgBEgyredacted"],
    own: ["web_search_tool_result", "srvtoolu_1", "EqgfCsealed"],
  },
  Google: {
    family: "google",
    called: google(
      { text: "Two cities.", thought: true },
      {
        functionCall: { id: "fn_a", name: "look", args: { city: "Oslo" } },
        thoughtSignature: "AsWfgoogle",
      },
      { functionCall: { id: "fn_b", name: "look", args: { city: "Rome" } } },
    ),
    said: google({ text: "It is " }, { text: "fair." }, { inlineData: { mimeType: "image/png", data: PNG } }),
    parts: [
      REASONING,
      {
        ...called("", "")[0],
        id: expect.any(String) as string,
        metadata: { google: { thoughtSignature: "AsWfgoogle" } },
      },
      { ...called("", "")[1], id: expect.any(String) as string },
      { type: "source", ...SOURCE },
      { type: "tool-result", result: "fair in Oslo" },
      { type: "tool-result", result: "fair in Rome" },
      ANSWER,
      { type: "file", mime: "image/png", url: `data:image/png;base64,${PNG}` },
      { type: "source", ...SOURCE },
    ],
    kept: ["AsWfgoogle"],
  },
  Mistral: {
    family: "mistral",
    called: chat(
      { content: [{ type: "thinking", thinking: [{ type: "text", text: "Two cities." }] }] },
      WHOLE_CALLS,
    ),
    said: SAID,
    parts: [REASONING, ...called("call_a", "call_b"), ...results("call_a", "call_b"), ANSWER],
    kept: [],
  },
  Groq: {
    family: "groq",
    called: chat({ reasoning: "Two " }, { reasoning: "cities." }, WHOLE_CALLS),
    said: SAID,
    parts: [REASONING, ...called("call_a", "call_b"), ...results("call_a", "call_b"), ANSWER],
    kept: [],
  },
  DeepSeek: {
    family: "deepseek",
    called: chat({ reasoning_content: "Two " }, { reasoning_content: "cities." }, ...CALLS),
    said: SAID,
    parts: [REASONING, ...called("call_a", "call_b"), ...results("call_a", "call_b"), ANSWER],
    kept: [],
  },
} satisfies Readonly<Record<string, Recording>>;
