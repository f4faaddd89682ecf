export {
  type EmbeddedDatabase,
  type EmbeddedLog,
  type EmbeddedOptions,
  openEmbeddedDatabase,
} from "./embedded.ts";
export { type Environment, readEnvironment } from "./environment.ts";
export { type Serving, serve } from "./serve.ts";
export { StartError } from "./start-error.ts";
