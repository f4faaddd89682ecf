import type { History, Message, MessageQuery, Owner } from "@chatkeep/protocol";

import { type OpenedFixture, ask, errorOf, newConversation } from "./fixture.ts";

/** A conversation whose messages are named by letters. */
export class Tree {
  readonly history: History;
  readonly me: Owner;
  readonly id: string;
  constructor(history: History, me: Owner, id: string) {
    this.history = history;
    this.me = me;
    this.id = id;
  }

  /** Appends a message for each letter. */
  append(letters: string, parent?: string | null): Promise<Message[]> {
    const inputs = Array.from(letters).map((id) => ({ id, role: "user" as const, content: id }));
    return this.history.appendMessages(this.me, this.id, inputs, { parent });
  }
  page(query?: MessageQuery): ReturnType<History["listMessages"]> {
    return this.history.listMessages(this.me, this.id, query);
  }
  message(id: string): Promise<Message> {
    return this.history.getMessage(this.me, this.id, id);
  }
  conversation(): ReturnType<History["getConversation"]> {
    return this.history.getConversation(this.me, this.id);
  }
  head(message: string): ReturnType<History["setHead"]> {
    return this.history.setHead(this.me, this.id, message);
  }
  remove(letters: string): ReturnType<History["deleteMessages"]> {
    return this.history.deleteMessages(this.me, this.id, { ids: Array.from(letters) });
  }
  async branch(query?: MessageQuery): Promise<string> {
    return (await this.page(query)).messages.map(({ id }) => id).join("");
  }
  async versions(id: string): Promise<string[]> {
    return (await this.history.listVersions(this.me, this.id, id)).map((version) => version.id);
  }
  /** All that can be told of it, but when it was changed. */
  async everything(): Promise<unknown> {
    const { updatedAt: _, ...conversation } = await this.conversation();
    const exported: Message[] = [];
    for await (const line of this.history.exportData(this.me)) {
      if (line.type === "message") exported.push(line.message);
    }
    return { conversation, page: await this.page(), exported };
  }
}

/** The code of the error that `work` ends with. */
export async function codeOf(work: Promise<unknown>): Promise<string | undefined> {
  return (await errorOf(work))?.code;
}

/** What the tests of a tree begin with. */
export interface Trees {
  /** A conversation of one message for each letter, each after the one before. */
  letters(text: string): Promise<Tree>;
  /** A conversation of two questions, `q1` and `q2`, with their answers. */
  questions(): Promise<Tree>;
}

/** Makes trees of new owners. */
export function treesOf(open: OpenedFixture): Trees {
  return {
    async letters(text) {
      const fixture = open();
      const { me, id } = await newConversation(fixture);
      const tree = new Tree(fixture.history, me, id);
      await tree.append(text);
      return tree;
    },
    async questions() {
      const fixture = open();
      const { me, id } = await newConversation(fixture);
      await ask(fixture, me, id, { id: "q1", content: "one?" }, ["one."]);
      await ask(fixture, me, id, { id: "q2", content: "two?" }, ["two."]);
      return new Tree(fixture.history, me, id);
    },
  };
}
