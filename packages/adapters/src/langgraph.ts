import { randomUUID } from "node:crypto";

import {
  type CheckpointStore,
  type History,
  type Owner,
  type StoredCheckpoint,
  isChatkeepError,
} from "@chatkeep/protocol";
import type { RunnableConfig } from "@langchain/core/runnables";
import {
  BaseCheckpointSaver,
  type ChannelVersions,
  type Checkpoint,
  type CheckpointListOptions,
  type CheckpointMetadata,
  type CheckpointTuple,
  type PendingWrite,
  TASKS,
  WRITES_IDX_MAP,
  maxChannelVersion,
} from "@langchain/langgraph-checkpoint";

import { type ChannelList, createPacking } from "./langgraph/packing.ts";

export interface CheckpointerOptions {
  /** `createHistory` of `@chatkeep/core`. */
  readonly history: CheckpointStore & Pick<History, "createConversation">;
  /** Whose threads they are. */
  readonly owner: Owner;
}

/** Checkpoints whose lists are remembered, so that a step needs not read the one before it. */
const MOST_KNOWN = 100;

type Lists = ReadonlyMap<string, ChannelList>;
const NO_LISTS: Lists = new Map();

/**
 * LangGraph's checkpointer. A thread is the conversation with its id, which is created with the first checkpoint. A list,
 * such as the messages, is stored as what a step changed of it.
 */
export function createCheckpointer({ history, owner }: CheckpointerOptions): BaseCheckpointSaver {
  const known = new Map<string, Lists>();
  const remember = (key: string, lists: Lists): void => {
    known.set(key, lists);
    if (known.size > MOST_KNOWN) known.delete(known.keys().next().value ?? "");
  };

  const inConversation = async <T>(id: string, work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      if (!isChatkeepError(error, "conversation_not_found")) throw error;
      await history.createConversation(owner, { id });
      return work();
    }
  };

  class ChatkeepCheckpointer extends BaseCheckpointSaver<string> {
    readonly #packing = createPacking(this.serde);

    /** A fork counts on from where it begins, so that a number alone would name two values. */
    override getNextVersion(current: string | undefined): string {
      const next = Number.parseInt(String(current ?? 0), 10) + 1;
      return `${String(next).padStart(16, "0")}.${randomUUID()}`;
    }

    override async getTuple(config: RunnableConfig): Promise<CheckpointTuple | undefined> {
      const { thread, namespace, id } = placeOf(config);
      if (thread === undefined) return undefined;
      const stored = await history.getCheckpoint(owner, thread, { namespace, id });
      return stored && this.#tupleOf(thread, stored);
    }

    override async *list(
      config: RunnableConfig,
      { filter, before, limit = Number.POSITIVE_INFINITY }: CheckpointListOptions = {},
    ): AsyncGenerator<CheckpointTuple> {
      const { thread, id } = placeOf(config);
      const listed = history.listCheckpoints(owner, {
        conversationId: thread,
        namespace: (config.configurable as Configurable | undefined)?.checkpoint_ns,
        before: before === undefined ? undefined : placeOf(before).id,
      });
      let count = 0;
      for await (const found of listed) {
        if (count >= limit) return;
        if (id !== undefined && found.id !== id) continue;
        const metadata = (await this.#packing.unpack(found.metadata)) as Record<string, unknown>;
        const isWanted = Object.entries(filter ?? {}).every(
          ([key, value]) => JSON.stringify(metadata[key]) === JSON.stringify(value),
        );
        const stored = isWanted && (await history.getCheckpoint(owner, found.conversationId, found));
        if (!stored) continue;
        count += 1;
        yield this.#tupleOf(found.conversationId, stored);
      }
    }

    override async put(
      config: RunnableConfig,
      checkpoint: Checkpoint,
      metadata: CheckpointMetadata,
      newVersions: ChannelVersions,
    ): Promise<RunnableConfig> {
      const { thread, namespace, id: parent } = placeOf(config);
      if (thread === undefined) throw new TypeError("`configurable.thread_id` is missing. Pass one.");
      const { channel_values: values, ...body } = checkpoint;
      const changed = Object.entries(newVersions).filter(([channel]) => channel in values);
      const packed = await this.#packing.pack(metadata);
      const store = async (before: Lists): Promise<boolean> => {
        const lists = new Map(before);
        const stored = [];
        for (const [channel, number] of changed) {
          const version = String(number);
          const base = before.get(channel);
          const {
            list,
            differs,
            body: value,
          } = await this.#packing.packValue(values[channel], version, base);
          if (list === undefined) lists.delete(channel);
          else lists.set(channel, list);
          stored.push({ channel, version, base: differs ? base!.version : null, body: value });
        }
        const isStored = await history.putCheckpoint(owner, thread, {
          namespace,
          id: checkpoint.id,
          parentId: parent ?? null,
          body,
          metadata: packed,
          versions: new Map(Object.entries(checkpoint.channel_versions).map(([k, v]) => [k, String(v)])),
          values: stored,
        });
        if (isStored) remember(keyOf(thread, namespace, checkpoint.id), lists);
        return isStored;
      };
      const before = parent === undefined ? NO_LISTS : await this.#listsOf(thread, namespace, parent);
      await inConversation(thread, async () => (await store(before)) || store(NO_LISTS));
      return configOf(thread, namespace, checkpoint.id);
    }

    override async putWrites(
      config: RunnableConfig,
      writes: PendingWrite[],
      taskId: string,
      taskPath = "",
    ): Promise<void> {
      const { thread, namespace, id } = placeOf(config);
      if (thread === undefined || id === undefined)
        throw new TypeError(
          "`configurable.thread_id` or `configurable.checkpoint_id` is missing. Pass both.",
        );
      const stored = await Promise.all(
        writes.map(async ([channel, value], index) => ({
          no: WRITES_IDX_MAP[channel] ?? index,
          channel,
          body: await this.#packing.pack(value),
        })),
      );
      const place = { namespace, id, taskId, taskPath };
      await inConversation(thread, () => history.putCheckpointWrites(owner, thread, place, stored));
    }

    override async deleteThread(thread: string): Promise<void> {
      await history.deleteCheckpoints(owner, thread);
    }

    /** The lists of a checkpoint, by channel. */
    async #listsOf(thread: string, namespace: string, id: string): Promise<Lists> {
      const lists = known.get(keyOf(thread, namespace, id));
      if (lists !== undefined) return lists;
      const stored = await history.getCheckpoint(owner, thread, { namespace, id });
      return stored === undefined ? NO_LISTS : this.#packing.collect(stored.values).lists;
    }

    async #tupleOf(thread: string, stored: StoredCheckpoint): Promise<CheckpointTuple> {
      const { namespace, id, parentId, body } = stored;
      const { values, lists } = this.#packing.collect(stored.values);
      remember(keyOf(thread, namespace, id), lists);
      const channels = [...values].map(
        async ([channel, value]) => [channel, await this.#packing.unpackValue(value)] as const,
      );
      const checkpoint = { ...body, channel_values: Object.fromEntries(await Promise.all(channels)) };
      const tuple: CheckpointTuple = {
        config: configOf(thread, namespace, id),
        checkpoint: checkpoint as unknown as Checkpoint,
        metadata: (await this.#packing.unpack(stored.metadata)) as CheckpointMetadata,
        pendingWrites: (await Promise.all(
          stored.writes.map(async (write) => [
            write.taskId,
            write.channel,
            await this.#packing.unpack(write.body),
          ]),
        )) as NonNullable<CheckpointTuple["pendingWrites"]>,
      };
      if (parentId !== null) {
        tuple.parentConfig = configOf(thread, namespace, parentId);
        if (tuple.checkpoint.v < 4) await this.#addSends(tuple.checkpoint, tuple.parentConfig);
      }
      return tuple;
    }

    /** Before version 4 the tasks that a step sent were only in the writes to its checkpoint. */
    async #addSends(checkpoint: Checkpoint, parent: RunnableConfig): Promise<void> {
      const { thread, namespace, id } = placeOf(parent);
      const stored = await history.getCheckpoint(owner, thread!, { namespace, id });
      const sends = (stored?.writes ?? []).filter(({ channel }) => channel === TASKS);
      checkpoint.channel_values[TASKS] = await Promise.all(
        sends.map(({ body }) => this.#packing.unpack(body)),
      );
      const versions = Object.values(checkpoint.channel_versions);
      checkpoint.channel_versions[TASKS] =
        versions.length > 0 ? maxChannelVersion(...versions) : this.getNextVersion(undefined);
    }
  }
  // LangGraph takes versions that are strings, but its types do not tell.
  return new ChatkeepCheckpointer() as unknown as BaseCheckpointSaver;
}

/** What LangGraph says of a place in `config.configurable`. */
interface Configurable {
  thread_id?: string;
  checkpoint_ns?: string;
  checkpoint_id?: string;
}

function placeOf(config: RunnableConfig): { thread?: string; namespace: string; id?: string } {
  const {
    thread_id: thread,
    checkpoint_ns: namespace = "",
    checkpoint_id: id,
  } = (config.configurable ?? {}) as Configurable;
  return { ...(thread === undefined ? {} : { thread }), namespace, ...(id === undefined ? {} : { id }) };
}

function configOf(thread: string, namespace: string, id: string): RunnableConfig {
  return { configurable: { thread_id: thread, checkpoint_ns: namespace, checkpoint_id: id } };
}

function keyOf(...place: string[]): string {
  return JSON.stringify(place);
}
