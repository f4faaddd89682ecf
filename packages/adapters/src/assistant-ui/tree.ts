import { ExportedMessageRepository, type MessageStatus, type ThreadMessageLike } from "@assistant-ui/react";
import {
  type Answer,
  type History,
  type Message,
  type Owner,
  type Part,
  isChatkeepError,
} from "@chatkeep/protocol";

import { allMessages } from "../messages.ts";
import { type FilePart, attachmentOf, readPictures } from "./attachments.ts";
import { submittedOf } from "./feedback.ts";
import { type Results, type ToolResult, contentsOf } from "./parts.ts";

/** Messages of other branches that are loaded, latest first. */
const MOST_ELSEWHERE = 1000;

/** A conversation's tree as assistant-ui imports it. */
export interface Tree {
  readonly repository: ExportedMessageRepository;
  /** Whether the head's answer is still running. */
  readonly isRunning: boolean;
  /** The parent of the first loaded message; `null` at the beginning of the conversation. */
  readonly above: string | null;
}

/** Loads the latest `limit` messages of the head's branch, with the other versions of them and what follows those. */
export async function loadTree(history: History, owner: Owner, id: string, limit: number): Promise<Tree> {
  const branch = await branchOf(history, owner, id, limit);
  const above = branch[0]?.parentId ?? null;
  const hasVersions = branch.some(({ versions }) => versions.count > 1);
  const from = above === null ? 0 : (branch[0]?.seq ?? 0);
  const others = hasVersions ? await arrivedSince(history, owner, id, from) : [];
  const bySeq = new Map([...others, ...branch].map((message) => [message.seq, message]));
  const messages = [...bySeq.values()].sort((a, b) => a.seq - b.seq);

  // What follows nothing that is loaded cannot be shown.
  const loaded = new Map<string, Message>();
  for (const message of messages) {
    const { id: own, parentId } = message;
    if (own === branch[0]?.id || parentId === null || loaded.has(parentId)) loaded.set(own, message);
  }
  const results = resultsByMessage(loaded, new Set(branch.map((message) => message.id)));
  const shown = (message: Message | undefined): Message | undefined => {
    let found = message;
    while (found !== undefined && !isShown(found)) found = loaded.get(found.parentId ?? "");
    return found;
  };
  const pictures = await readPictures(
    { history, owner },
    [...loaded.values()].flatMap(({ parts }) => parts),
  );
  const items = [...loaded.values()].filter(isShown).map((message) => ({
    message: shownMessage(message, results.get(message.id) ?? new Map(), pictures),
    parentId: shown(loaded.get(message.parentId ?? ""))?.id ?? null,
  }));
  const headId = shown(branch.at(-1))?.id ?? null;
  return {
    repository: ExportedMessageRepository.fromBranchableArray(items, { headId }),
    isRunning: branch.at(-1)?.status === "streaming",
    above,
  };
}

async function branchOf(history: History, owner: Owner, id: string, limit: number): Promise<Message[]> {
  try {
    return await allMessages(history, owner, id, limit);
  } catch (error) {
    if (isChatkeepError(error, "conversation_not_found")) return [];
    throw error;
  }
}

/** The latest messages of all branches with at least this `seq`. */
async function arrivedSince(history: History, owner: Owner, id: string, from: number): Promise<Message[]> {
  let found: Message[] = [];
  for (let hasMore = true; hasMore && found.length < MOST_ELSEWHERE && (found[0]?.seq ?? from + 1) > from;) {
    const page = await history.listMessages(owner, id, {
      branches: "all",
      limit: 100,
      before: found[0]?.seq,
    });
    found = [...page.messages, ...found];
    ({ hasMore } = page);
  }
  return found.filter(({ seq }) => seq >= from);
}

/** A running answer is followed instead, and results are shown with their calls. */
function isShown({ role, status }: Message): boolean {
  return role !== "tool" && status !== "streaming";
}

/**
 * The results of each message's calls. A result belongs to the nearest message before it that made the call. Where
 * branches answer one call differently, the head's branch counts.
 */
function resultsByMessage(
  loaded: ReadonlyMap<string, Message>,
  branch: ReadonlySet<string>,
): ReadonlyMap<string, Results> {
  const results = new Map<string, Map<string, ToolResult>>();
  const inOrder = [...loaded.values()].sort((a, b) => Number(branch.has(a.id)) - Number(branch.has(b.id)));
  for (const message of inOrder) {
    for (const part of message.parts) {
      if (part.type !== "tool-result") continue;
      let caller: Message | undefined = message;
      while (caller !== undefined && !makes(caller, part.id)) caller = loaded.get(caller.parentId ?? "");
      if (caller === undefined) continue;
      const own = results.get(caller.id) ?? new Map<string, ToolResult>();
      results.set(caller.id, own.set(part.id, part));
    }
  }
  return results;
}

function makes({ parts }: Message, call: string): boolean {
  return parts.some((part) => part.type === "tool-call" && part.id === call);
}

function shownMessage(
  message: Message,
  results: Results,
  pictures: ReadonlyMap<string, string>,
): ThreadMessageLike & { id: string } {
  const { id, role, createdAt, status, contextText, feedback } = message;
  const ending = role === "assistant" ? endingOf(message) : undefined;
  // As they were sent: beside the text, where an edit keeps them.
  const isAttached = (part: Part): part is FilePart => part.type === "file" && role === "user";
  const attachments = message.parts
    .filter(isAttached)
    .map((part) => ({ ...part, url: pictures.get(part.file ?? "") ?? part.url }));
  return {
    id,
    role: role === "tool" ? "assistant" : role,
    createdAt: new Date(createdAt),
    content: contentsOf(
      message.parts.filter((part) => !isAttached(part)),
      results,
    ),
    ...(attachments.length === 0
      ? {}
      : { attachments: attachments.map((part, index) => attachmentOf(part, `${id}-${index + 1}`)) }),
    ...(ending === undefined ? {} : { status: ending }),
    metadata: {
      custom: { status, contextText },
      ...(feedback === null ? {} : { submittedFeedback: submittedOf(feedback) }),
    },
  };
}

/** How assistant-ui shows an answer that is not complete; `undefined`: by its content. */
export function endingOf({
  status,
  error,
}: Pick<Message | Answer, "status" | "error">): MessageStatus | undefined {
  if (status === "stopped") return { type: "incomplete", reason: "cancelled" };
  if (status !== "failed" && status !== "interrupted") return undefined;
  const detail = error?.detail ?? "The answer was cut off before its end.";
  return { type: "incomplete", reason: "error", error: detail };
}
