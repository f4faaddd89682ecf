export { createHistory } from "./history.ts";
export type { CoreHistory, DatabaseHealth, Health, HistoryOptions } from "./history.ts";
export { migrate, type Migrated, type MigrateOptions } from "./install/migrate.ts";
export { checkInstall } from "./install/check.ts";
export { planUninstall, uninstall, type Removal, type UninstallOptions } from "./install/uninstall.ts";
export { isUnavailable } from "./database/failure.ts";
export { MigrationError } from "./install/migration-error.ts";
export type { Security } from "./install/roles.ts";
export { readAddress, type DatabaseAddress } from "./database/address.ts";
export {
  createPool,
  openConnection,
  type Connection,
  type ConnectionPool,
  type PoolOptions,
  type Queryable,
  type QueryConfig,
} from "./database/pool.ts";
export { sharePool, type SharedPool } from "./database/shared-pool.ts";
export { RELEASE, releaseSchema } from "./database/release.ts";
export type { CheckedForkOptions } from "./branches.ts";
export { contextOf, type ContextOptions } from "./context/turns.ts";
export type { ContextSettings } from "./context/context.ts";
export type { Summarizer, SummaryRequest } from "./context/summaries.ts";
export type { TitleGenerator } from "./context/titles.ts";
export type { Ranked } from "./search/recall.ts";
export type { RecallQuery } from "./search/recall.ts";
export type { Handles, HandleState } from "./handles.ts";
export type { IdempotencyKeys, UnkeyedRequest } from "./idempotency-keys.ts";
export { DEFAULT_LIMITS, type Limits } from "./maintenance/limits.ts";
export {
  checkIsolation,
  IsolationError,
  requireIsolation,
  type Isolation,
  type IsolationOptions,
} from "./maintenance/isolation.ts";
export { checkDurability, type Durability } from "./maintenance/durability.ts";
export {
  createLimitStore,
  type LimitStore,
  type LimitStoreOptions,
  type Spent,
} from "./maintenance/limit-store.ts";
export type { JanitorOptions } from "./maintenance/janitor.ts";
export type { ActOptions, PersonalData } from "./personal-data.ts";
export type { ObjectStore } from "./objects.ts";
export { ownerId } from "./arguments.ts";
export { readAnswer } from "./streams.ts";
export { createAiSdkReader } from "./streams/ai-sdk.ts";
export { toResponderError } from "./streams/failure.ts";
export { jsonOf } from "./streams/item.ts";
export type { Item, ItemReader } from "./streams/item.ts";
export type { NodeState, Overview, TableSize } from "./maintenance/overview.ts";
export type { UsageCounters, UsageTotal } from "./usage.ts";
export type { OutagePolicy, UnsavedAnswers } from "./turns/turns.ts";
export type { StoreCalls } from "./with-client.ts";
export {
  createDocsStore,
  type DocsQuery,
  type DocsStore,
  type DocsStoreOptions,
  type DocumentInput,
  type DocumentVersion,
  type FoundPassage,
  type PassageInput,
  type PassageQuery,
  type StoredDocument,
} from "./search/docs.ts";
export { EmbeddingRefused, type Embedding } from "./search/embedding.ts";
