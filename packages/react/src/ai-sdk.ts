"use client";

import { type UseChatHelpers, useChat as useAiSdkChat } from "@ai-sdk/react";
import { isChatkeepError } from "@chatkeep/protocol";
import type { ChatInit, UIMessage } from "ai";
import { useEffect, useMemo, useState } from "react";

import { type Headers, type StoredChatOptions, createStoredChat } from "./state/stored-chat.ts";

/** Options of {@link useChat}: where the conversation is, and the other options of the AI SDK's hook. */
export interface UseStoredChatOptions<Shown extends UIMessage>
  extends StoredChatOptions, Omit<ChatInit<Shown>, "id" | "messages" | "transport"> {
  /** Headers of each request, such as `{ authorization: "Bearer …" }`. Cookies of the page's site are sent anyway. */
  readonly headers?: Headers | undefined;
  /** Milliseconds between two renderings while an answer streams. Default: each piece is rendered. */
  readonly throttle?: number;
}

/** Milliseconds until messages that could not be loaded are asked for again. */
const RETRY = 3000;

/**
 * The AI SDK's `useChat` on a stored conversation. It begins with the stored messages, follows an answer that is still
 * being given, and `stop` ends the answer at the server too. `error` says when the messages cannot be loaded.
 */
export function useChat<Shown extends UIMessage = UIMessage>(
  options: UseStoredChatOptions<Shown> = {},
): UseChatHelpers<Shown> {
  const { scope, conversationId, baseUrl, headers, throttle, ...rest } = options;
  const stored = useMemo(
    () => createStoredChat<Shown>({ scope, conversationId, baseUrl }),
    [scope, conversationId, baseUrl],
  );
  // Before the messages are loaded. It may be a new function at each rendering.
  useEffect(() => stored.sendHeaders(headers), [stored, headers]);
  const [loaded, setLoaded] = useState<typeof stored>();
  const [failure, setFailure] = useState<Error>();
  const chat = useAiSdkChat<Shown>({
    ...rest,
    id: stored.key,
    transport: stored.transport,
    resume: loaded === stored,
    // Versions 5 and 6 of the AI SDK have the second name.
    ...(throttle === undefined ? {} : { throttle, experimental_throttle: throttle }),
  });
  const { setMessages, stop: leave } = chat;

  useEffect(() => {
    let retry: ReturnType<typeof setTimeout> | undefined;
    let isLeft = false;
    const load = async (): Promise<void> => {
      try {
        const messages = await stored.load();
        if (isLeft) return;
        // A question may have been asked meanwhile.
        setMessages((shown) => [
          ...messages.filter(({ id }) => !shown.some((message) => message.id === id)),
          ...shown,
        ]);
        setFailure(undefined);
        setLoaded(stored);
      } catch (error) {
        if (isLeft) return;
        setFailure(error as Error);
        if (isChatkeepError(error, "unavailable")) retry = setTimeout(() => void load(), RETRY);
      }
    };
    void load();
    return () => {
      isLeft = true;
      clearTimeout(retry);
    };
  }, [stored, setMessages]);

  const stop = async (): Promise<void> => {
    try {
      await stored.stop();
    } finally {
      await leave();
    }
  };
  return { ...chat, stop, error: chat.error ?? failure };
}
