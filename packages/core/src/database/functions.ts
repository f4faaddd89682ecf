import { FUNCTIONS as GENERATED } from "../generated/functions.ts";

/** An SQL function: its arguments in order and the columns it returns, by their PostgreSQL types. */
export interface SqlFunction {
  /** The role that it runs as: `store` for one owner's data, `engine` across owners. */
  readonly role: "store" | "engine";
  /** Whether it is neither stable nor immutable. */
  readonly writes: boolean;
  readonly args: Readonly<Record<string, string>>;
  readonly returns: Readonly<Record<string, string>>;
}

/** Every SQL function of this release, generated from the `.sql` files. */
export const FUNCTIONS: typeof GENERATED = GENERATED;

export type FunctionName = keyof typeof FUNCTIONS;

/** The signature for `grant` and `alter function`: `get_turn(uuid, text, uuid)`. */
export function signatureOf(name: FunctionName): string {
  return `${name}(${Object.values<string>(FUNCTIONS[name].args).join(", ")})`;
}
