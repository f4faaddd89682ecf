import {
  ChatkeepError,
  type UsageQuery,
  type WireBudget,
  type WireOwnerUsage,
  type WireUsageDay,
  ownerUsageToWire,
} from "@chatkeep/protocol";
import { z } from "zod";

import { integer } from "../../http/fields.ts";
import { budget } from "../../http/problem.ts";
import { type Route, ownerRoutes } from "../../http/route.ts";
import type { ApiServices } from "../api.ts";

const count = z.number().min(0);

/** The counts of one day and model. */
export const usageDay: { readonly [Field in keyof WireUsageDay]: z.ZodType<WireUsageDay[Field]> } = {
  day: z.iso.date().meta({ description: "In UTC." }),
  model: z.string().meta({ description: "Empty if it is not known." }),
  answers: count.meta({ description: "Answers whose model reported its usage." }),
  input_tokens: count,
  cached_tokens: count.meta({ description: "Those of the input tokens that the provider had cached." }),
  output_tokens: count,
  reasoning_tokens: count.meta({ description: "Those of the output tokens that are reasoning." }),
  total_tokens: count,
  cost: count.meta({ description: "US dollars, where the price of the model is known." }),
};

/** The number of days to read. */
export const usageQuery: z.ZodType<UsageQuery> = z.strictObject({
  days: integer(1, 366).optional().meta({ description: "The number of days, today included. Default 30." }),
});

const budgets: z.ZodType<WireBudget[]> = z.array(budget).meta({ description: "Empty without a budget." });

const ownerUsage: z.ZodType<WireOwnerUsage> = z
  .strictObject({
    days: z.array(z.strictObject(usageDay)).meta({ description: "The latest day first." }),
    budgets,
  })
  .meta({ id: "OwnerUsage" });

const limit = z
  .number()
  .min(0)
  .max(Number.MAX_SAFE_INTEGER)
  .nullish()
  .meta({ description: "0 is no limit; `null` or absent is the server's default." });
const tokens = limit.refine((value) => value === undefined || value === null || Number.isInteger(value), {
  error: "must be a whole number",
});

const ownBudgets = z.strictObject({
  tokens_per_day: tokens,
  tokens_per_month: tokens,
  cost_per_day: limit,
  cost_per_month: limit,
});

/** The routes of one owner's usage and budgets. */
export function usageRoutes({ history }: ApiServices): Route[] {
  const route = ownerRoutes("Usage");
  return [
    route("GET /api/me/usage", {
      id: "getUsage",
      summary: "Read the caller's usage and budgets",
      description:
        "Tokens and cost of the caller's answers by day and model, deleted ones included, and what is left of the budgets. " +
        "With a server key: of the user that it acts for.",
      search: usageQuery,
      replies: { 200: { description: "The usage.", json: ownerUsage } },
      handle: async ({ owner, query }) => ownerUsageToWire(await history.getUsage(owner, query)),
    }),
    route("PATCH /api/me/budgets", {
      id: "setBudgets",
      summary: "Set the budgets of one user",
      description:
        "Requires a server key, which names the user in `X-Chatkeep-User`. Sets all four; they are checked before each new question.",
      body: ownBudgets,
      replies: { 200: { description: "The budgets.", json: z.strictObject({ budgets }) } },
      handle: async ({ owner, key, body }) => {
        if (key === undefined) throw new ChatkeepError("forbidden", "Requires a server key.");
        await history.setBudgets(owner, {
          tokensPerDay: body.tokens_per_day ?? undefined,
          tokensPerMonth: body.tokens_per_month ?? undefined,
          costPerDay: body.cost_per_day ?? undefined,
          costPerMonth: body.cost_per_month ?? undefined,
        });
        return { budgets: ownerUsageToWire(await history.getUsage(owner, { days: 1 })).budgets };
      },
    }),
  ];
}
