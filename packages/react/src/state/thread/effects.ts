import type { Conversation } from "@chatkeep/protocol";

import { backoff, online, pause } from "../backoff.ts";
import { isGone, isPassing, sentenceOf } from "../failure.ts";
import { once } from "../once.ts";
import type { Origin } from "../scope.ts";
import type { Effect } from "./events.ts";
import { loadSending } from "./load-sending.ts";
import { type ThreadModel, loadedOf } from "./model.ts";
import { type Source, readMessages, readSide } from "./read.ts";
import type { Sending, SendingOptions } from "./sending.ts";

/** Does what the reducer asks for. */
export interface Effects {
  /** Performs an effect; its progress and its end are dispatched as events. */
  perform(effect: Effect): Promise<void>;
  /** The code that sends, loaded as soon as there is a network. Rejects when it cannot be loaded. */
  sending(): Promise<Sending>;
  /** Detaches from all streams. */
  rest(): void;
  close(): void;
}

export interface EffectsOptions extends Omit<SendingOptions, "prepare" | "create"> {
  readonly origin: Origin;
  /** What was just read of it; default: it is read with its messages. */
  readonly conversation?: Conversation | undefined;
  readonly model: () => ThreadModel;
  /** Called with the conversation when it was `read`, or when it has become `active`. */
  readonly onConversation?: ((event: "read" | "active", conversation: Conversation) => void) | undefined;
  /**
   * Called with the scope's conversation when it has another id: whoever shows this thread shows that one's instead, and closes
   * this. Resolves when that one is read.
   */
  readonly onFound?: ((conversation: Conversation) => Promise<void>) | undefined;
}

/** Does nothing by itself. */
export function createEffects(options: EffectsOptions): Effects {
  const { history, owner, conversationId, origin, kept, model, dispatch, onConversation } = options;
  const closing = new AbortController();
  const { signal } = closing;
  const scope = origin.scope ?? null;
  const scoped = scope === null ? {} : { scope: scope.id, scopeLabel: scope.label };
  const withId = { ...scoped, id: conversationId };
  let justRead = options.conversation;
  let loaded: Sending | undefined;
  let report = 0;
  const source: Source = {
    owner,
    conversationId,
    history: {
      listMessages: history.listMessages,
      async getConversation(...call) {
        const conversation = justRead ?? (await history.getConversation(...call));
        justRead = undefined;
        return conversation;
      },
    },
  };

  const sending = once(async () => {
    await online(signal);
    const { createSending } = await loadSending();
    signal.throwIfAborted();
    loaded = createSending({
      ...options,
      prepare,
      create: async () => void (await history.createConversation(owner, withId)),
    });
    return loaded;
  });

  /** Before a question is sent. */
  const prepare = async (): Promise<void> => {
    if (model().exists) return;
    try {
      // Without an id it is the scope's default: of two tabs that begin at once both get the same.
      const asked = origin.kind === "scope" ? scoped : withId;
      const { conversation } = await history.createConversation(owner, asked);
      if (signal.aborted) return;
      // It gets its title with the first question; until then that is how it begins.
      const preview = conversation.preview ?? (model().questions[0]?.text || null);
      onConversation?.("active", { ...conversation, preview });
      if (conversation.id === conversationId) dispatch({ type: "created" });
      else void options.onFound?.(conversation);
    } catch (error) {
      // During an outage the question may be answered all the same, unsaved; it is created when that is saved.
      if (!isPassing(error)) throw error;
    }
  };

  const notRead = (error: unknown, gone = false): void => {
    const kind = gone ? "gone" : isPassing(error) ? "passing" : "final";
    dispatch({ type: "read-failed", kind, failure: sentenceOf(error) });
  };

  /** The scope's default conversation, else the most recently active. */
  const find = async (scope: string): Promise<void> => {
    try {
      const { conversations } = await history.listConversations(owner, { scope, limit: 100 });
      if (signal.aborted) return;
      const found = conversations.find(({ isDefault }) => isDefault) ?? conversations[0];
      if (found === undefined || found.id === conversationId)
        dispatch({ type: "found", exists: found !== undefined });
      else await options.onFound?.(found);
    } catch (error) {
      notRead(error);
    }
  };

  const reportActivity = async (): Promise<void> => {
    // Replies can overtake each other: only the latest is told, or an ended answer would seem to run.
    const mine = ++report;
    const conversation = await history.getConversation(owner, conversationId).catch(() => undefined);
    if (conversation === undefined || mine !== report || signal.aborted) return;
    onConversation?.("active", conversation);
  };

  const perform = async (effect: Effect): Promise<void> => {
    switch (effect.type) {
      case "find":
        return find(effect.scope);
      case "read":
        try {
          const read = await readMessages(source, loadedOf(model()), effect.wanted);
          if (signal.aborted) return;
          if (read.kind === "page") onConversation?.("read", read.conversation);
          return dispatch({ type: "read", read });
        } catch (error) {
          return notRead(error, isGone(error));
        }
      case "read-side": {
        const { side, edge } = effect;
        try {
          return dispatch({ type: "side-read", side, edge, page: await readSide(source, side, edge) });
        } catch (error) {
          return dispatch({ type: "side-failed", side, kind: isPassing(error) ? "passing" : "final" });
        }
      }
      case "wait":
        await pause({ ms: backoff(effect.attempt), signal });
        return dispatch({ type: "waited", for: effect.for, attempt: effect.attempt });
      case "keep":
        return kept.put(conversationId, effect.question);
      case "let-go":
        return kept.remove(conversationId, effect.questionId);
      case "report-activity":
        return reportActivity();
      case "send":
        try {
          return await (await sending()).send(effect.question);
        } catch (error) {
          return dispatch({ type: "not-sent", questionId: effect.question.id, failure: sentenceOf(error) });
        }
      case "look-up":
        try {
          return await (await sending()).lookUp(effect.turnId);
        } catch {
          return dispatch({ type: "turn-found", turn: null });
        }
      case "follow":
        return (await sending()).follow(effect.turn);
      case "stop":
        return (await sending()).stop(effect.turnId);
      case "save":
        return (await sending()).save();
    }
  };

  return {
    perform,
    sending,
    rest: () => loaded?.rest(),
    close() {
      closing.abort();
      loaded?.close();
    },
  };
}
