import type { CheckpointStore, Json, JsonObject, StoredCheckpoint } from "@chatkeep/protocol";

import { ownerId } from "./arguments.ts";
import type { Database } from "./database/database.ts";
import { unescapeText } from "./database/values.ts";

/** Checkpoints in one page of a list. */
const PAGE = 100;

export function createCheckpoints(database: Database): CheckpointStore {
  return {
    async putCheckpoint(owner, conversation, checkpoint) {
      const { namespace, id, parentId, body, metadata, versions, values } = checkpoint;
      const [row] = await database.call("put_checkpoint", {
        owner: ownerId(owner),
        conversation,
        namespace,
        id,
        parent_id: parentId,
        body,
        metadata,
        channels: [...versions.keys()],
        versions: [...versions.values()],
        value_channels: values.map(({ channel }) => channel),
        value_versions: values.map(({ version }) => version),
        base_versions: values.map(({ base }) => base),
        value_bodies: values.map((value) => value.body),
      });
      return row?.put_checkpoint === true;
    },

    async putCheckpointWrites(owner, conversation, { namespace, id, taskId, taskPath }, writes) {
      await database.call("put_checkpoint_writes", {
        owner: ownerId(owner),
        conversation,
        namespace,
        checkpoint_id: id,
        task_path: taskPath,
        task_id: taskId,
        nos: writes.map(({ no }) => no),
        channels: writes.map(({ channel }) => channel),
        bodies: writes.map(({ body }) => body),
      });
    },

    async getCheckpoint(owner, conversation, { namespace, id = null }) {
      const place = { owner: ownerId(owner), conversation, namespace, id };
      const [row] = await database.call("get_checkpoint", place);
      const found = row?.get_checkpoint as CheckpointRow | null | undefined;
      return found ? checkpointFromRow(namespace, found) : undefined;
    },

    async *listCheckpoints(owner, { conversationId, namespace, before } = {}) {
      let last = { id: before ?? null, conversation: "", namespace: "" } as Pick<
        ListedRow,
        "conversation" | "namespace"
      > & { id: string | null };
      for (;;) {
        const [row] = await database.call("list_checkpoints", {
          owner: ownerId(owner),
          conversation: conversationId ?? null,
          namespace: namespace ?? null,
          below_id: last.id,
          last_conversation: last.conversation,
          last_namespace: last.namespace,
          page_limit: PAGE,
        });
        const page = (row?.list_checkpoints ?? []) as ListedRow[];
        for (const listed of page) {
          yield {
            conversationId: listed.conversation,
            namespace: unescapeText(listed.namespace),
            id: unescapeText(listed.id),
            metadata: listed.metadata,
          };
        }
        if (page.length < PAGE) return;
        last = page.at(-1)!;
      }
    },

    async deleteCheckpoints(owner, conversation) {
      await database.call("delete_checkpoints", { owner: ownerId(owner), conversation });
    },
  };
}

interface CheckpointRow {
  id: string;
  parent_id: string | null;
  body: JsonObject;
  metadata: Json;
  values: { channel: string; version: string; body: Json }[] | null;
  writes: { task_id: string; channel: string; body: Json }[] | null;
}

interface ListedRow {
  conversation: string;
  namespace: string;
  id: string;
  metadata: Json;
}

function checkpointFromRow(namespace: string, row: CheckpointRow): StoredCheckpoint {
  return {
    namespace,
    id: unescapeText(row.id),
    parentId: unescapeText(row.parent_id),
    body: row.body,
    metadata: row.metadata,
    values: (row.values ?? []).map(({ channel, version, body }) => ({
      channel: unescapeText(channel),
      version: unescapeText(version),
      body,
    })),
    writes: (row.writes ?? []).map(({ task_id, channel, body }) => ({
      taskId: unescapeText(task_id),
      channel: unescapeText(channel),
      body,
    })),
  };
}
