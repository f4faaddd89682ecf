import { conversationToWire, exportLineToWire } from "@chatkeep/protocol";

import { type ExportSource, whenDeleted } from "./source.ts";

/** The lines of an export of all data, of one conversation: an import takes them. */
export async function* linesOf({
  history,
  owner,
  conversation,
  messages,
  leaf,
}: ExportSource): AsyncGenerator<string, void, void> {
  const described = leaf === undefined ? conversation : { ...conversation, headId: leaf };
  yield line({ type: "conversation", conversation: conversationToWire(described), deleted_at: null });
  const files = new Set<string>();
  let count = 0;
  for await (const message of messages) {
    count += 1;
    for (const part of message.parts) {
      if (part.type === "file" && part.file !== undefined) files.add(part.file);
    }
    yield line(exportLineToWire({ type: "message", message }));
  }
  let stored = 0;
  for (const id of files) {
    const file = await history.getFile(owner, id).catch(whenDeleted);
    if (file === undefined) continue;
    stored += 1;
    yield line(exportLineToWire({ type: "file", file }));
    for await (const bytes of history.readFile(owner, id)) {
      yield line({ type: "bytes", bytes: Buffer.from(bytes).toString("base64") });
    }
  }
  yield line({ type: "end", conversations: 1, messages: count, files: stored });
}

function line(value: object): string {
  return `${JSON.stringify(value)}\n`;
}
