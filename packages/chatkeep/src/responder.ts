import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

import type { Docs } from "@chatkeep/agent";
import type { HistoryOptions } from "@chatkeep/core";
import type { Responder } from "@chatkeep/protocol";

import type { Environment } from "./environment.ts";
import { StartError } from "./start-error.ts";

/** What the environment names to answer, and what it does besides. */
export interface LoadedResponder {
  /** The responder; a model is given the docs' passages where the environment names docs. */
  readonly of: (docs: Docs) => Responder;
  /** Options of the history: titles and summaries by the model. */
  readonly tasks: Pick<HistoryOptions, "generateTitle" | "summarize">;
}

/** The responder that the environment names: a host's own file or a model; `undefined`: the docs answer. */
export async function loadResponder(environment: Environment): Promise<LoadedResponder | undefined> {
  const { responder, model, docsGiven } = environment;
  if (responder !== undefined) {
    const loaded = await loadFile(responder);
    return { of: () => loaded, tasks: {} };
  }
  if (model === undefined) return undefined;
  const { createModelResponder, createModelTasks } = await import("@chatkeep/agent");
  const { name, baseUrl, apiKey, system, price } = model;
  const provider = { model: name, baseUrl, apiKey };
  const { generateTitle, summarize } = createModelTasks(provider);
  return {
    of: (docs) => createModelResponder({ ...provider, system, price, docs: docsGiven ? docs : undefined }),
    tasks: {
      ...(model.tasks.has("titles") ? { generateTitle } : {}),
      ...(model.tasks.has("summaries") ? { summarize } : {}),
    },
  };
}

async function loadFile(file: string): Promise<Responder> {
  let module: { default?: unknown };
  try {
    module = (await import(pathToFileURL(resolve(file)).href)) as { default?: unknown };
  } catch (cause) {
    throw new StartError(`${file} (CHATKEEP_RESPONDER) cannot be loaded: ${(cause as Error).message}`, {
      cause,
    });
  }
  if (typeof module.default === "function") return module.default as Responder;
  throw new StartError(
    `${file} (CHATKEEP_RESPONDER) must have a default export: async function* (request) { yield "…"; }.`,
  );
}
