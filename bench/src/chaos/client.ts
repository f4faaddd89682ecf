import { setTimeout as pause } from "node:timers/promises";

import {
  type History,
  type Owner,
  type TurnEvent,
  createClient,
  isChatkeepError,
  isLastChunk,
  isSavedNotice,
} from "@chatkeep/protocol";

import type { Node } from "./node.ts";
import type { Random } from "./random.ts";
import { type Asked, type Records, count, show } from "./record.ts";

/** What {@link runClient} takes. */
export interface ClientOptions {
  readonly owner: Owner;
  readonly credentials: Record<string, string>;
  readonly nodes: readonly Node[];
  readonly records: Records;
  readonly random: Random;
  /** Aborted when the faults are over: what was begun is finished, nothing new is begun. */
  readonly signal: AbortSignal;
}

/** Milliseconds before something is tried again, on the other node. */
const RETRY = 100;
/** Milliseconds after which a client gives a node up that says nothing: it may be paused. */
const PATIENCE = 3000;

/**
 * One person with two conversations, who asks, resumes, retries, stops, leaves and writes at random nodes,
 * as our own client library and as plain HTTP do, and keeps record of all that was said.
 */
export async function runClient(options: ClientOptions): Promise<void> {
  const { owner, credentials, nodes, records, random, signal } = options;
  const clients = nodes.map((node) => createClient({ baseUrl: node.url, credentials: () => credentials }));
  let turns = 0;

  /** Until a node answers; refusals are the caller's. */
  const insist = async <T>(work: (history: History, within: AbortSignal) => Promise<T>): Promise<T> => {
    for (;;) {
      try {
        return await work(random.pick(clients), AbortSignal.timeout(PATIENCE));
      } catch (error) {
        if (!isPassing(error)) throw error;
        count(records, "tried again");
        await pause(RETRY);
      }
    }
  };

  const ask = async (conversationId: string): Promise<void> => {
    const messageId = `q-${conversationId}-${(turns += 1)}`;
    const asked: Asked = {
      owner: owner.id,
      conversationId,
      messageId,
      content: `Say ${Math.floor(random.between(10, 60))} words to ${messageId}.`,
      turnId: undefined,
      shown: new Map(),
      unsaved: false,
      ended: undefined,
    };
    records.asked.push(asked);
    const leaveAfter = random.chance(0.15) ? random.between(2, 20) : Number.POSITIVE_INFINITY;
    const stopAfter = random.chance(0.1) ? random.between(2, 20) : Number.POSITIVE_INFINITY;
    let last = 0;

    /** Reads a stream as far as it goes; true when nothing more is to be read. */
    const read = async (events: AsyncIterable<TurnEvent>, saved: boolean): Promise<boolean> => {
      for await (const event of events) {
        if (saved && asked.turnId !== undefined) {
          if (isSavedNotice(event.chunk)) {
            // In an outage: nothing of what follows is promised.
            if (isUnsaved(event)) return false;
            continue;
          }
          // A settled turn whose events are dropped is told anew, from the first number on.
          if (isUnsaved(event)) return false;
          if (event.seq !== last + 1) {
            records.violations.push(`After event ${last} of turn ${asked.turnId} came ${event.seq}.`);
          }
          last = event.seq;
          show(records, asked, event);
        }
        if (isLastChunk(event.chunk)) return true;
        if (last > leaveAfter) return true;
        if (last > stopAfter && asked.turnId !== undefined) {
          const { turnId } = asked;
          count(records, "stops");
          await insist((history) => history.stopTurn(owner, conversationId, turnId)).catch(() => undefined);
          return false;
        }
      }
      return false;
    };

    for (let begun = false; ;) {
      try {
        if (!begun) {
          count(records, "asks");
          const started = await random
            .pick(clients)
            .startTurn(owner, conversationId, { id: messageId, content: asked.content }, within());
          if (started.turn.persisted) {
            if (asked.turnId !== undefined && asked.turnId !== started.turn.id) {
              records.violations.push(`${messageId} began turn ${asked.turnId} and then ${started.turn.id}.`);
            }
            asked.turnId = started.turn.id;
            begun = true;
            if (last === 0 && (await read(started.events, true))) break;
          } else {
            // Answered in an outage: nothing of it is promised, so it is asked again.
            asked.unsaved = true;
            count(records, "answers without saving");
            await read(started.events, false);
          }
        } else {
          count(records, "resumes");
          const how = { after: last, signal: within().signal };
          if (await read(random.pick(clients).followTurn(owner, conversationId, asked.turnId!, how), true))
            break;
        }
      } catch (error) {
        if (isChatkeepError(error, "turn_in_progress") && error.turnId !== undefined)
          await follow(conversationId, error.turnId);
        else if (isChatkeepError(error, "events_expired")) break;
        else if (!isPassing(error)) throw error;
      }
      await pause(RETRY);
    }
    asked.ended = last > leaveAfter ? undefined : "settled";
  };

  const within = (): { signal: AbortSignal } => ({ signal: AbortSignal.timeout(20_000) });

  /** Waits for the end of a turn that runs already: one that this person left. */
  const follow = async (conversationId: string, turnId: string): Promise<void> => {
    count(records, "overlaps");
    try {
      for await (const _ of random.pick(clients).followTurn(owner, conversationId, turnId, within()));
    } catch (error) {
      if (!isPassing(error) && !isChatkeepError(error, "events_expired")) throw error;
    }
  };

  const append = async (conversationId: string): Promise<void> => {
    const messageId = `m-${conversationId}-${(turns += 1)}`;
    const content = `A note: ${messageId}`;
    count(records, "appends");
    await insist((history) =>
      history.appendMessages(owner, conversationId, [{ id: messageId, role: "user", content }]),
    );
    records.appended.push({ owner: owner.id, conversationId, messageId, content });
  };

  const conversations: string[] = [];
  for (let i = 0; i < 2; i += 1) {
    const id = `${owner.id.slice(0, 8)}-${i}`;
    await insist((history) => history.createConversation(owner, { id }));
    conversations.push(id);
  }
  const isOver = (): boolean => signal.aborted;
  while (!isOver()) {
    const conversationId = random.pick(conversations);
    if (random.chance(0.2)) await append(conversationId);
    else await ask(conversationId);
  }
}

function isUnsaved({ chunk }: TurnEvent): boolean {
  return "messageMetadata" in chunk && chunk.messageMetadata?.["persisted"] === false;
}

/** Whether it is worth another try: no node there, a cut stream, an outage, our own patience. */
function isPassing(error: unknown): boolean {
  if (isChatkeepError(error)) return error.code === "unavailable";
  return error instanceof DOMException || error instanceof TypeError;
}
