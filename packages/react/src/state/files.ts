import type { FilePart } from "./content.ts";
import type { Threads } from "./threads.ts";

const PICTURE = /^image\/(png|jpeg|gif|webp|avif|bmp)\s*(;|$)/i;
/** Files that are kept to be shown again without reading them again. */
const KEPT = 30;
const blobs = new WeakMap<Threads, Map<string, Promise<Blob>>>();

/** Whether a browser draws it and runs nothing of it. */
export function isPicture(mediaType: string): boolean {
  return PICTURE.test(mediaType);
}

/** Whether its bytes are in the part or on the chat's server. */
export function isReadable({ file, url }: FilePart): boolean {
  return file !== undefined || /^data:/i.test(url);
}

/** The bytes of a file. Throws what the history throws. */
export function readBlob(chat: Threads, part: FilePart): Promise<Blob> {
  const { file, url, mime: type } = part;
  if (file === undefined) return decode(url, type);
  const known = keptOf(chat);
  const before = known.get(file);
  if (before !== undefined) return before;
  const blob = read(chat, file, type);
  keepBlob(chat, file, blob);
  blob.catch(() => known.delete(file));
  return blob;
}

/** Keeps the bytes of a file that was sent from here. */
export function keepBlob(chat: Threads, file: string, blob: Promise<Blob>): void {
  const known = keptOf(chat).set(file, blob);
  for (const oldest of known.keys()) if (known.size > KEPT) known.delete(oldest);
}

function keptOf(chat: Threads): Map<string, Promise<Blob>> {
  const known = blobs.get(chat) ?? new Map<string, Promise<Blob>>();
  blobs.set(chat, known);
  return known;
}

async function read({ history, owner }: Threads, file: string, type: string): Promise<Blob> {
  const pieces: Uint8Array[] = [];
  for await (const piece of history.readFile(owner, file)) pieces.push(piece);
  return new Blob(pieces as Uint8Array<ArrayBuffer>[], { type });
}

/** A page's policy may forbid to fetch a `data:` address. */
async function decode(url: string, type: string): Promise<Blob> {
  const comma = url.indexOf(",");
  const isBase64 = /;base64$/i.test(url.slice(0, comma));
  const text = isBase64 ? atob(url.slice(comma + 1)) : decodeURIComponent(url.slice(comma + 1));
  const bytes = isBase64 ? Uint8Array.from(text, (unit) => unit.charCodeAt(0)) : text;
  return new Blob([bytes], { type });
}
