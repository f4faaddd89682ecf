import type { Message, Owner } from "@chatkeep/protocol";

import type { Database } from "../database/database.ts";
import { ownerId } from "../owners.ts";
import { titleOf } from "../title.ts";

/** Generates a title from the first question and its answer. An empty text is no title. */
export type TitleGenerator = (request: {
  readonly owner: Owner;
  readonly conversationId: string;
  readonly question: Message;
  readonly answer: string;
  readonly signal: AbortSignal;
}) => Promise<string>;

/** Generates titles in the background, once, and never replaces a person's title. */
export interface Titles {
  /** Never throws. */
  make(owner: Owner, conversationId: string, question: Message, answer: string): Promise<void>;
}

export interface TitlesOptions {
  readonly database: Database;
  readonly generateTitle: TitleGenerator;
  readonly signal: AbortSignal;
  readonly onError: (error: unknown) => void;
}

export function createTitles({ database, generateTitle, signal, onError }: TitlesOptions): Titles {
  const make: Titles["make"] = async (owner, conversationId, question, answer) => {
    const text = await generateTitle({ owner, conversationId, question, answer, signal });
    const title = titleOf([{ type: "text", text }]);
    if (title === null) return;
    const place = { owner: ownerId(owner), conversation: conversationId };
    await database.call("set_generated_title", { ...place, new_title: title });
  };
  return { make: (...given) => make(...given).catch(onError) };
}
