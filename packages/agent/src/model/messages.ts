import type { LanguageModelV4Message, LanguageModelV4Prompt } from "@ai-sdk/provider";
import {
  type ApprovalPart,
  type Message,
  type Part,
  type ResponderRequest,
  type ToolCallPart,
  type ToolResultPart,
  contentOf,
} from "@chatkeep/protocol";

import { type OptionsReader, createOptionsReader, createRanTools } from "./attached.ts";
import { continuationMessages } from "./continuation.ts";
import { mediaTypesOf, modelFile } from "./files.ts";
import { splitAnswer, unknownResult } from "./unfinished.ts";

/**
 * Converts a conversation to a model's prompt: the summary, the `history` with recalled messages marked, and the
 * `question` once. The `answer` of earlier attempts follows: its finished steps as they were, then its last text with an
 * instruction to go on from it.
 *
 * Always valid for providers: a tool result follows the message with its call, and a call without a result, or a result
 * without a call, is left out. A call whose approval was answered is there with the answer, which `streamText` acts on.
 * Stored files and `data:` URLs are given as bytes if the model takes their media types (`files`; default: pictures, and
 * PDFs where the provider of `model` takes them). Text is given as text, any other file by its name.
 *
 * What a provider attached to a part, such as a signature, is given to a `model` of that provider only. So is reasoning,
 * which other providers do not accept. Citations and sources are left out.
 */
export function toModelMessages(
  {
    history,
    question,
    recalled = [],
    summary = null,
    answer = [],
  }: Pick<ResponderRequest, "history" | "question"> &
    Partial<Pick<ResponderRequest, "recalled" | "summary" | "answer">>,
  model?: { readonly provider: string; readonly modelId: string; readonly supportedUrls?: unknown },
  { files = mediaTypesOf(model) }: { readonly files?: readonly string[] | undefined } = {},
): LanguageModelV4Prompt {
  const optionsOf = createOptionsReader(model);
  const ranTools = createRanTools(model, optionsOf);
  const fileOf = (part: FilePart): ContentOf<"user">[number] => ({
    ...modelFile(part, files),
    ...optionsOf(part.metadata),
  });
  const messages: LanguageModelV4Prompt = [];
  const old = new Set(recalled);
  if (summary !== null) {
    const text = `[What was said before, summed up: messages ${summary.fromSeq} to ${summary.toSeq}]\n${summary.text}`;
    messages.push({ role: "user", content: [{ type: "text", text }] });
  }
  let step = createStep(optionsOf);
  const flush = (): void => {
    messages.push(...step.messages());
    step = createStep(optionsOf);
  };
  const pushSaid = (parts: readonly Part[]): void => {
    const hasSteps = parts.some(({ type }) => type === "step");
    const isOwn = ranTools(parts);
    for (const part of parts) {
      if (part.type === "step" || (!hasSteps && step.hasResults() && SAID.has(part.type))) flush();
      step.push(part, isOwn);
    }
  };

  const isResult = question.role === "tool";
  const earlier = history.filter(({ id }) => id !== question.id);
  for (const message of isResult ? [...earlier, question] : earlier) {
    if (message.role !== "tool") flush();
    if (message.role === "user") messages.push(...userMessage(message, old.has(message.seq), fileOf));
    else if (message.role === "system") {
      if (message.content !== "") messages.push({ role: "system", content: message.content });
    } else pushSaid(message.parts);
  }
  // Results of the calls that it continues may be part of the answer.
  if (!isResult) {
    flush();
    messages.push(...userMessage(question, false, fileOf));
  }
  const { steps, calls, text } = splitAnswer(answer);
  pushSaid([...steps, ...calls.map((call) => unknownResult(call))]);
  flush();
  return text.trim() === "" ? messages : [...messages, ...continuationMessages(text)];
}

type FilePart = Extract<Part, { type: "file" }>;

/** The parts that a model says. */
const SAID = new Set<Part["type"]>(["text", "reasoning", "tool-call"]);

/** An assistant's text and calls, followed by the calls' results. */
interface Step {
  /** `isOwn`: whether the model's provider ran the tool of a call that a provider ran. */
  push(part: Part, isOwn: boolean): void;
  hasResults(): boolean;
  messages(): LanguageModelV4Prompt;
}

function createStep(optionsOf: OptionsReader): Step {
  const said: ContentOf<"assistant"> = [];
  const calls = new Map<string, ToolCallPart>();
  /** The calls whose tools the model's provider ran. */
  const ran = new Set<string>();
  const results = new Map<string, ToolResultPart>();
  /** The calls that wait for an approval, by its id. */
  const asked = new Map<string, ToolCallPart>();
  const approvals = new Map<string, ApprovalPart>();

  const resultOf = (result: ToolResultPart) => ({
    type: "tool-result" as const,
    toolCallId: result.id,
    toolName: calls.get(result.id)?.name ?? "",
    output: resultOutput(result),
    ...optionsOf(result.metadata),
  });

  return {
    push(part, isOwn) {
      if (part.type === "text" && part.text !== "")
        said.push({ type: "text", text: part.text, ...optionsOf(part.metadata) });
      else if (part.type === "reasoning") {
        const options = optionsOf(part.metadata);
        if (options.providerOptions !== undefined)
          said.push({ type: "reasoning", text: part.text, ...options });
      } else if (part.type === "tool-call" && !calls.has(part.id)) {
        calls.set(part.id, part);
        const input = validArguments(part.arguments);
        if (part.executor === "provider" && isOwn) ran.add(part.id);
        const executed = ran.has(part.id) ? { providerExecuted: true } : {};
        const call = { toolCallId: part.id, toolName: part.name, input, ...executed };
        said.push({ type: "tool-call", ...call, ...optionsOf(part.metadata) });
      } else if (part.type === "tool-result" && calls.has(part.id) && part.preliminary !== true) {
        if (results.has(part.id)) return;
        results.set(part.id, part);
        // A provider's own result stands where it was made.
        if (ran.has(part.id)) said.push(resultOf(part));
      } else if (part.type === "approval-request") {
        const call = calls.get(part.call);
        if (call !== undefined) asked.set(part.id, call);
      } else if (part.type === "approval" && asked.has(part.id)) approvals.set(part.id, part);
    },
    hasResults: () => results.size > 0,
    messages() {
      const answered = [...approvals.values()].filter(({ id }) => !results.has(asked.get(id)!.id));
      const waiting = new Map(answered.map(({ id }) => [asked.get(id)!.id, id]));
      const content = said.flatMap((part): ContentOf<"assistant"> => {
        if (part.type !== "tool-call" || results.has(part.toolCallId)) return [part];
        const approvalId = waiting.get(part.toolCallId);
        if (approvalId === undefined) return [];
        // A message of `streamText`, which leaves it out of the prompt.
        const request = { type: "tool-approval-request", approvalId, toolCallId: part.toolCallId };
        return [part, request as never];
      });
      if (content.length === 0) return [];
      const own = [...results.values()].filter(({ id }) => !ran.has(id));
      const replies: ContentOf<"tool"> = [
        ...answered.map(({ id, approved, reason }) => ({
          type: "tool-approval-response" as const,
          approvalId: id,
          approved,
          ...(reason === undefined ? {} : { reason }),
          ...(ran.has(asked.get(id)!.id) ? { providerExecuted: true } : {}),
        })),
        ...own.map(resultOf),
      ];
      if (replies.length === 0) return [{ role: "assistant", content }];
      return [
        { role: "assistant", content },
        { role: "tool", content: replies },
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

function resultOutput({ result, error, denied }: ToolResultPart): ToolOutput {
  if (denied === true)
    return { type: "execution-denied", ...(typeof result === "string" ? { reason: result } : {}) };
  if (error === true) {
    return { type: "error-text", value: typeof result === "string" ? result : JSON.stringify(result) };
  }
  return typeof result === "string" ? { type: "text", value: result } : { type: "json", value: result };
}

/** A recalled message is out of order, so it gets its date. */
function userMessage(
  message: Message,
  recalled: boolean,
  fileOf: (part: FilePart) => ContentOf<"user">[number],
): LanguageModelV4Prompt {
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
  for (const part of message.parts) if (part.type === "file") content.push(fileOf(part));
  // Without it, an answer would come first or follow another answer, which some providers refuse.
  return [{ role: "user", content: content.length === 0 ? [{ type: "text", text: "[no text]" }] : content }];
}
