import { AsyncLocalStorage } from "node:async_hooks";

import type { toModelMessages } from "@chatkeep/agent";
import {
  type AnswerStream,
  type History,
  type Responder,
  ResponderError,
  type ResponderRequest,
} from "@chatkeep/protocol";

import type { Connection } from "./http/connection.ts";
import type { Fetch } from "./http/router.ts";

/** A question that a route of the host answers with its own call of a model. */
export interface HostTurn extends Disposable {
  /**
   * The conversation and the question as messages for the AI SDK; see `toModelMessages` of `@chatkeep/agent`. Empty when
   * there is nothing to answer: the AI SDK then calls no model.
   */
  readonly messages: ReturnType<typeof toModelMessages>;
  /**
   * What a responder gets: the question, the history, the owner. `null` when there is nothing to answer: the request is a
   * retry of a question that is answered or being answered, or it was refused.
   */
  readonly request: ResponderRequest | null;
  /** Aborted when the turn is stopped or times out; already aborted when there is nothing to answer. Not when the reader leaves. */
  readonly signal: AbortSignal;
  /**
   * Stores and streams the answer. A function is called only if there is something to answer. With nothing to answer, the
   * response is that of the request: the stored answer, the running one, or the refusal. A second call rejects with a
   * `TypeError`, and the first stands.
   */
  respond(answer: AnswerStream | Promise<AnswerStream> | Responder): Promise<Response>;
  /** Fails the turn unless it was responded to: `using turn = await chatkeep.turn(request)`. */
  [Symbol.dispose](): void;
}

/** Options of `Chatkeep.turn`. */
export interface HostTurnOptions {
  /** The route whose request it is. Default `/api/chat`: what `useChat` of the AI SDK sends. */
  readonly path?: string;
  /** The connection of the request, as a host's adapter passes it to a handler. */
  readonly connection?: Connection;
}

/** Turns that are answered by the route that began them. */
export interface HostTurns {
  /** The responder of the route in whose request this runs; `undefined` if it has none, and for a turn that is continued. */
  responderOf(request: ResponderRequest): Responder | undefined;
  /** Learns that a turn runs in this request, until `work` is settled. */
  watch(work: Promise<unknown>): void;
  /** Makes questions of such routes begin at once or not at all: a route has gone when a queued one begins. */
  unqueued<H extends Pick<History, "startTurn">>(history: H): H;
  begin(fetch: Fetch, request: Request, options?: HostTurnOptions): Promise<HostTurn>;
}

interface Running {
  readonly responder: Responder;
  /** The turn that the route's request began. An answer may ask for turns of its own. */
  turnId?: string;
  /** Whether the route has its response: nobody gives an answer to a turn that begins later. */
  isOver?: boolean;
  watch(work: Promise<unknown>): void;
}

export function createHostTurns(): HostTurns {
  const running = new AsyncLocalStorage<Running>();

  return {
    responderOf({ attempt, turnId }) {
      const route = running.getStore();
      // A turn that another node began is continued without its route.
      if (route === undefined || attempt > 1 || route.isOver === true) return undefined;
      route.turnId ??= turnId;
      return route.turnId === turnId ? route.responder : undefined;
    },
    unqueued: (history) => ({
      ...history,
      startTurn: (owner, conversationId, question, options) =>
        history.startTurn(
          owner,
          conversationId,
          running.getStore() === undefined ? question : { ...question, whenBusy: "reject" },
          options,
        ),
    }),
    watch: (work) => running.getStore()?.watch(work),

    async begin(fetch, request, { path = "/api/chat", connection = {} } = {}) {
      const given = Promise.withResolvers<Parameters<HostTurn["respond"]>[0]>();
      // Nobody waits for it when there is nothing to answer.
      given.promise.catch(() => undefined);
      const asked = Promise.withResolvers<ResponderRequest | null>();
      let isBegun = false;
      let isAnswered = false;
      const turn: Running = {
        async responder(request) {
          asked.resolve(request);
          const answer = await given.promise;
          return typeof answer === "function" ? answer(request) : answer;
        },
        watch(work) {
          isBegun = true;
          const end = (): void => asked.resolve(null);
          work.then(end, end);
        },
      };
      const response = running.run(turn, () => fetch(request, { ...connection, path }));
      void response.then(() => {
        if (isBegun) return;
        turn.isOver = true;
        asked.resolve(null);
      });
      const asking = await asked.promise;
      const { toModelMessages } = await import("@chatkeep/agent");
      return {
        messages: asking === null ? [] : toModelMessages(asking),
        request: asking,
        signal: asking?.signal ?? AbortSignal.abort(),
        async respond(answer) {
          if (isAnswered) {
            Promise.resolve(answer).catch(() => undefined);
            throw new TypeError("This turn has its response: call `respond` once.");
          }
          isAnswered = true;
          given.resolve(answer);
          return response;
        },
        [Symbol.dispose]: () => given.reject(new ResponderError(UNANSWERED)),
      };
    },
  };
}

const UNANSWERED = { code: "model_error", detail: "The assistant failed before it answered. Try again." };
