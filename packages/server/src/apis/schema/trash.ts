import type { TrashQuery, WireTrashPage } from "@chatkeep/protocol";
import { z } from "zod";

import { conversationFields } from "./conversation.ts";
import { integer, time } from "./field.ts";

/** A page of the trash, as it is given out. */
export const trashPage: z.ZodType<WireTrashPage> = z
  .strictObject({
    conversations: z.array(z.strictObject({ ...conversationFields, deleted_at: time })),
    next_cursor: z.string().nullable(),
  })
  .meta({ id: "TrashPage" });

/** Which deleted conversations to list. */
export const trashSearch: z.ZodType<TrashQuery> = z.strictObject({
  limit: integer(1, 100).optional().meta({ description: "Default 20." }),
  cursor: z.string().optional().meta({ description: "The `next_cursor` of the previous page." }),
});
