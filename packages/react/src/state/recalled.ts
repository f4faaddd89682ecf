import type { History, Message, Owner } from "@chatkeep/protocol";

export interface RecalledOptions {
  readonly history: Pick<History, "getTurnContext" | "listMessages">;
  readonly owner: Owner;
  readonly conversationId: string;
  readonly turnId: string;
}

/** The most that are read: more than these nobody looks through. */
const MOST = 10;

/**
 * The messages from before the latest ones that the responder of a turn was given, oldest first; those deleted since
 * are left out. Throws what the history throws.
 */
export async function readRecalled(options: RecalledOptions): Promise<readonly Message[]> {
  const { history, owner, conversationId, turnId } = options;
  const record = await history.getTurnContext(owner, conversationId, turnId);
  const seqs = (record?.recalled ?? []).slice(0, MOST);
  const pages = await Promise.all(
    seqs.map((seq) => history.listMessages(owner, conversationId, { before: seq + 1, limit: 1 })),
  );
  return pages.flatMap(({ messages }, index) => messages.filter(({ seq }) => seq === seqs[index]));
}
