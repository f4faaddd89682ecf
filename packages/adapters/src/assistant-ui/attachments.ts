import {
  type AttachmentAdapter,
  type CompleteAttachment,
  type PendingAttachment,
  type ThreadUserMessagePart,
  generateId,
} from "@assistant-ui/react";
import {
  type History,
  type Json,
  type Owner,
  type Part,
  type StoredFile,
  isChatkeepError,
} from "@chatkeep/protocol";

import { partsFrom } from "./parts.ts";

export type FilePart = Extract<Part, { type: "file" }>;

/** Options of {@link createAttachmentAdapter}. */
export interface AttachmentOptions {
  /** `createClient({ baseUrl })` in a browser. */
  readonly history: Pick<History, "putFile" | "deleteFile">;
  readonly owner: Owner;
}

/**
 * Attaches files to questions: `useLocalRuntime(model, { adapters: { attachments } })`. A file is stored when it is added.
 * If that fails, the attachment shows the error. Sending then tries again, and sends nothing without the file. A file that
 * is removed before it is sent is deleted.
 */
export function createAttachmentAdapter({ history, owner }: AttachmentOptions): AttachmentAdapter {
  const uploads = new WeakMap<File, Promise<StoredFile>>();
  const upload = (file: File): Promise<StoredFile> => {
    const before = uploads.get(file);
    if (before !== undefined) return before;
    const stored = history.putFile(owner, { name: file.name, mediaType: typeOf(file) }, file);
    uploads.set(file, stored);
    stored.catch(() => uploads.delete(file));
    return stored;
  };
  return {
    accept: "*",
    async *add({ file }): AsyncGenerator<PendingAttachment, void> {
      const contentType = typeOf(file);
      const added = { id: generateId(), type: kindOf(contentType), name: file.name, contentType, file };
      yield { ...added, status: { type: "running", reason: "uploading", progress: 0 } };
      await upload(file);
      yield { ...added, status: { type: "requires-action", reason: "composer-send" } };
    },
    async send({ id, file }) {
      const { id: stored, name, mediaType: mime } = await upload(file);
      const url = await dataUrlOf(file, mime);
      return attachmentOf({ type: "file", url, mime, file: stored, ...(name === null ? {} : { name }) }, id);
    },
    async remove({ file }) {
      const stored = file === undefined ? undefined : uploads.get(file);
      // Not waited for: a file that no message refers to is deleted after a day all the same.
      void stored?.then(({ id }) => history.deleteFile(owner, id)).catch(() => undefined);
    },
  };
}

/**
 * The bytes of stored pictures as `data:` URLs, by the ids of their files: a browser would ask for an address without the
 * page's credentials. A picture that is gone is left out.
 */
export async function readPictures(
  { history, owner }: { readonly history: Pick<History, "readFile">; readonly owner: Owner },
  parts: readonly Part[],
): Promise<ReadonlyMap<string, string>> {
  const mimes = new Map<string, string>();
  for (const part of parts)
    if (part.type === "file" && part.file !== undefined && kindOf(part.mime) === "image")
      if (!part.url.startsWith("data:")) mimes.set(part.file, part.mime);
  const found = new Map<string, string>();
  const read = async ([file, mime]: [string, string]): Promise<void> => {
    try {
      const pieces: Uint8Array[] = [];
      for await (const piece of history.readFile(owner, file)) pieces.push(piece);
      found.set(file, await dataUrlOf(new Blob(pieces as Uint8Array<ArrayBuffer>[]), mime));
    } catch (error) {
      if (!isChatkeepError(error, "file_not_found")) throw error;
    }
  };
  await Promise.all([...mimes].map(read));
  return found;
}

/** A file of a stored question, as an attachment of assistant-ui's message. */
export function attachmentOf(part: FilePart, id: string): CompleteAttachment {
  const { mime, name = mime, url, file } = part;
  const named = {
    ...(part.name === undefined ? {} : { filename: part.name }),
    ...(file === undefined ? {} : { providerMetadata: { chatkeep: { file } } }),
  };
  const type = kindOf(mime);
  const content: ThreadUserMessagePart =
    type === "image" ? { type, image: url, ...named } : { type: "file", data: url, mimeType: mime, ...named };
  return { id, type, name, contentType: mime, status: { type: "complete" }, content: [content] };
}

/** The parts of a message that a page shows, its attachments last. */
export function partsOf(message: {
  readonly content: readonly unknown[];
  readonly attachments?: readonly CompleteAttachment[] | undefined;
}): Part[] {
  const attached = (message.attachments ?? []).flatMap(({ name, content }) =>
    // assistant-ui's own adapter of pictures names them nowhere else.
    content.map((part) => (part.type === "image" ? { filename: name, ...part } : part)),
  );
  return ([...message.content, ...attached] as Record<string, Json>[]).flatMap(partsFrom);
}

function kindOf(mime: string): "image" | "document" {
  return mime.startsWith("image/") ? "image" : "document";
}

function typeOf(file: File): string {
  return file.type === "" ? "application/octet-stream" : file.type;
}

async function dataUrlOf(file: Blob, mime: string): Promise<string> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  let binary = "";
  // A call takes no more arguments than fit on the stack.
  for (let at = 0; at < bytes.length; at += 8192)
    binary += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return `data:${mime};base64,${btoa(binary)}`;
}
