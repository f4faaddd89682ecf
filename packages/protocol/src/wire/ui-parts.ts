import { type PairedCall, type PairedCalls, pairCalls } from "../calls.ts";
import type { Citation } from "../citation.ts";
import { type Json, type JsonObject, parseArguments } from "../json.ts";
import type { Role } from "../message.ts";
import {
  type ApprovalPart,
  type Attached,
  DENIED,
  type Part,
  type ProviderMetadata,
  type SourcePart,
} from "../part.ts";

/** A part of a message of the AI SDK: its `type` and the fields of that type. */
export type UiPart = { type: string } & JsonObject;

/** The name of the data part that stores a part of the AI SDK as it came, where no part of ours holds it. */
const UI_PART = "ui-part";

/**
 * Converts the parts of a message of the AI SDK, versions 5 to 7. {@link partsToUi} returns them equal: a part that no
 * part of ours holds whole is stored as it came.
 */
export function partsFromUi(given: readonly UiPart[], role: Role): Part[] {
  const parts: Part[] = [];
  // After everything that was said in a step, where a model gets them. Between two texts they would begin a step.
  const results: Part[] = [];
  for (const part of given) {
    if (part.type === "step-start") parts.push(...results.splice(0));
    const { said, answers } = toolFromUi(part) ?? { said: [partFromUi(part, role)], answers: [] };
    parts.push(...said);
    results.push(...answers);
  }
  parts.push(...results);
  const whole = given.map(verbatim);
  return isSame(partsToUi(parts, role), partsToUi(whole, role)) ? parts : whole;
}

function partFromUi(part: UiPart, role: Role): Part {
  const found = knownPart(part, role);
  return found !== undefined && isSame(partsToUi([found], role), [part]) ? found : verbatim(part);
}

function verbatim(part: UiPart): Part {
  return { type: "data", name: UI_PART, data: part };
}

function knownPart(part: UiPart, role: Role): Part | undefined {
  const { type, providerMetadata, ...fields } = part;
  const metadata = isMetadata(providerMetadata) ? { metadata: providerMetadata } : {};
  if ((type === "text" || type === "reasoning") && typeof fields["text"] === "string") {
    const { text, ...ui } = fields;
    return { type, text, ...metadata, ...(isSame(ui, defaultsOf(role)) ? {} : { ui }) };
  }
  if (type === "file" && typeof fields["url"] === "string" && typeof fields["mediaType"] === "string") {
    const {
      url,
      mediaType: mime,
      filename,
      ...ui
    } = fields as JsonObject & { url: string; mediaType: string };
    const name = typeof filename === "string" ? { name: filename } : {};
    return { type, url, mime, ...name, ...metadata, ...(isSame(ui, {}) ? {} : { ui }) };
  }
  if (type === "source-url" || type === "source-document") {
    const { sourceId: id, mediaType: mime, filename: name, url, title } = fields;
    return { type: "source", ...without({ id, url, mime, title, name }), ...metadata } as SourcePart;
  }
  if (type === "step-start") return { type: "step" };
  if (type.startsWith("data-") && fields["data"] !== undefined) {
    const id = typeof fields["id"] === "string" ? { id: fields["id"] } : {};
    return { type: "data", name: type.slice("data-".length), data: fields["data"], ...id };
  }
  return undefined;
}

/** A tool part: the call with its approval, and the result. `undefined` for other parts. */
function toolFromUi(part: UiPart): { readonly said: Part[]; readonly answers: Part[] } | undefined {
  const { type, toolCallId: id, state, input, output, errorText, preliminary, approval } = part;
  const name = type === "dynamic-tool" ? part["toolName"] : type.slice("tool-".length);
  if (
    (type !== "dynamic-tool" && !type.startsWith("tool-")) ||
    typeof id !== "string" ||
    typeof name !== "string"
  )
    return undefined;
  const { callProviderMetadata, resultProviderMetadata, providerExecuted, title } = part;
  const raw = typeof part["rawInput"] === "string" ? part["rawInput"] : "";
  const call = {
    type: "tool-call" as const,
    id,
    name,
    arguments: input === undefined ? raw : JSON.stringify(input),
    ...(type === "dynamic-tool" ? { dynamic: true } : {}),
    ...(providerExecuted === true ? { executor: "provider" as const } : {}),
    ...(typeof title === "string" ? { title } : {}),
    ...(isMetadata(callProviderMetadata) ? { metadata: callProviderMetadata } : {}),
  };
  const { request, answer } = approvalFromUi(id, approval);
  const metadata = isMetadata(resultProviderMetadata) ? { metadata: resultProviderMetadata } : {};
  const answers: Part[] = [];
  if (state === "output-available") {
    const more = preliminary === true ? { preliminary } : {};
    answers.push({ type: "tool-result", id, result: output ?? null, ...more, ...metadata });
  } else if (state === "output-error") {
    answers.push({ type: "tool-result", id, result: errorText ?? FAILED, error: true, ...metadata });
  } else if (state === "output-denied") {
    const result = answer?.reason ?? DENIED;
    answers.push({ type: "tool-result", id, result, error: true, denied: true });
  }
  const told = [...request, ...(answer === undefined ? [] : [answer])];
  const { toolName: _, title: __, callProviderMetadata: ___, resultProviderMetadata: ____, ...rest } = part;
  const { type: _____, toolCallId: ______, ...whole } = rest;
  const { state: _a, input: _b, output: _c, errorText: _d, approval: _e, preliminary: _f, ...fields } = whole;
  const { providerExecuted: by, ...more } = fields;
  const ui = by === undefined || by === true ? more : fields;
  const tries: JsonObject[] = [ui, whole];
  for (const bag of tries) {
    const said: Part[] = [{ ...call, ...(isSame(bag, {}) ? {} : { ui: bag }) }, ...told];
    if (isSame(partsToUi([...said, ...answers], "assistant"), [part])) return { said, answers };
  }
  return undefined;
}

const FAILED = "The tool failed.";

function approvalFromUi(
  call: string,
  given: Json | undefined,
): { readonly request: Part[]; readonly answer?: ApprovalPart } {
  if (!isObject(given)) return { request: [] };
  const { id, approved, reason, requestReason, isAutomatic, signature, ...ui } = given;
  if (typeof id !== "string") return { request: [] };
  const request = {
    type: "approval-request",
    id,
    call,
    ...without({ reason: requestReason, automatic: isAutomatic, signature }),
    ...(isSame(ui, {}) ? {} : { ui }),
  } as Part;
  if (typeof approved !== "boolean") return { request: [request] };
  const why = typeof reason === "string" ? { reason } : {};
  return { request: [request], answer: { type: "approval", id, approved, ...why } };
}

/** Converts parts of one message, or of one whose calls later messages answer. */
export function partsToUi(
  parts: readonly Part[],
  role: Role,
  { of }: PairedCalls = pairCalls([{ role, parts }]),
): UiPart[] {
  const shown: UiPart[] = [];
  const hasSteps = parts.some(({ type }) => type === "step");
  let isAnswered = false;
  for (const [index, part] of parts.entries()) {
    const { type } = part;
    if (type === "tool-result") isAnswered = true;
    else if (type === "text" || type === "reasoning" || type === "tool-call") {
      // The model goes on after its tools' results, as uiStream marks it.
      if (isAnswered && !hasSteps) shown.push({ type: "step-start" });
      isAnswered = false;
    }
    const made = partToUi(part, index, role, of.get(part));
    if (made !== undefined) shown.push(made);
  }
  return shown;
}

function partToUi(part: Part, index: number, role: Role, paired: PairedCall | undefined): UiPart | undefined {
  switch (part.type) {
    case "text":
    case "reasoning": {
      const { type, text, metadata, ui = defaultsOf(role) } = part;
      return { type, text, ...ui, ...metadataToUi(metadata) };
    }
    case "tool-call":
      return toolToUi(paired ?? { call: part });
    case "tool-result":
      return paired === undefined
        ? { type: "data-tool-result", data: { ...part } satisfies JsonObject }
        : undefined;
    case "approval-request":
    case "approval":
      return undefined;
    case "citation":
      return citationToUi(part.citation, index);
    case "source": {
      const { id: sourceId, url, mime: mediaType, title, name: filename, metadata } = part;
      const type = url === undefined ? "source-document" : "source-url";
      const fields = without({ sourceId, url, mediaType, title, filename });
      return { type, ...fields, ...metadataToUi(metadata) };
    }
    case "file": {
      const { url, mime: mediaType, name, metadata, ui } = part;
      const filename: JsonObject = name === undefined ? {} : { filename: name };
      return { type: "file", url, mediaType, ...filename, ...ui, ...metadataToUi(metadata) };
    }
    case "data": {
      const { name, data, id } = part;
      if (name === UI_PART && isObject(data) && isKnown(data["type"])) return data as UiPart;
      return { type: `data-${name}`, ...(id === undefined ? {} : { id }), data };
    }
    case "step":
      return { type: "step-start" };
  }
}

/** The AI SDK rejects a whole conversation with a part of any other type. */
const TYPES =
  /^(text|reasoning|custom|source-url|source-document|file|reasoning-file|steering-message|step-start|dynamic-tool|data-.*|tool-.*)$/s;

function isKnown(type: Json | undefined): boolean {
  return typeof type === "string" && TYPES.test(type);
}

/** The fields that the AI SDK adds: what was streamed is done; what a person wrote never was otherwise. */
function defaultsOf(role: Role): JsonObject {
  return role === "assistant" ? { state: "done" } : {};
}

function metadataToUi(metadata: Attached["metadata"], name = "providerMetadata"): JsonObject {
  return metadata === undefined ? {} : { [name]: metadata };
}

function citationToUi(citation: Citation, index: number): UiPart {
  const title = citation.section ?? citation.chapter;
  const providerMetadata = { chatkeep: { ...citation } satisfies JsonObject };
  const { url, path: filename } = citation;
  const id = { sourceId: `source-${index + 1}` };
  return url === null
    ? { type: "source-document", ...id, mediaType: "text/markdown", title, filename, providerMetadata }
    : { type: "source-url", ...id, url, title, providerMetadata };
}

function toolToUi({ call, result, request, approval }: PairedCall): UiPart {
  const { id, name, executor, dynamic, title, metadata, ui } = call;
  const base: UiPart = {
    ...(dynamic === true ? { type: "dynamic-tool", toolName: name } : { type: `tool-${name}` }),
    toolCallId: id,
    ...(title === undefined ? {} : { title }),
    ...metadataToUi(metadata, "callProviderMetadata"),
    ...metadataToUi(result?.metadata, "resultProviderMetadata"),
    ...(executor === undefined ? {} : { providerExecuted: true }),
  };
  // A part that the SDK made in a state of its own.
  if (ui?.["state"] !== undefined) return { ...base, ...ui };
  const parsed = parseArguments(call.arguments);
  const input = parsed === undefined ? call.arguments : parsed;
  return { ...base, ...stateOf({ call, result, request, approval }, parsed === undefined), input, ...ui };
}

/** The state of a tool part, and the fields of that state. */
function stateOf(
  { result, request, approval }: { [Field in keyof PairedCall]: PairedCall[Field] | undefined },
  isInvalid: boolean,
): JsonObject {
  const asked: JsonObject =
    request === undefined
      ? {}
      : {
          approval: {
            ...request.ui,
            ...without({
              id: request.id,
              requestReason: request.reason,
              isAutomatic: request.automatic,
              signature: request.signature,
              approved: approval?.approved,
              reason: approval?.reason,
            }),
          },
        };
  if (result === undefined) {
    if (isInvalid) return { state: "output-error", errorText: "The arguments are not valid JSON." };
    if (request === undefined) return { state: "input-available" };
    return { state: approval === undefined ? "approval-requested" : "approval-responded", ...asked };
  }
  if (result.denied === true && approval?.approved === false) return { state: "output-denied", ...asked };
  // The SDK accepts no other approval beside an output.
  const granted = approval?.approved === true ? asked : {};
  if (result.error === true || isInvalid)
    return { state: "output-error", errorText: textOf(result.result), ...granted };
  const preliminary = result.preliminary === undefined ? {} : { preliminary: result.preliminary };
  return { state: "output-available", output: result.result, ...preliminary, ...granted };
}

function textOf(result: Json): string {
  return typeof result === "string" ? result : JSON.stringify(result);
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isMetadata(value: Json | undefined): value is ProviderMetadata {
  return isObject(value) && Object.values(value).every(isObject);
}

/** The fields that are there. */
function without(fields: { readonly [name: string]: Json | undefined }): JsonObject {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as JsonObject;
}

/** Whether two values are equal as JSON, whatever the order of their keys. */
export function isSame(one: unknown, other: unknown): boolean {
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null)
    return one === other;
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const [keys, others] = [one, other].map((value) => Object.keys(value));
  return (
    keys!.length === others!.length &&
    keys!.every(
      (key) => Object.hasOwn(other, key) && isSame((one as JsonObject)[key], (other as JsonObject)[key]),
    )
  );
}
