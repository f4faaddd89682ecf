import type { Part } from "@chatkeep/protocol";

import { backoff, online, pause } from "./backoff.ts";
import type { FilePart } from "./content.ts";
import { isPassing, sentenceOf } from "./failure.ts";
import { keepBlob } from "./files.ts";
import type { Thread } from "./thread/thread.ts";
import type { Threads } from "./threads.ts";

/** A file that goes with the next question. */
export interface Attachment {
  readonly key: number;
  readonly name: string;
  /** In bytes. */
  readonly size: number;
  readonly blob: Blob | null;
  /** The part of the question; `null` until it is uploaded. */
  readonly part: FilePart | null;
  /** The sentence why it could not be uploaded. */
  readonly failure: string | null;
}

/** The files that go with the next question of a thread. They are uploaded at once. */
export interface Attachments {
  list(): readonly Attachment[];
  add(files: Iterable<File>): void;
  /** Takes back the files of a question that was not sent. */
  putBack(parts: readonly Part[]): void;
  retry(key: number): void;
  remove(key: number): void;
  clear(): void;
  subscribe(listener: () => void): () => void;
}

/** Attempts to upload a file before a person is asked to retry. */
const ATTEMPTS = 3;
const known = new WeakMap<Thread, Attachments>();

/** The same attachments for the same thread. */
export function attachmentsOf(chat: Threads, thread: Thread): Attachments {
  const before = known.get(thread);
  if (before !== undefined) return before;
  const attachments = createAttachments(chat);
  known.set(thread, attachments);
  return attachments;
}

function createAttachments(chat: Threads): Attachments {
  const { history, owner } = chat;
  const listeners = new Set<() => void>();
  const { signal } = new AbortController();
  let list: readonly Attachment[] = [];
  let last = 0;

  const set = (next: readonly Attachment[]): void => {
    list = next;
    for (const listener of listeners) listener();
  };
  const change = (key: number, what: Partial<Attachment>): void =>
    set(list.map((one) => (one.key === key ? { ...one, ...what } : one)));

  const upload = async (key: number, name: string, blob: Blob): Promise<void> => {
    const mediaType = blob.type || "application/octet-stream";
    for (let attempt = 0; ; attempt++) {
      try {
        await online(signal);
        const { id: file, size } = await history.putFile(owner, { name, mediaType }, blob);
        keepBlob(chat, file, Promise.resolve(blob));
        return change(key, { part: { type: "file", url: "", mime: mediaType, name, file, size } });
      } catch (error) {
        if (!isPassing(error) || attempt + 1 >= ATTEMPTS) return change(key, { failure: sentenceOf(error) });
        await pause({ ms: backoff(attempt), signal });
      }
    }
  };

  return {
    list: () => list,
    add(files) {
      for (const blob of files) {
        const key = ++last;
        const { name, size } = blob;
        set([...list, { key, name, size, blob, part: null, failure: null }]);
        void upload(key, name, blob);
      }
    },
    putBack(parts) {
      const files = parts.filter((part) => part.type === "file");
      set([
        ...list,
        ...files.map((part): Attachment => {
          const { name = part.mime, size = 0 } = part;
          return { key: ++last, name, size, blob: null, part, failure: null };
        }),
      ]);
    },
    retry(key) {
      const one = list.find((each) => each.key === key);
      const blob = one?.blob ?? null;
      if (one === undefined || blob === null) return;
      change(key, { failure: null });
      void upload(key, one.name, blob);
    },
    remove: (key) => set(list.filter((one) => one.key !== key)),
    clear: () => set([]),
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
