import { type History, type Owner, loadUiMessages } from "@chatkeep/protocol";
import * as ai5 from "ai5";
import * as ai5Oldest from "ai5-oldest";
import * as ai6 from "ai6";
import * as ai6Oldest from "ai6-oldest";
import * as ai7 from "ai7";
import type * as ai from "ai7";
import * as ai7Oldest from "ai7-oldest";

/** The supported versions of the AI SDK. They declare the same in types that do not know each other. */
export const VERSIONS = [
  ["5.0.89", ai5Oldest],
  ["5", ai5],
  ["6.0.50", ai6Oldest],
  ["6", ai6],
  ["7.0.40", ai7Oldest],
  ["7", ai7],
] as unknown as readonly [version: string, sdk: typeof ai][];

/** A page with `useChat`, without React: the class behind the hook, with its default transport. */
export interface Chat {
  readonly id: string;
  readonly owner: Owner;
  readonly chat: ai.AbstractChat<ai.UIMessage>;
  readonly errors: readonly Error[];
  /** The text of the last message. */
  text(): string;
  /** Resolves when the text of the last message is as `is` says. */
  until(is: (text: string) => boolean): Promise<void>;
  /** Resolves when the page waits for nothing. */
  ready(): Promise<void>;
}

export interface OpenChat {
  /** The AI SDK, of any version. */
  readonly ai: typeof ai;
  readonly url: string;
  readonly session: string;
  readonly chat: string;
  readonly history: Pick<History, "listMessages">;
  /** Whether the page begins with what is stored (default `false`). */
  readonly stored?: boolean;
  /** As `useChat` takes it (default: the AI SDK's own, with the session). */
  readonly transport?: ai.ChatTransport<ai.UIMessage>;
  /** As `useChat` takes it (default: never). */
  readonly sendAutomaticallyWhen?: typeof ai.lastAssistantMessageIsCompleteWithToolCalls;
}

/** Opens a page. */
export async function openChat(options: OpenChat): Promise<Chat> {
  const owner: Owner = { kind: "session", id: options.session };
  const errors: Error[] = [];
  const looks = new Set<() => void>();
  const { history, chat: conversationId } = options;
  let messages: ai.UIMessage[] =
    options.stored === true ? ((await loadUiMessages({ history, owner, conversationId })) as never) : [];
  const change = (next: ai.UIMessage[]): void => {
    messages = next;
    for (const look of looks) look();
  };
  let status: ai.ChatStatus = "ready";
  const state: ai.ChatState<ai.UIMessage> = {
    get status() {
      return status;
    },
    set status(next) {
      status = next;
      for (const look of looks) look();
    },
    error: undefined,
    get messages() {
      return messages;
    },
    set messages(next) {
      change(next);
    },
    pushMessage: (message) => change([...messages, message]),
    popMessage: () => change(messages.slice(0, -1)),
    replaceMessage: (index, message) => change(messages.with(index, structuredClone(message))),
    snapshot: (value) => structuredClone(value),
  };
  class Page extends options.ai.AbstractChat<ai.UIMessage> {}
  const chat = new Page({
    id: options.chat,
    state,
    transport:
      options.transport ??
      new options.ai.DefaultChatTransport({
        api: `${options.url}/api/chat`,
        headers: { "x-session-id": options.session },
        prepareReconnectToStreamRequest: ({ api, id }) => ({
          api: `${api}/${id}/stream?after=${messages.at(-1)?.id ?? ""}`,
        }),
      }),
    onError: (error) => errors.push(error),
    ...(options.sendAutomaticallyWhen === undefined
      ? {}
      : { sendAutomaticallyWhen: options.sendAutomaticallyWhen }),
  });
  const text = (): string =>
    (messages.at(-1)?.parts ?? []).map((part) => (part.type === "text" ? part.text : "")).join("");
  const seen = (is: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (!is()) return;
        looks.delete(look);
        resolve();
      };
      looks.add(look);
      look();
    });
  return {
    id: options.chat,
    owner,
    chat,
    errors,
    text,
    until: (is) => seen(() => messages.at(-1)?.role === "assistant" && is(text())),
    ready: () => seen(() => status === "ready"),
  };
}

/**
 * What a person sees of the parts: sources and reasoning are numbered anew by every reader, and version 7
 * renamed `rawInput`.
 */
export function partsOf(chat: Chat["chat"]): unknown {
  return chat.messages.map(({ parts }) =>
    parts.map((part) => {
      const all = part as unknown as Record<string, unknown>;
      const { sourceId: _, providerMetadata: __, rawInput, ...rest } = all;
      const seen: Record<string, unknown> = rawInput === undefined ? rest : { ...rest, input: rawInput };
      if (part.type === "reasoning") delete seen["id"];
      return Object.fromEntries(Object.entries(seen).filter(([, value]) => value !== undefined));
    }),
  );
}
