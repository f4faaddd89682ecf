export { type Authenticate, authenticatePeople, authenticateSession } from "./identity/caller.ts";
export {
  type Chatkeep,
  type ChatkeepOptions,
  createChatkeep,
  type MountedMigrateOptions,
} from "./chatkeep.ts";
export { USER_HEADER, requireUser } from "./identity/caller.ts";
export type { KeySetOptions } from "./identity/key-set.ts";
export { type ServerKey, makeServerKey, readServerKeys } from "./identity/server-keys.ts";
export {
  type MintOptions,
  type TokenOptions,
  type VerifyToken,
  createTokenCheck,
  mintToken,
} from "./identity/tokens.ts";
export {
  DEFAULT_RATES,
  type Rates,
  type RequestLimits,
  type RequestLimitsOptions,
  createRequestLimits,
} from "./limits/limits.ts";
export { DEFAULT_STORAGE, type StorageQuota } from "./limits/storage.ts";
export type { ServedHistory } from "./history.ts";
export { type FilesOptions, createFiles } from "./pages/files.ts";
export { type ListenOptions, type Listener, listen } from "./listen.ts";
export { type Log, type LogOptions, createLog } from "./log.ts";
export type { Connection, Fetch } from "./http/router.ts";
export type { Call, Reply, Route, RouteInfo } from "./http/route.ts";
export type { Documents } from "./pages/documents.ts";
export type { Connections } from "./apis/schema/admin.ts";
export type { Health } from "./apis/schema/health.ts";
export { type RecentErrors, type RecentErrorsOptions, createRecentErrors } from "./errors.ts";
export type { Api, ApiServices } from "./apis/api.ts";
export type { WritableRoles } from "./apis/roles.ts";
export { type Server, type ServerOptions, createServer } from "./server.ts";
