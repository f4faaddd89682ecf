import { keyOf } from "./model.ts";
import type { Reader } from "./reader.ts";

/** The embedding model of vector search. */
export interface EmbeddingSettings {
  /** CHATKEEP_EMBEDDING_MODEL: a provider and a name. */
  readonly model: string;
  /** CHATKEEP_EMBEDDING_BASE_URL, else OPENAI_BASE_URL; `undefined`: the provider's own address. */
  readonly baseUrl: string | undefined;
  /** The key under the name that the provider gives it. */
  readonly apiKey: string | undefined;
  /** CHATKEEP_EMBEDDING_LEAST: the minimum similarity of a match, 0 to 1. */
  readonly leastSimilarity: number;
}

const KINDS = ["openai-compatible", "openai", "google"];

/** Reads the settings of the embedding model; `undefined` when none is named. */
export function readEmbedding({ text, number, faults }: Reader): EmbeddingSettings | undefined {
  const leastSimilarity = number("CHATKEEP_EMBEDDING_LEAST");
  const model = text("CHATKEEP_EMBEDDING_MODEL");
  if (model === undefined) return undefined;
  const kind = model.slice(0, Math.max(0, model.indexOf("/")));
  if (!KINDS.includes(kind) || model.length <= kind.length + 1) {
    faults.push(
      `CHATKEEP_EMBEDDING_MODEL must be openai-compatible/<name of the model>, or openai/… or google/…, not "${model}".`,
    );
  }
  const name =
    text("CHATKEEP_EMBEDDING_BASE_URL") === undefined ? "OPENAI_BASE_URL" : "CHATKEEP_EMBEDDING_BASE_URL";
  const baseUrl = kind === "google" && name === "OPENAI_BASE_URL" ? undefined : text(name);
  if (baseUrl === undefined && kind === "openai-compatible") {
    faults.push(
      "CHATKEEP_EMBEDDING_MODEL needs CHATKEEP_EMBEDDING_BASE_URL, its server's address up to and with /v1.",
    );
  } else if (baseUrl !== undefined && (!/^https?:\/\//.test(baseUrl) || !URL.canParse(baseUrl))) {
    faults.push(`${name} must be an address such as https://api.openai.com/v1, not "${baseUrl}".`);
  }
  const key = keyOf(kind);
  return { model, baseUrl, apiKey: key === undefined ? undefined : text(key), leastSimilarity };
}
