export { default, validateOptions } from "./plugin.ts";
export type { ChatkeepOptions } from "./options.ts";
