import { readFileSync } from "node:fs";

import type { SettingName } from "../settings.ts";
import type { Reader } from "./reader.ts";

/** The model that answers, and what it does besides. */
export interface ModelSettings {
  /** CHATKEEP_MODEL: a provider and a name. */
  readonly name: string;
  /** OPENAI_BASE_URL; `undefined`: the provider's own address. */
  readonly baseUrl: string | undefined;
  /** The key under the name that the provider gives it. */
  readonly apiKey: string | undefined;
  /** The text of the file that CHATKEEP_SYSTEM names. */
  readonly system: string | undefined;
  /** CHATKEEP_PRICE: US dollars for a million tokens in and out. */
  readonly price: { readonly input: number; readonly output: number } | undefined;
  /** CHATKEEP_MODEL_TASKS. */
  readonly tasks: ReadonlySet<string>;
}

/** The variable of each provider's key, as its own tools name it. */
const KEYS: Readonly<Record<string, SettingName>> = {
  "openai-compatible": "OPENAI_API_KEY",
  openai: "OPENAI_API_KEY",
  anthropic: "ANTHROPIC_API_KEY",
  google: "GOOGLE_GENERATIVE_AI_API_KEY",
};

/** The variable that holds a provider's key; `undefined` for a provider that is not known. */
export function keyOf(provider: string): SettingName | undefined {
  return Object.hasOwn(KEYS, provider) ? KEYS[provider] : undefined;
}

const TASKS = ["titles", "summaries"];

/** Reads the settings of the model; `undefined` when none is named. */
export function readModel({ text, faults }: Reader): ModelSettings | undefined {
  const name = text("CHATKEEP_MODEL");
  if (name === undefined) return undefined;
  const kind = name.slice(0, Math.max(0, name.indexOf("/")));
  const key = keyOf(kind);
  if (key === undefined || name.length <= kind.length + 1) {
    faults.push(
      `CHATKEEP_MODEL must be openai-compatible/<name of the model>, or openai/…, anthropic/… or google/…, not "${name}".`,
    );
  }
  const baseUrl = text("OPENAI_BASE_URL");
  if (baseUrl === undefined && kind === "openai-compatible") {
    faults.push("CHATKEEP_MODEL needs OPENAI_BASE_URL, the model server's address up to and with /v1.");
  } else if (baseUrl !== undefined && (!/^https?:\/\//.test(baseUrl) || !URL.canParse(baseUrl))) {
    faults.push(`OPENAI_BASE_URL must be an address such as https://api.openai.com/v1, not "${baseUrl}".`);
  }
  const ofOpenAi = kind === "openai" || kind === "openai-compatible";
  return {
    name,
    baseUrl: ofOpenAi ? baseUrl : undefined,
    apiKey: key === undefined ? undefined : text(key),
    system: readSystem(text("CHATKEEP_SYSTEM"), faults),
    price: readPrice(text("CHATKEEP_PRICE"), faults),
    tasks: readTasks(text("CHATKEEP_MODEL_TASKS"), faults),
  };
}

function readSystem(file: string | undefined, faults: string[]): string | undefined {
  if (file === undefined) return undefined;
  try {
    return readFileSync(file, "utf8").trim();
  } catch {
    faults.push(`CHATKEEP_SYSTEM must name a file with what the model is told; "${file}" cannot be read.`);
    return undefined;
  }
}

function readPrice(text: string | undefined, faults: string[]): ModelSettings["price"] {
  if (text === undefined) return undefined;
  const [, input, output] = /^(\d+(?:\.\d+)?)\/(\d+(?:\.\d+)?)$/.exec(text) ?? [];
  if (input !== undefined && output !== undefined) return { input: Number(input), output: Number(output) };
  faults.push(
    `CHATKEEP_PRICE must be dollars for a million tokens in and out, such as 2.5/10, not "${text}".`,
  );
  return undefined;
}

function readTasks(text: string | undefined, faults: string[]): ReadonlySet<string> {
  const named = (text ?? "").split(",").flatMap((task) => (task.trim() === "" ? [] : [task.trim()]));
  const strange = named.find((task) => !TASKS.includes(task));
  if (strange !== undefined) {
    faults.push(`CHATKEEP_MODEL_TASKS must be some of ${TASKS.join(",")}, not "${strange}".`);
  }
  return new Set(named);
}
