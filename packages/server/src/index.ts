export { type Authenticate, authenticatePeople, authenticateSession } from "./identity/caller.ts";
export { type Chatkeep, type ChatkeepOptions, createChatkeep } from "./chatkeep.ts";
export type { HostTurn, HostTurnOptions } from "./host-turn.ts";
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
  DEFAULT_STORAGE,
  type Rates,
  type RequestLimits,
  type RequestLimitsOptions,
  type StorageQuota,
  createRequestLimits,
} from "./limits/limits.ts";
export type { Connection } from "./http/connection.ts";
export type { ServedHistory } from "./history.ts";
export { type FilesOptions, createFiles } from "./pages/files.ts";
export { type ListenOptions, type Listener, listen } from "./listen.ts";
export type { MountedMigrateOptions } from "./migration.ts";
export { type Log, type LogOptions, createLog } from "./log.ts";
export { type NodeHandler, createNodeHandler } from "./node-handler.ts";
export type { Fetch } from "./http/router.ts";
export type { Call, Reply, Route, RouteInfo } from "./http/route.ts";
export type { Documents } from "./pages/documents.ts";
export type { Connections } from "./apis/native/admin.ts";
export type { Health } from "./apis/native/health.ts";
export { type RecentErrors, type RecentErrorsOptions, createRecentErrors } from "./errors.ts";
export type { Api, ApiServices } from "./apis/api.ts";
export type { WritableRoles } from "./apis/roles.ts";
export { type Server, type ServerOptions, createServer } from "./server.ts";
