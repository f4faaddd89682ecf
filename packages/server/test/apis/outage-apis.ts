import { randomUUID } from "node:crypto";

import type { History, Owner } from "@chatkeep/protocol";
import { framesOf, newPerson } from "@chatkeep/testing/people";
import type { TestServer } from "@chatkeep/testing/server";

/** Somebody who asks through one API. */
export interface Guest {
  readonly kind: "user" | "session";
  readonly owner: Owner;
  readonly headers: Record<string, string>;
  /** Where the API asks, once somebody has begun. */
  conversation: string;
  /** The handle of it, where the API has handles. */
  handle: string;
}

/** Somebody new. */
export async function newGuest(kind: Guest["kind"]): Promise<Guest> {
  const place = { conversation: "", handle: "" };
  if (kind === "user") {
    const { owner, headers } = await newPerson();
    return { kind, owner, headers, ...place };
  }
  const id = randomUUID();
  return { kind, owner: { kind, id }, headers: { "x-session-id": id }, ...place };
}

/** What an API says to a question. */
interface Answered {
  readonly text: string;
  /** What it says of whether that is saved. */
  readonly persisted: boolean | undefined;
  /** Whether a stream came to its end. */
  readonly ended: boolean | undefined;
}

/** What came of a question. */
export interface Asked extends Answered {
  readonly status: number;
  /** The code of a refusal that says when to try again; else none. */
  readonly refusal: unknown;
}

type Send = TestServer["send"];

/** An API, as its clients use it. */
export interface Api {
  readonly name: string;
  readonly kinds: readonly Guest["kind"][];
  readonly streams: boolean;
  /** Whether it says of a saved answer that it is saved. */
  readonly marks: boolean;
  /** Whether it has to read before it can ask. */
  readonly needsStore: boolean;
  /** Asks a first question, so that there is something to lose. */
  begin(at: { send: Send; history: History; guest: Guest }): Promise<Partial<Guest>>;
  /** Asks; with an `attempt`, the same request again. */
  ask(at: { send: Send; guest: Guest; question: string; attempt: number }): Promise<Response>;
  read(response: Response): Promise<Answered>;
  /** The addresses at which it reads. */
  reads(guest: Guest): string[];
  /** The code of its error body. */
  codeOf(body: unknown): unknown;
}

const BOTH = ["user", "session"] as const;
const problemCode = (body: unknown): unknown => (body as { code?: unknown }).code;
const openaiCode = (body: unknown): unknown => (body as { error: { code?: unknown } }).error.code;

type Body = Record<string, unknown>;

/** Asks a first question by `post` and finds its conversation. */
const beginBy =
  (post: (guest: Guest) => { path: string; body: Body }): Api["begin"] =>
  async ({ send, history, guest }) => {
    const { path, body } = post(guest);
    await (await send(path, { method: "POST", body, headers: guest.headers })).text();
    const { conversations } = await history.listConversations(guest.owner);
    return { conversation: conversations[0]?.id ?? "" };
  };

/** An API whose clients send an `Idempotency-Key` and are answered with JSON, the text in the field `field`. */
function jsonApi(api: {
  name: string;
  kinds?: Api["kinds"];
  marks?: boolean;
  needsStore?: boolean;
  field: string;
  begin?: Api["begin"];
  post(guest: Guest, question: string): { path: string; body: Body };
  reads(guest: Guest): string[];
}): Api {
  const { kinds = BOTH, marks = false, needsStore = false, field, post } = api;
  return {
    ...api,
    kinds,
    marks,
    needsStore,
    streams: false,
    begin: api.begin ?? beginBy((guest) => post(guest, "first")),
    ask: ({ send, guest, question }) => {
      const { path, body } = post(guest, question);
      return send(path, {
        method: "POST",
        body,
        headers: { ...guest.headers, "idempotency-key": question.replaceAll(/[^a-z]/g, "-") },
      });
    },
    async read(response) {
      const body = (await response.json()) as Body;
      return {
        text: body[field] as string,
        persisted: body["persisted"] as boolean | undefined,
        ended: undefined,
      };
    },
    codeOf: problemCode,
  };
}

const book = (question: string, stream: boolean) => ({
  path: "/chat",
  body: { question, filters: { chapter: "One" }, stream },
});

const bookReads = (): string[] => ["/chat/history?chapter=One", "/chat/history"];

const openai = (name: string, stream: boolean): Api => ({
  name,
  kinds: BOTH,
  streams: stream,
  marks: true,
  needsStore: false,
  async begin({ history, guest }) {
    const { conversation } = await history.createConversation(guest.owner);
    await history.appendMessages(guest.owner, conversation.id, [
      { role: "user", content: "first" },
      { role: "assistant", content: "Half of first." },
    ]);
    return { conversation: conversation.id };
  },
  ask: ({ send, guest, question, attempt }) =>
    send("/v1/responses", {
      method: "POST",
      body: { input: question, conversation: `conv_${guest.conversation.replaceAll("-", "")}`, stream },
      headers: { ...guest.headers, "x-stainless-retry-count": String(attempt) },
    }),
  async read(response) {
    type Whole = { store: boolean; output: { content: { text: string }[] }[] };
    const frames = stream ? framesOf(await response.text()) : [];
    const [type, data] = frames.at(-1) ?? [];
    const whole = stream ? (data as { response?: Whole }).response : ((await response.json()) as Whole);
    return {
      text: whole?.output[0]?.content[0]?.text ?? "",
      persisted: whole?.store,
      ended: stream ? type === "response.completed" : undefined,
    };
  },
  reads: ({ conversation }) => [
    `/v1/conversations/conv_${conversation.replaceAll("-", "")}`,
    `/v1/conversations/conv_${conversation.replaceAll("-", "")}/items`,
  ],
  codeOf: openaiCode,
});

/** Every API beside the native API. */
export const APIS: readonly Api[] = [
  jsonApi({
    name: "book",
    marks: true,
    field: "answer",
    post: (_, question) => book(question, false),
    reads: bookReads,
  }),
  {
    ...jsonApi({
      name: "book streamed",
      marks: true,
      field: "",
      post: (_, question) => book(question, true),
      reads: bookReads,
    }),
    streams: true,
    async read(response) {
      const frames = framesOf(await response.text()) as [string, { text?: string; persisted?: boolean }][];
      const told = frames.findLast(([event]) => event === "metadata")?.[1];
      return {
        text: frames.map(([event, { text }]) => (event === "token" ? text : "")).join(""),
        persisted: told?.persisted,
        ended: frames.at(-1)?.[0] === "done",
      };
    },
  },
  jsonApi({
    name: "widget",
    marks: true,
    field: "response",
    post: (_, message) => ({ path: "/api/chat", body: { message } }),
    reads: ({ conversation }) => [`/api/conversations/${conversation}/messages`],
  }),
  jsonApi({
    name: "handles",
    needsStore: true,
    field: "response",
    async begin({ send, history, guest }) {
      const { conversation } = await history.createConversation(guest.owner);
      const body = { conversationId: conversation.id };
      const started = await send("/api/chat/start", { method: "POST", body, headers: guest.headers });
      const { sessionId } = (await started.json()) as { sessionId: string };
      const first = { method: "POST", body: { message: "first" }, headers: guest.headers };
      await (await send(`/api/chat/${sessionId}/message`, first)).text();
      return { conversation: conversation.id, handle: sessionId };
    },
    post: ({ handle }, text) => ({ path: `/api/chat/${handle}/message`, body: { message: text } }),
    reads: ({ handle }) => [`/api/chat/${handle}/history`],
  }),
  jsonApi({
    name: "user",
    kinds: ["user"],
    field: "response",
    post: ({ owner }, text) => ({ path: `/api/${owner.id}/chat`, body: { message: text } }),
    reads: ({ owner, conversation }) => [
      `/api/${owner.id}/conversations`,
      `/api/${owner.id}/conversations/${conversation}/messages`,
    ],
  }),
  {
    name: "useChat",
    kinds: BOTH,
    streams: true,
    marks: true,
    needsStore: false,
    async begin({ send, guest }) {
      const conversation = randomUUID();
      const message = { id: "first", role: "user", parts: [{ type: "text", text: "first" }] };
      const body = { id: conversation, message };
      await (await send("/api/chat", { method: "POST", body, headers: guest.headers })).text();
      return { conversation };
    },
    ask: ({ send, guest, question }) =>
      send("/api/chat", {
        method: "POST",
        body: {
          id: guest.conversation,
          message: { id: "q", role: "user", parts: [{ type: "text", text: question }] },
        },
        headers: guest.headers,
      }),
    async read(response) {
      const text = await response.text();
      const ended = text.trimEnd().endsWith("data: [DONE]");
      const chunks = framesOf(text.replace("data: [DONE]\n\n", "")).map(
        ([, chunk]) =>
          chunk as {
            type: string;
            delta?: string;
            messageMetadata?: { chatkeep: { persisted?: boolean } };
          },
      );
      return {
        text: chunks.map(({ type, delta }) => (type === "text-delta" ? delta : "")).join(""),
        persisted: chunks.findLast(({ messageMetadata: told }) => told?.chatkeep.persisted !== undefined)
          ?.messageMetadata?.chatkeep.persisted,
        ended,
      };
    },
    reads: ({ conversation }) => [`/api/chat/${conversation}/stream`, `/api/conversations/${conversation}`],
    codeOf: problemCode,
  },
  openai("responses", false),
  openai("responses streamed", true),
];
