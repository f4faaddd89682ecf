import { type Message, type Owner, contentOf } from "@chatkeep/protocol";

import { ownerId } from "../arguments.ts";
import type { Database } from "../database/database.ts";
import { type MessageRows, messagesOf, titleOf } from "../database/rows.ts";
import { turnsOf, validTurn } from "./turns.ts";

/** Generates a title from the first question and its answer. An empty text is no title. */
export type TitleGenerator = (request: {
  readonly owner: Owner;
  readonly conversationId: string;
  readonly question: Message;
  readonly answer: string;
  readonly signal: AbortSignal;
}) => Promise<string>;

/** Messages that are read for a first turn. */
const MOST = 20;

/** Generates titles in the background and never replaces a person's title. */
export interface Titles {
  /** Generates a title, unless there is one or the first question has no answer yet. Never throws. */
  make(owner: Owner, conversationId: string): Promise<void>;
}

export interface TitlesOptions {
  readonly database: Database;
  readonly generateTitle: TitleGenerator;
  readonly signal: AbortSignal;
  readonly onError: (error: unknown) => void;
}

export function createTitles({ database, generateTitle, signal, onError }: TitlesOptions): Titles {
  const make = async (owner: Owner, conversationId: string): Promise<void> => {
    const place = { owner: ownerId(owner), conversation: conversationId };
    const [row] = await database.call("messages_to_title", { ...place, page_limit: MOST });
    const turns = turnsOf(messagesOf(row?.messages_to_title as MessageRows | null, owner, conversationId));
    const [question, ...answers] = turns.map(validTurn).find((turn) => turn.length > 1) ?? [];
    if (question === undefined) return;
    const answer = contentOf(answers.flatMap(({ parts }) => parts));
    const text = await generateTitle({ owner, conversationId, question, answer, signal });
    const title = titleOf([{ type: "text", text }]);
    if (title === null) return;
    await database.call("set_generated_title", { ...place, new_title: title });
  };
  return { make: (...given) => make(...given).catch(onError) };
}
