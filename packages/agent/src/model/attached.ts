import type { Part, ProviderMetadata } from "@chatkeep/protocol";

/** The fields of a model's message that its provider made. */
export type OptionsReader = (metadata: ProviderMetadata | undefined) => {
  providerOptions?: ProviderMetadata;
};

/** Reads what the providers of a model attached: of a gateway also the provider that its model's id begins with. */
export function createOptionsReader(
  model: { readonly provider: string; readonly modelId: string } | undefined,
): OptionsReader {
  const [vendor = ""] = model?.modelId.includes("/") === true ? model.modelId.split("/") : [];
  const names = new Set(model === undefined ? [] : [...model.provider.toLowerCase().split(/[.-]/), vendor]);
  return (metadata = {}) => {
    const own = Object.entries(metadata).filter(([name]) => names.has(name.toLowerCase()));
    return own.length === 0 ? {} : { providerOptions: Object.fromEntries(own) };
  };
}

/** The models whose providers run tools, and take the results of those where they stand. */
const RUNS_TOOLS = /responses|anthropic|google|vertex|bedrock|gateway/;

/**
 * Tells whether a model's provider ran the tools in an answer that a provider ran. It did unless what is attached to the
 * parts is that of others. The calls of another provider are given as those of any tool: many providers refuse them else.
 */
export function createRanTools(
  model: { readonly provider: string } | undefined,
  optionsOf: OptionsReader,
): (parts: readonly Part[]) => boolean {
  if (model === undefined) return () => true;
  if (!RUNS_TOOLS.test(model.provider)) return () => false;
  return (parts) => {
    const attached = parts.flatMap((part) => ("metadata" in part ? [part.metadata] : []));
    return (
      attached.length === 0 || attached.some((metadata) => optionsOf(metadata).providerOptions !== undefined)
    );
  };
}
