import { type Part, isChatkeepError } from "@chatkeep/protocol";

import { ownerFrom } from "../arguments.ts";
import type { Database } from "../database/database.ts";
import type { FileParts } from "../file-parts.ts";

/** Messages of one step: about 10 ms without files. */
const PAGE = 100;

/**
 * Brings messages of older releases to the present version of parts, in small steps: their bytes become files, as those of
 * new messages do, and clients read them as before. Any number of nodes may run it, and a call that broke off is repeated.
 *
 * Resolves with the number of steps when nothing is left, or when the signal is aborted.
 */
export async function renewParts(
  database: Database,
  { moveOut }: Pick<FileParts, "moveOut">,
  signal?: AbortSignal,
): Promise<number> {
  let above = { above_owner: "00000000-0000-0000-0000-000000000000", above_conversation: "", above_seq: 0 };
  for (let steps = 0; ; steps += 1) {
    if (signal?.aborted === true) return steps;
    const rows = await database.call("next_old_parts", { ...above, page_limit: PAGE });
    const last = rows.at(-1);
    if (last === undefined) return steps;
    above = { above_owner: last.owner_id!, above_conversation: last.conversation_id!, above_seq: last.seq! };
    for (const [first, run] of runsOf(rows)) {
      const owner = ownerFrom({ kind: "session" }, first.owner_id!);
      const renewed: { readonly seq: number; readonly body: readonly Part[] | null }[] = [];
      for (const { seq, id, parts } of run) {
        const message = { id: id!, parts: parts as Part[] };
        const body =
          parts === null ? null : await moved(() => moveOut(owner, first.conversation_id!, [message]));
        if (body !== undefined) renewed.push({ seq: seq!, body });
      }
      await database.call("renew_parts", {
        owner: first.owner_id!,
        conversation: first.conversation_id!,
        seqs: renewed.map(({ seq }) => seq),
        bodies: renewed.map(({ body }) => body),
      });
    }
  }
}

/**
 * The parts without their bytes; `null` if the bytes stay, because the owner's quota is used up; `undefined` for a message
 * in the trash, which a later call renews if it is restored.
 */
async function moved(
  moveOut: () => Promise<{ readonly parts: readonly Part[] }[]>,
): Promise<readonly Part[] | null | undefined> {
  try {
    return (await moveOut())[0]!.parts;
  } catch (error) {
    if (isChatkeepError(error, "conversation_not_found")) return undefined;
    if (!isChatkeepError(error) || error.code === "unavailable") throw error;
    return null;
  }
}

/** Rows of one conversation that stand together. */
function runsOf<R extends { readonly owner_id: string | null; readonly conversation_id: string | null }>(
  rows: readonly R[],
): [R, R[]][] {
  const runs: [R, R[]][] = [];
  for (const row of rows) {
    const [first, run] = runs.at(-1) ?? [];
    if (first?.owner_id === row.owner_id && first.conversation_id === row.conversation_id) run!.push(row);
    else runs.push([row, [row]]);
  }
  return runs;
}
