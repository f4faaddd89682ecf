import {
  ChatkeepError,
  type Json,
  type JsonObject,
  type Part,
  type Question,
  WHEN_BUSY,
  parseJson,
} from "@chatkeep/protocol";
import { z } from "zod";

import { id, json, jsonObject } from "../../http/fields.ts";
import { partsOf } from "./question.ts";

/** What `HttpAgent` of `@ag-ui/client` sends. */
export interface RunAgentInput {
  threadId: string;
  runId: string;
  protocolVersion?: string | undefined;
  messages: InputMessage[];
  tools?: Json[] | undefined;
  state?: Json | undefined;
  context?: Json[] | undefined;
  forwardedProps?: Json | undefined;
  resume?: Resumed[] | undefined;
}

interface InputMessage {
  id: string;
  role: string;
  content?: string | JsonObject[] | JsonObject | undefined;
  toolCallId?: string | undefined;
  error?: string | undefined;
}

interface Resumed {
  interruptId: string;
  status: "resolved" | "cancelled";
  payload?: Json | undefined;
}

const message: z.ZodType<InputMessage> = z
  .looseObject({
    id,
    role: z.enum(["developer", "system", "user", "assistant", "tool", "reasoning", "activity"]),
    content: z.union([z.string(), z.array(jsonObject), jsonObject]).optional(),
    toolCallId: z.string().optional(),
    error: z.string().optional(),
  })
  .meta({ id: "AgUiMessage" });

/** The schema of {@link RunAgentInput}. */
export const runAgentInput: z.ZodType<RunAgentInput> = z
  .looseObject({
    threadId: id.meta({ description: "The id of the conversation, which is created if it does not exist." }),
    runId: z.string(),
    protocolVersion: z.string().optional().meta({
      description:
        "The client's version of AG-UI. Clients before 1.0 send none, and get only the outcomes they know.",
    }),
    messages: z.array(message).meta({
      description:
        "Chatkeep reads what follows the last answer, and the id of the message before it. Earlier messages come from " +
        "the store. Without a new message, the reply is the conversation and its running answer.",
    }),
    tools: z.array(json).optional(),
    state: json.optional(),
    context: z.array(json).optional(),
    forwardedProps: json.optional().meta({
      description: "With `when_busy`, a question waits while an answer is given; see `POST …/turns`.",
    }),
    resume: z
      .array(
        z.looseObject({
          interruptId: z.string(),
          status: z.enum(["resolved", "cancelled"]),
          payload: json.optional(),
        }),
      )
      .optional()
      .meta({
        description: "Answers to interrupts. `resolved` approves, unless the payload has `approved: false`.",
      }),
  })
  .meta({ id: "RunAgentInput" });

/** A question, with the message before it on the client. */
export interface Asked {
  readonly question: Question;
  readonly previousId: string | undefined;
}

/**
 * The question of a run: the last message if a person wrote it, or the results and approvals that its client brings.
 * `undefined` when the client only looks. Errors: `invalid_request`. The run's tools, state and context are the question's metadata `ag_ui`.
 */
export function askedOf(input: RunAgentInput): Asked | undefined {
  const { messages, resume = [] } = input;
  const last = messages.at(-1);
  if (last?.role === "user") {
    if (resume.length > 0) {
      const detail = "A run answers interrupts or asks a question, not both.";
      throw new ChatkeepError("invalid_request", detail, { pointer: "/resume" });
    }
    const metadata = metadataOf(input);
    const whenBusy = whenBusyOf(input.forwardedProps);
    const question = { id: last.id, parts: partsOf(last), whenBusy, ...(metadata && { metadata }) };
    return { question, previousId: messages.at(-2)?.id };
  }
  const results = messages.slice(messages.findLastIndex(({ role }) => role !== "tool") + 1);
  const parts: Part[] = [...results.map(resultOf), ...resume.map(approvalOf)];
  if (parts.length === 0) return undefined;
  return {
    question: { id: results.at(-1)?.id ?? `${input.runId}.resume`, role: "tool", parts },
    previousId: undefined,
  };
}

function whenBusyOf(props: Json | undefined): Question["whenBusy"] {
  const given = (props ?? {}) as { readonly when_busy?: unknown };
  return WHEN_BUSY.find((one) => one === given.when_busy);
}

function metadataOf({ tools, state, context, forwardedProps }: RunAgentInput): JsonObject | undefined {
  const given = { tools, state, context, forwarded_props: forwardedProps };
  const fields = Object.entries(given).filter(([, value]) => !isEmpty(value));
  return fields.length === 0 ? undefined : { ag_ui: Object.fromEntries(fields) as JsonObject };
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || Object.keys(value).length === 0;
}

function resultOf({ toolCallId = "", content = "", error }: InputMessage): Part {
  if (error !== undefined) return { type: "tool-result", id: toolCallId, result: error, error: true };
  return {
    type: "tool-result",
    id: toolCallId,
    result: typeof content === "string" ? parsed(content) : content,
  };
}

/** A tool's result is JSON as text. It stays text if it would be written otherwise. */
function parsed(text: string): JsonObject | string {
  try {
    const value = /^[[{]/.test(text) ? (parseJson(text) as JsonObject) : text;
    return JSON.stringify(value) === text ? value : text;
  } catch {
    return text;
  }
}

function approvalOf({ interruptId, status, payload }: Resumed): Part {
  const { approved, reason } = (typeof payload === "object" && payload !== null ? payload : {}) as JsonObject;
  const why = typeof reason === "string" ? { reason } : {};
  return { type: "approval", id: interruptId, approved: status === "resolved" && approved !== false, ...why };
}
