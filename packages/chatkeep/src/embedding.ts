import type { Embedding } from "@chatkeep/core";

import type { Environment } from "./environment.ts";

/** The embedding model that the environment names; `undefined`: words alone find. */
export async function loadEmbedding({ embedding }: Environment): Promise<Embedding | undefined> {
  if (embedding === undefined) return undefined;
  const { createEmbedding } = await import("@chatkeep/agent");
  return createEmbedding(embedding);
}
