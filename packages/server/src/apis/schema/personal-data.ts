import type { WireErasureReceipt } from "@chatkeep/protocol";
import { z } from "zod";

import { time } from "./field.ts";

/** What was erased. */
export const erasureReceipt: z.ZodType<WireErasureReceipt> = z
  .strictObject({ erased_at: time, conversations: z.int(), messages: z.int(), turns: z.int() })
  .meta({ id: "ErasureReceipt" });

/** How many conversations were claimed. */
export const claimed: z.ZodType<{ claimed: number }> = z.strictObject({ claimed: z.int() });
