export { type Authenticate, authenticateSession } from "./authenticate.ts";
export { type Chatkeep, type ChatkeepOptions, createChatkeep } from "./chatkeep.ts";
export { authenticatePeople } from "./identity/people.ts";
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
export type { ServedHistory } from "./served-history.ts";
export { type FilesOptions, createFiles } from "./files.ts";
export { type ListenOptions, type Listener, listen } from "./listen.ts";
export { type Log, type LogOptions, createLog } from "./log.ts";
export type { Connection, Fetch } from "./router.ts";
export type { Call, Reply, Route, RouteInfo } from "./route.ts";
export type { Chapters } from "./routes/book.ts";
export type { Connections } from "./schema/admin.ts";
export type { Health } from "./schema/health.ts";
export { type RecentErrors, type RecentErrorsOptions, createRecentErrors } from "./recent-errors.ts";
export type { WritableRoles } from "./routes/messages.ts";
export { type Server, type ServerOptions, createServer } from "./server.ts";
