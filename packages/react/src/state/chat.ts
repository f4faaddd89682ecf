import { type Conversations, createConversations } from "./conversations.ts";
import { type Threads, type ThreadsOptions, createThreads } from "./threads.ts";

/** All that a page needs of one owner's conversations: their threads, and the lists that they stand in. */
export interface Chat extends Threads {
  /** Lists of them, and rename, pin, archive, delete, restore. A deleted one's draft goes and returns with it. */
  readonly conversations: Conversations;
  /** As of {@link Threads}; reads the lists again, too. */
  refresh(): void;
}

export type ChatOptions = ThreadsOptions;

/** Reads nothing until `refresh()` and `show(thread)` are called. */
export function createChat(options: ChatOptions): Chat {
  const threads = createThreads(options);
  const conversations = createConversations({ ...threads, schedule: options.schedule });
  return {
    ...threads,
    conversations,
    refresh() {
      void conversations.refresh();
      threads.refresh();
    },
    close() {
      conversations.close();
      threads.close();
    },
  };
}
