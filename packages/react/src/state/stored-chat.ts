import {
  type Owner,
  conversationCalls,
  createRequests,
  loadUiMessages,
  messageCalls,
} from "@chatkeep/protocol";
import { type ChatTransport, DefaultChatTransport, type UIMessage } from "ai";

import { once } from "./once.ts";
import { openSession } from "./session.ts";
import { openStorage } from "./storage.ts";

/** Makes the headers of a request. */
export type Headers = () => Record<string, string> | Promise<Record<string, string>>;

/** Where a conversation of `useChat` is. */
export interface StoredChatOptions {
  /** The place that is talked about: each has a conversation of its own. Default `chat`. */
  readonly scope?: string | undefined;
  /** Or the conversation of this id. The first question creates it. */
  readonly conversationId?: string | undefined;
  /** The path or address of the mount. A trailing slash is accepted. Default: the page's own site. */
  readonly baseUrl?: string | undefined;
}

/** A conversation of this browser's session, or of whoever the host's login names. Opens nothing by itself. */
export interface StoredChat<Shown extends UIMessage> {
  /** Names it among the page's chats. */
  readonly key: string;
  readonly transport: ChatTransport<Shown>;
  /** Sends these headers from now on. */
  sendHeaders(headers: Headers | undefined): void;
  /** The latest 100 messages; none where nothing was asked yet. A failure is not remembered. */
  load(): Promise<Shown[]>;
  /** Ends the running answer, if any. */
  stop(): Promise<void>;
}

/** One session a page. */
const openBrowserSession = once(() => openSession({ storage: openStorage() }));

export function createStoredChat<Shown extends UIMessage>({
  scope = "chat",
  conversationId,
  baseUrl = "",
}: StoredChatOptions): StoredChat<Shown> {
  // With the slash of "/", the path would name another host: "//api/chat".
  const base = baseUrl.replace(/\/+$/, "");
  let headers: Headers | undefined;
  const ownerNow = async (): Promise<Owner> => {
    const session = await openBrowserSession();
    return { kind: "session", id: session.getSnapshot() };
  };
  const credentials = async (): Promise<Record<string, string>> => ({
    "x-session-id": (await ownerNow()).id,
    ...(await headers?.()),
  });
  const requests = createRequests({ baseUrl: base, credentials });
  const history = { ...conversationCalls(requests), ...messageCalls(requests) };

  // Looking at a page creates no conversation; the first question does.
  const find = once(async (): Promise<string | undefined> => {
    if (conversationId !== undefined) return conversationId;
    const { conversations } = await history.listConversations(await ownerNow(), { scope, limit: 100 });
    return (conversations.find(({ isDefault }) => isDefault) ?? conversations[0])?.id;
  });
  const begin = once(
    async (): Promise<string> =>
      (await find()) ?? (await history.createConversation(await ownerNow(), { scope })).conversation.id,
  );
  let begun: string | undefined = conversationId;
  /** The last message that the page shows: an answer that was finished since it was loaded comes with the stream. */
  let after: string | undefined;

  const http = new DefaultChatTransport<Shown>({
    api: `${base}/api/chat`,
    headers: credentials,
    prepareSendMessagesRequest: async ({ messages, trigger, messageId, body }) => {
      begun = await begin();
      after = messages.at(-1)?.id;
      // The server reads the last message, and the id of the one before it.
      return { body: { ...body, id: begun, messages: messages.slice(-2), trigger, messageId } };
    },
    prepareReconnectToStreamRequest: async () => {
      const query = after === undefined ? "" : `?after=${encodeURIComponent(after)}`;
      return { api: `${pathOf(await begin())}/stream${query}` };
    },
  });
  const pathOf = (id: string): string => `${base}/api/chat/${encodeURIComponent(id)}`;

  return {
    key: conversationId ?? `scope:${scope}`,
    transport: {
      // In the newest versions, a page that shows the beginning of an answer takes it anew.
      resumeStreamIsReplay: true,
      sendMessages: (call) => http.sendMessages(call),
      reconnectToStream: async (call) =>
        (begun ?? (await find())) === undefined ? null : http.reconnectToStream(call),
    },
    sendHeaders: (given) => void (headers = given),
    async load() {
      const conversationId = await find();
      if (conversationId === undefined) return [];
      const messages = await loadUiMessages({ history, owner: await ownerNow(), conversationId });
      after ??= messages.at(-1)?.id;
      return messages as unknown as Shown[];
    },
    async stop() {
      const id = begun ?? (await find());
      if (id === undefined) return;
      await requests.send(await ownerNow(), "POST", `/api/chat/${encodeURIComponent(id)}/stop`);
    },
  };
}
