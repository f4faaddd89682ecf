import type { LanguageModel } from "ai";

/** A model, its address and its key. */
export interface ProviderOptions {
  /**
   * `openai-compatible/<name>`: any server that speaks OpenAI's chat completions; `openai/<name>`,
   * `anthropic/<name>`, `google/<name>`: that provider; `gateway/<provider>/<name>`: Vercel's AI Gateway.
   */
  readonly model: string;
  /** The address including its version (`/v1`). Default: the provider's own. Required for `openai-compatible`. */
  readonly baseUrl?: string | undefined;
  /** Default: no key is sent. */
  readonly apiKey?: string | undefined;
}

/** A model by its name, or as an object of the AI SDK. */
export interface ModelOptions extends Omit<ProviderOptions, "model"> {
  /** As in {@link ProviderOptions}, or a model of any provider of the AI SDK: `openai("…")`. An object has its own address and key. */
  readonly model: string | ModelObject;
}

export type ModelObject = Exclude<LanguageModel, string>;

/** The address and key, as the providers' packages take them. */
export type Settings = { readonly baseURL?: string; readonly apiKey: string };

/** Splits `openai/<name>` and looks up the provider. `what` names the setting in the `TypeError` for an unknown one. */
export function cutName<T>(
  model: string,
  providers: Readonly<Record<string, T>>,
  what: string,
): { readonly name: string; readonly open: T } {
  const slash = model.indexOf("/");
  const kind = model.slice(0, Math.max(0, slash));
  const name = model.slice(slash + 1);
  const open = Object.hasOwn(providers, kind) ? providers[kind] : undefined;
  if (open === undefined || name === "") {
    const kinds = Object.keys(providers).join("/…, ");
    throw new TypeError(`The ${what} is "${model}"; write it as a provider and a name: ${kinds}/….`);
  }
  return { name, open };
}

/** Throws a `TypeError` for an invalid address, or a missing one where the provider has no default. */
export function checkAddress({ model, baseUrl }: ProviderOptions): void {
  const given = URL.parse(baseUrl ?? "")?.protocol ?? "";
  const isNeeded = model.startsWith("openai-compatible/");
  if ((baseUrl !== undefined || isNeeded) && !/^https?:$/.test(given)) {
    throw new TypeError(
      "The model's base URL is not an http: or https: address; give one such as http://127.0.0.1:11434/v1.",
    );
  }
}
