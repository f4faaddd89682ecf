import { ResponderError } from "@chatkeep/protocol";

/** What an answer can wait for. */
export type Silence = "first token" | "next token" | "tool";

/** The error `model_timeout`. `waited` is in milliseconds. */
export function timeoutError(silence: Silence, waited: number): ResponderError {
  const seconds = `${Math.round(waited / 100) / 10} s`;
  const detail = {
    "first token": `The model did not begin to answer within ${seconds}. Ask again.`,
    "next token": `The model stopped in the middle of its answer and said nothing more for ${seconds}. Ask again.`,
    tool: `A tool that the model called did not answer within ${seconds}. Ask again.`,
  }[silence];
  return new ResponderError({ code: "model_timeout", detail });
}
