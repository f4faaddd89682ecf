import { type Model, type ModelReply, type ModelRequest, startModel } from "@chatkeep/testing";
import { onTestFinished } from "vitest";

/** A model server for one test. */
export async function start(reply?: (request: ModelRequest) => ModelReply): Promise<Model> {
  const model = await startModel(reply === undefined ? {} : { reply });
  onTestFinished(() => model.close());
  return model;
}
