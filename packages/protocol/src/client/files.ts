import { ChatkeepError } from "../errors.ts";
import type { FileBytes, FileRange, StoredFile } from "../file.ts";
import type { History } from "../history.ts";
import type { Owner } from "../owner.ts";
import { type WireFile, type WireFileList, fileFromWire } from "../wire/file.ts";
import { queryTextToWire } from "../wire/query.ts";
import { segment, searchOf } from "./paths.ts";
import { type Requests, bodyOf, readJson } from "./requests.ts";

/** The methods on files. */
export function fileCalls({
  send,
  json,
}: Requests): Pick<History, "putFile" | "getFile" | "listFiles" | "readFile" | "deleteFile"> {
  const pathOf = (id: string): string => `/api/files/${segment(id)}`;
  const getFile: History["getFile"] = async (owner, id) =>
    fileFromWire(await json<WireFile>(owner, "GET", `${pathOf(id)}/info`));
  return {
    async putFile(owner, { name = null, mediaType, purpose }, bytes) {
      const search = searchOf({ name: name === null ? undefined : queryTextToWire(name), purpose });
      const headers = { "content-type": mediaType };
      return fileFromWire(
        await readJson<WireFile>(
          await send(owner, "POST", `/api/files${search}`, {
            raw: { body: streamOf(bytes), duplex: "half" },
            headers,
          }),
        ),
      );
    },

    getFile,

    async listFiles(owner, { after, limit, order, purpose } = {}) {
      const search = searchOf({ after, limit, order, purpose });
      const { data, has_more: hasMore } = await json<WireFileList>(owner, "GET", `/api/files${search}`);
      return { files: data.map(fileFromWire), hasMore };
    },

    readFile: (owner, id, range) =>
      readBytes({ send, owner, path: pathOf(id), describe: () => getFile(owner, id) }, range),

    async deleteFile(owner, id) {
      await send(owner, "DELETE", pathOf(id));
    },
  };
}

/** Reads the bytes of a file, or a range of them. */
export async function* readBytes(
  from: {
    readonly send: Requests["send"];
    readonly owner: Owner;
    readonly path: string;
    readonly describe: () => Promise<StoredFile>;
  },
  { start = 0, end }: FileRange = {},
): AsyncGenerator<Uint8Array, void, void> {
  const { send, owner, path, describe } = from;
  // No range of HTTP is empty.
  if (start > 0 || end !== undefined) {
    const { size } = await describe();
    if (start >= Math.min(size, end ?? size)) return;
  }
  const headers: Record<string, string> = { accept: "*/*" };
  if (start > 0 || end !== undefined) headers["range"] = `bytes=${start}-${end === undefined ? "" : end - 1}`;
  const response = await send(owner, "GET", path, { headers });
  try {
    yield* bodyOf(response) as unknown as AsyncIterable<Uint8Array>;
  } catch (cause) {
    throw new ChatkeepError("unavailable", "The file was cut off. Try again in a moment.", { cause });
  }
}

export function streamOf(bytes: FileBytes): NonNullable<RequestInit["body"]> {
  if (bytes instanceof Uint8Array || bytes instanceof Blob) return bytes as Blob;
  const pieces = bytes[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await pieces.next();
        if (done === true) controller.close();
        else controller.enqueue(value);
      },
      async cancel() {
        await pieces.return?.();
      },
    },
    // Nothing is read before it is sent.
    { highWaterMark: 0 },
  );
}
