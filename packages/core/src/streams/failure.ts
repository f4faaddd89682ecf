import { ResponderError } from "@chatkeep/protocol";

/**
 * Converts a model's failure to `model_error` with a sentence that says whether a retry helps. Omits the provider's text,
 * which may quote keys and prompts. The cause has the error's name, status and system code only, so it can be logged.
 */
export function toResponderError(error: unknown): ResponderError {
  if (error instanceof ResponderError) return error;
  const root = rootOf(error);
  return new ResponderError({ code: "model_error", detail: detailOf(root) }, { cause: causeOf(root) });
}

interface ErrorLike {
  readonly name?: unknown;
  readonly statusCode?: unknown;
  readonly code?: unknown;
  readonly cause?: unknown;
  readonly lastError?: unknown;
}

function asErrorLike(error: unknown): ErrorLike {
  return typeof error === "object" && error !== null ? error : {};
}

/** The last error of several retries. */
function rootOf(error: unknown): ErrorLike {
  const { lastError } = asErrorLike(error);
  return asErrorLike(lastError ?? error);
}

function detailOf(error: ErrorLike): string {
  const { statusCode: status, name } = error;
  if (status === 401 || status === 403) {
    return "The model refused this server's API key. The operator must set a valid one.";
  }
  if (status === 404) return "The model was not found. The operator must check its name and address.";
  if (status === 413) return "The conversation is too long for the model. Start a new one.";
  if (status === 429) return "The model is overloaded. Ask again in a minute.";
  if (typeof status === "number" && status >= 400 && status < 500) {
    return "The model did not accept the conversation. Start a new one, or ask in another way.";
  }
  if (typeof status === "number" && status >= 500) return "The model failed. Ask again in a moment.";
  if (name === "AI_APICallError") return "The model cannot be reached. Ask again in a moment.";
  if (
    name === "AI_JSONParseError" ||
    name === "AI_TypeValidationError" ||
    name === "AI_InvalidResponseDataError"
  ) {
    return "The model sent something that cannot be read. Ask again.";
  }
  return "The model failed in the middle of its answer. Ask again.";
}

function causeOf(error: ErrorLike): Error {
  const inner = asErrorLike(error.cause);
  const facts = [error.name, error.statusCode, error.code ?? inner.code ?? asErrorLike(inner.cause).code];
  const known = facts.filter((fact) => typeof fact === "string" || typeof fact === "number");
  return new Error(known.length === 0 ? "unknown error of the model" : known.join(" "));
}
