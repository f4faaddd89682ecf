import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

import type { Responder } from "@chatkeep/protocol";

import type { Environment } from "./environment.ts";
import { StartError } from "./start-error.ts";

/** The responder that the environment names: a host's own file or a model; `undefined`: the book answers. */
export async function loadResponder({ responder, model }: Environment): Promise<Responder | undefined> {
  if (responder !== undefined) return loadFile(responder);
  if (model === undefined) return undefined;
  const { createModelResponder } = await import("@chatkeep/agent");
  return createModelResponder({ model: model.name, baseUrl: model.baseUrl, apiKey: model.apiKey });
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
