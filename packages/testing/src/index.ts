export { openBrowser } from "./browser.ts";
export { createDatabase, fileDatabase } from "./database.ts";
export type { Database, DatabaseOptions } from "./database.ts";
export { startDatabaseProxy } from "./database-proxy.ts";
export type { DatabaseProxy, Sleep } from "./database-proxy.ts";
export { CHILD_ENV } from "./environment.ts";
export { temporaryHome } from "./home.ts";
export type { TemporaryHome } from "./home.ts";
export { hostileBodies, largeBodies } from "./hostile.ts";
export type { HostileBody } from "./hostile.ts";
export { startIssuer } from "./issuer.ts";
export type { Issuer } from "./issuer.ts";
export { startModel } from "./model.ts";
export type {
  Model,
  ModelBody,
  ModelCall,
  ModelOptions,
  ModelRefusal,
  ModelReply,
  ModelRequest,
  ModelStep,
} from "./model.ts";
export { IS_MATRIX } from "./matrix.ts";
export { meaningOf } from "./model/embeddings.ts";
export { promptOf, sayFrom } from "./model/prompt.ts";
export type { PromptPart } from "./model/prompt.ts";
export { hasPgBouncer, startPgBouncer } from "./pgbouncer.ts";
export type { PgBouncer } from "./pgbouncer.ts";
export { hasPgDump, pgDump, pgRestore } from "./pgdump.ts";
export type { Ended } from "./pgdump.ts";
export { PGVECTOR_SETTINGS, hasPgvector } from "./pgvector.ts";
export { freePort } from "./port.ts";
export { oldestPostgres, startPostgres } from "./postgres.ts";
export type { Postgres, PostgresOptions } from "./postgres.ts";
export { startChatkeep } from "./process.ts";
export type { Chatkeep, ChatkeepOptions } from "./process.ts";
export { UNHURRIED, WAIT_TIMEOUT } from "./timeout.ts";
export { holdDeadlines, holdTimers, takeTimers } from "./timers.ts";
export type { TakenTimers } from "./timers.ts";
export { startStandby } from "./standby.ts";
export type { Standby, StandbyOptions } from "./standby.ts";
export { switchTlsOn } from "./tls.ts";
export { createScriptedResponder } from "./responder.ts";
export type { Run, ScriptedResponder, ScriptedResponderOptions } from "./responder.ts";
