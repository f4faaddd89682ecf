import type { Json, JsonObject, Part, Role } from "@chatkeep/protocol";

import {
  type Attachment,
  type ForeignConversation,
  type ForeignMessage,
  type Reader,
  attachmentsOf,
  nameOf,
  list,
  object,
  rest,
  text,
  textParts,
  time,
} from "./foreign.ts";
import { inOrder } from "./tree.ts";

/**
 * ChatGPT's export: `conversations.json`, an array of conversations, each a tree of nodes in `mapping` whose shown branch
 * ends at `current_node`. OpenAI documents no format; this follows what the exports of 2023 to 2026 hold.
 */
export const chatgpt: Reader = {
  name: "ChatGPT",
  key: "chatgpt",
  read(value, ratings) {
    const mapping = object(value["mapping"]);
    if (mapping === undefined) return undefined;
    const messages = Object.entries(mapping).map(([id, node]) => ({
      ...messageOf(id, object(node)),
      feedback: ratings.get(id),
    }));
    return withAnswersWhole({
      id: text(value["conversation_id"]) ?? text(value["id"]) ?? nameOf(value["title"], value["create_time"]),
      title: text(value["title"]) ?? null,
      createdAt: time(value["create_time"]),
      archived: value["is_archived"] === true,
      pinned: value["is_starred"] === true,
      head: text(value["current_node"]) ?? null,
      rest: rest({ gizmo_id: value["gizmo_id"], model: value["default_model_slug"] }),
      messages,
    });
  },
};

/** A message of no parts is a node that only joins others. */
function messageOf(id: string, node: JsonObject = {}): ForeignMessage {
  const message = object(node["message"]) ?? {};
  const metadata = object(message["metadata"]) ?? {};
  const author = object(message["author"]) ?? {};
  const role = ROLES[text(author["role"]) ?? ""] ?? "assistant";
  const isHidden = metadata["is_visually_hidden_from_conversation"] === true;
  const recipient = text(message["recipient"]) ?? "all";
  const call = role === "assistant" && recipient !== "all" ? recipient : undefined;
  return {
    id,
    parent: text(node["parent"]) ?? null,
    // The person's own instructions, which ChatGPT keeps as a hidden message of theirs.
    role: isHidden && role === "user" ? "system" : role,
    parts: partsOf(id, object(message["content"]) ?? {}, metadata, {
      call,
      tool: text(author["name"]),
      role,
    }),
    createdAt: time(message["create_time"]),
    model: text(metadata["model_slug"]) ?? null,
    status: message["status"] === "in_progress" ? "interrupted" : "complete",
    rest: rest({ hidden: isHidden || undefined, weight: message["weight"] === 0 ? 0 : undefined }),
  };
}

const ROLES: Readonly<Record<string, Role>> = {
  user: "user",
  system: "system",
  tool: "tool",
  assistant: "assistant",
};

function partsOf(
  id: string,
  content: JsonObject,
  metadata: JsonObject,
  {
    call,
    tool,
    role,
  }: { readonly call: string | undefined; readonly tool: string | undefined; readonly role: Role },
): (Part | Attachment)[] {
  const kind = text(content["content_type"]);
  const given = list(content["parts"]);
  const spoken = [
    ...given.filter((part) => typeof part === "string"),
    ...["text", "result", "content", "user_profile", "user_instructions"].flatMap(
      (name) => text(content[name]) ?? [],
    ),
  ]
    .filter((one) => one !== "")
    .join("\n\n");
  const thoughts = list(content["thoughts"]).flatMap((thought): Part[] => {
    const said = [text(object(thought)?.["summary"]), text(object(thought)?.["content"])]
      .filter(Boolean)
      .join("\n\n");
    return said === "" ? [] : [{ type: "reasoning", text: said }];
  });
  const pictures = attachmentsOf(content["parts"], (part) => ({
    key: text(part["asset_pointer"])?.replace(/^[a-z-]+:\/\//, ""),
  }));
  const attached = attachmentsOf(metadata["attachments"], (file) => ({
    key: text(file["id"]),
    name: text(file["name"]),
    mime: text(file["mimeType"] ?? file["mime_type"]),
  }));
  const isShown = ({ key }: Attachment): boolean => pictures.some((picture) => picture.key === key);
  const files = [...pictures, ...attached.filter((file) => !isShown(file))];
  if (call !== undefined)
    return [{ type: "tool-call", id, name: call, arguments: spoken, executor: "provider" }];
  // Without its call it is text; see withAnswersWhole.
  if (role === "tool") return [...files, { type: "tool-result", id: tool ?? "tool", result: spoken }];
  if (kind === "thoughts") return thoughts;
  if (kind === "reasoning_recap") return [];
  return [...thoughts, ...files, ...textParts(spoken === "" ? undefined : spoken), ...sourcesOf(metadata)];
}

/** The pages that an answer refers to. */
function sourcesOf(metadata: JsonObject): Part[] {
  const urls = new Map<string, string | undefined>();
  const add = (entry: Json): void => {
    const url = text(object(entry)?.["url"]);
    if (url !== undefined && !urls.has(url)) urls.set(url, text(object(entry)?.["title"]));
  };
  for (const reference of list(metadata["content_references"])) {
    add(reference);
    for (const item of list(object(reference)?.["items"])) add(item);
  }
  for (const citation of list(metadata["citations"])) add(object(citation)?.["metadata"] ?? null);
  return [...urls].map(([url, title]) => ({
    type: "source",
    id: url,
    url,
    ...(title === undefined ? {} : { title }),
  }));
}

/**
 * ChatGPT splits an answer into nodes: thoughts, calls of tools, their results, text. Here they are parts of one message,
 * as far as nothing else follows the same node.
 */
function withAnswersWhole(conversation: ForeignConversation): ForeignConversation {
  const followers = new Map<string, number>();
  for (const { parent } of conversation.messages)
    if (parent !== null) followers.set(parent, (followers.get(parent) ?? 0) + 1);
  /** By node: the id of the message that holds it; `null` where the conversation begins. */
  const holders = new Map<string, string | null>();
  const whole = new Map<string, ForeignMessage>();
  /** Nodes between which and their holder each has one follower only. */
  const alone = new Set<string>();
  for (const { node: message, parent } of inOrder(conversation.messages)) {
    const above = parent === null ? null : (holders.get(parent) ?? null);
    const isAlone = parent !== null && followers.get(parent) === 1 && (parent === above || alone.has(parent));
    if (isAlone) alone.add(message.id);
    if (message.parts.length === 0) {
      holders.set(message.id, above);
      continue;
    }
    const before = above === null ? undefined : whole.get(above);
    const isAnswer = message.role === "assistant" || message.role === "tool";
    const calls = before?.parts.filter((part) => part.type === "tool-call") ?? [];
    const parts = message.parts.map((part) =>
      part.type !== "tool-result"
        ? part
        : calls.length > 0
          ? { ...part, id: calls.at(-1)!.id }
          : ({ type: "text", text: text(part.result) ?? "" } as const),
    );
    if (isAnswer && before?.role === "assistant" && isAlone) {
      const { rest: own, model, status, feedback } = message;
      whole.set(above!, {
        ...before,
        parts: [...before.parts, ...parts],
        model: model ?? before.model ?? null,
        status: status ?? "complete",
        feedback: feedback ?? before.feedback,
        ...(own === undefined ? {} : { rest: { ...before.rest, ...own } }),
      });
      holders.set(message.id, above);
      continue;
    }
    whole.set(message.id, {
      ...message,
      role: message.role === "tool" ? "assistant" : message.role,
      parent: above,
      parts,
    });
    holders.set(message.id, message.id);
  }
  const { head } = conversation;
  return {
    ...conversation,
    head: head === null ? null : (holders.get(head) ?? null),
    messages: [...whole.values()],
  };
}
