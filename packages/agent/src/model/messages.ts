import type {
  LanguageModelV4FilePart,
  LanguageModelV4Message,
  LanguageModelV4Prompt,
} from "@ai-sdk/provider";
import {
  type Message,
  type ResponderRequest,
  type Part,
  type ToolResultPart,
  contentOf,
} from "@chatkeep/protocol";

import { continuationMessages } from "./continuation.ts";
import { splitAnswer, unknownResult } from "./unfinished.ts";

/**
 * Converts a conversation to a model's prompt: the summary, the `history` with recalled messages marked, and the
 * `question` once. The `answer` of earlier attempts follows: its finished steps as they were, then its last text with an
 * instruction to go on from it.
 *
 * Always valid for providers: a tool result follows the message with its call, and a call without a result, or a result
 * without a call, is left out. Omits reasoning and citations, which not every provider accepts. Includes images in
 * `data:` URLs; names any other file, so that nobody can make this server fetch an address.
 */
export function toModelMessages({
  history,
  question,
  recalled = [],
  summary = null,
  answer = [],
}: Pick<ResponderRequest, "history" | "question"> &
  Partial<Pick<ResponderRequest, "recalled" | "summary" | "answer">>): LanguageModelV4Prompt {
  const messages: LanguageModelV4Prompt = [];
  const old = new Set(recalled);
  if (summary !== null) {
    const text = `[What was said before, summed up: messages ${summary.fromSeq} to ${summary.toSeq}]\n${summary.text}`;
    messages.push({ role: "user", content: [{ type: "text", text }] });
  }
  let step = createStep();
  const flush = (): void => {
    messages.push(...step.messages());
    step = createStep();
  };
  const pushSaid = (parts: readonly Part[]): void => {
    for (const part of parts) {
      if (step.hasResults() && (part.type === "text" || part.type === "tool-call")) flush();
      step.push(part);
    }
  };

  const isResult = question.role === "tool";
  const earlier = history.filter(({ id }) => id !== question.id);
  for (const message of isResult ? [...earlier, question] : earlier) {
    if (message.role !== "tool") flush();
    if (message.role === "user") messages.push(...userMessage(message, old.has(message.seq)));
    else if (message.role === "system") {
      if (message.content !== "") messages.push({ role: "system", content: message.content });
    } else pushSaid(message.parts);
  }
  flush();
  if (!isResult) messages.push(...userMessage(question, false));
  const { steps, calls, text } = splitAnswer(answer);
  pushSaid([...steps, ...calls.map((call) => unknownResult(call))]);
  flush();
  return text.trim() === "" ? messages : [...messages, ...continuationMessages(text)];
}

/** An assistant's text and calls, followed by the calls' results. */
interface Step {
  push(part: Part): void;
  hasResults(): boolean;
  messages(): LanguageModelV4Prompt;
}

function createStep(): Step {
  const said: ContentOf<"assistant"> = [];
  const names = new Map<string, string>();
  const results = new Map<string, ToolResultPart>();

  return {
    push(part) {
      if (part.type === "text" && part.text !== "") said.push({ type: "text", text: part.text });
      else if (part.type === "tool-call" && !names.has(part.id)) {
        names.set(part.id, part.name);
        const input = validArguments(part.arguments);
        said.push({ type: "tool-call", toolCallId: part.id, toolName: part.name, input });
      } else if (part.type === "tool-result" && names.has(part.id) && !results.has(part.id)) {
        results.set(part.id, part);
      }
    },
    hasResults: () => results.size > 0,
    messages() {
      const content = said.filter((part) => part.type !== "tool-call" || results.has(part.toolCallId));
      if (content.length === 0) return [];
      const answered = [...results.values()].map((result) => ({
        type: "tool-result" as const,
        toolCallId: result.id,
        toolName: names.get(result.id) ?? "",
        output: resultOutput(result),
      }));
      if (answered.length === 0) return [{ role: "assistant", content }];
      return [
        { role: "assistant", content },
        { role: "tool", content: answered },
      ];
    },
  };
}

/** The arguments as the model wrote them; `{}` unless they are a JSON object, because providers refuse others. */
function validArguments(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? text : {};
  } catch {
    return {};
  }
}

type ContentOf<R extends LanguageModelV4Message["role"]> = Extract<
  LanguageModelV4Message,
  { role: R }
>["content"];
type ToolOutput = Extract<ContentOf<"tool">[number], { type: "tool-result" }>["output"];

function resultOutput({ result, error }: ToolResultPart): ToolOutput {
  if (error === true) {
    return { type: "error-text", value: typeof result === "string" ? result : JSON.stringify(result) };
  }
  return typeof result === "string" ? { type: "text", value: result } : { type: "json", value: result };
}

/** A recalled message is out of order, so it gets its date. */
function userMessage(message: Message, recalled: boolean): LanguageModelV4Prompt {
  const selected = message.contextText ?? "";
  const words = contentOf(message.parts);
  const mark = recalled
    ? `[Recalled from earlier in this conversation, ${message.createdAt.slice(0, 10)}]\n`
    : "";
  const asked =
    selected === ""
      ? words
      : `I have selected this text:\n<selected_text>\n${selected}\n</selected_text>\n\n${words}`;
  const text = asked === "" ? "" : mark + asked;
  const content: ContentOf<"user"> = text === "" ? [] : [{ type: "text", text }];
  for (const part of message.parts) {
    if (part.type !== "file") continue;
    content.push(
      imageOf(part.url) ?? { type: "text", text: `[file: ${part.name ?? "without a name"}, ${part.mime}]` },
    );
  }
  // Without it, an answer would come first or follow another answer, which some providers refuse.
  return [{ role: "user", content: content.length === 0 ? [{ type: "text", text: "[no text]" }] : content }];
}

/** The image in a base64 `data:` URL (RFC 2397); `undefined` for any other URL. */
function imageOf(url: string): LanguageModelV4FilePart | undefined {
  const [, mediaType, data] = /^data:(image\/[^;,]+)(?:;[^,]*)?;base64,(.+)$/s.exec(url) ?? [];
  if (mediaType === undefined || data === undefined) return undefined;
  return { type: "file", mediaType, data: { type: "data", data } };
}
