import type { Json, JsonObject } from "./json.ts";
import type { Owner } from "./owner.ts";

/** A checkpoint of an agent's graph: its state after a step. */
export interface Checkpoint {
  /** The path of a subgraph; empty for the graph itself. */
  readonly namespace: string;
  /** Sorts after those of earlier checkpoints. */
  readonly id: string;
  readonly parentId: string | null;
  /** Everything but the values. */
  readonly body: JsonObject;
  readonly metadata: Json;
}

/** A channel's value in one version. */
export interface ChannelValue {
  readonly channel: string;
  readonly version: string;
  readonly body: Json;
}

/** A value to store. With `base`, the body is the difference to that version of the channel. */
export interface ChannelValueInput extends ChannelValue {
  readonly base: string | null;
}

/** What a task wrote to a channel, on top of a checkpoint. */
export interface ChannelWrite {
  readonly channel: string;
  readonly body: Json;
}

/** What a task wrote to a channel, with its place among the task's writes. */
export interface ChannelWriteInput extends ChannelWrite {
  /** Below 0: replaces the stored one. */
  readonly no: number;
}

/** A stored checkpoint. */
export interface StoredCheckpoint extends Checkpoint {
  /** Each after those that it is based on. */
  readonly values: readonly ChannelValue[];
  /** By task path, task and place. */
  readonly writes: readonly (ChannelWrite & { readonly taskId: string })[];
}

/** Which checkpoint of a thread. */
export interface CheckpointPlace {
  readonly namespace: string;
  /** Default: the latest. */
  readonly id?: string | undefined;
}

/** Which checkpoints to list, the latest first. */
export interface CheckpointQuery {
  readonly conversationId?: string | undefined;
  readonly namespace?: string | undefined;
  /** Only checkpoints before this id. */
  readonly before?: string | undefined;
}

/** A checkpoint in a list. */
export interface ListedCheckpoint {
  readonly conversationId: string;
  readonly namespace: string;
  readonly id: string;
  readonly metadata: Json;
}

/**
 * The state of agents' graphs. A thread is a conversation: its state is gone when its messages are cleared, and is its
 * owner's, in the trash and erased with it. Errors: `conversation_not_found` and `forbidden` where something is stored.
 */
export interface CheckpointStore {
  /**
   * Stores a checkpoint with the values that changed, all or none. Repeating it changes nothing. Returns `false`, with
   * nothing stored, when a base is not there: store the values whole.
   */
  putCheckpoint(
    owner: Owner,
    conversationId: string,
    checkpoint: Checkpoint & {
      /** The version of each channel. */
      readonly versions: ReadonlyMap<string, string>;
      readonly values: readonly ChannelValueInput[];
    },
  ): Promise<boolean>;
  /** Stores what a task wrote. The checkpoint may be stored later. Repeating it changes nothing. */
  putCheckpointWrites(
    owner: Owner,
    conversationId: string,
    place: {
      readonly namespace: string;
      readonly id: string;
      readonly taskId: string;
      readonly taskPath: string;
    },
    writes: readonly ChannelWriteInput[],
  ): Promise<void>;
  /** Reads a checkpoint. */
  getCheckpoint(
    owner: Owner,
    conversationId: string,
    place: CheckpointPlace,
  ): Promise<StoredCheckpoint | undefined>;
  /** Lists checkpoints, read in pages. */
  listCheckpoints(owner: Owner, query?: CheckpointQuery): AsyncIterable<ListedCheckpoint>;
  /** Deletes the state of a thread. Its conversation stays. */
  deleteCheckpoints(owner: Owner, conversationId: string): Promise<void>;
}
