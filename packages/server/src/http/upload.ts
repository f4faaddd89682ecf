import { Readable } from "node:stream";
import type { ReadableStream } from "node:stream/web";

import { ChatkeepError } from "@chatkeep/protocol";
import busboy from "busboy";

/** A file in the body of a request. */
export interface Upload {
  readonly mediaType: string;
  readonly name: string | null;
  readonly bytes: AsyncIterable<Uint8Array>;
  /** The fields of a form, once `bytes` is read. */
  readonly fields: Readonly<Record<string, string>>;
}

const FALLBACK = "application/octet-stream";

/**
 * Reads a file from a request as it arrives: the body itself, or the first file of a form. Errors: `invalid_request` for a
 * form without a file, and for a body that is cut off.
 */
export async function readUpload(request: Request): Promise<Upload> {
  const body = request.body as ReadableStream<Uint8Array> | null;
  const type = request.headers.get("content-type") ?? FALLBACK;
  if (!/^multipart\/form-data\s*;/i.test(type))
    return { mediaType: type, name: null, bytes: whole(body ?? []), fields: {} };

  const fields: Record<string, string> = {};
  const { promise, resolve, reject } = Promise.withResolvers<Upload>();
  const refuse = (cause?: unknown): void =>
    reject(cutOff("The form must hold a file and be complete.", cause));
  try {
    const form = busboy({ headers: { "content-type": type }, defParamCharset: "utf8", limits: FORM_LIMITS });
    form.on("field", (name, value) => {
      fields[name] = value;
    });
    form.on("file", (_, file, { filename, mimeType }) => {
      // Else a form that breaks off before it is read would end the process.
      file.on("error", () => undefined);
      resolve({ mediaType: mimeType, name: filename ?? null, bytes: whole(file, form), fields });
    });
    const source = Readable.fromWeb(body!);
    form.on("error", refuse);
    form.once("close", () => {
      source.destroy();
      refuse();
    });
    source.once("error", (error) => form.destroy(error));
    source.pipe(form);
  } catch (error) {
    refuse(error);
  }
  return promise;
}

/** Node takes no more bytes from the sender than are read here. */
const FORM_LIMITS = { files: 1, fields: 20, fieldSize: 64 * 1024 };

/** Yields all bytes, and reads the rest of the form. */
async function* whole(
  bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  form?: busboy.Busboy,
): AsyncGenerator<Uint8Array, void, void> {
  try {
    yield* bytes;
    if (form !== undefined && !form.closed)
      await new Promise<void>((resolve, reject) => form.once("close", resolve).once("error", reject));
  } catch (cause) {
    throw cutOff("The body was cut off before its end.", cause);
  } finally {
    form?.destroy();
  }
}

function cutOff(detail: string, cause: unknown): ChatkeepError {
  return new ChatkeepError("invalid_request", detail, { pointer: "", cause });
}
