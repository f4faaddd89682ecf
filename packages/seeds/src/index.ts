export { type SeedApiOptions, seedApis } from "./apis.ts";
export { type SeedFunctions, type SessionHistoryQuery, createSeedFunctions } from "./functions.ts";
