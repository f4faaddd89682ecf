/** The pieces of an API of your own: `createServer({ apis: [(services) => [ownerRoutes("Mine")("GET /mine", { … })]] })`. */
export type { Api, ApiServices } from "./api.ts";
export { type Asking, type Begun, beginTurn, endingOf, questionId, settledTurn } from "./ask.ts";
export { type WritableRoles, requireRoles } from "./roles.ts";
export { unsavedTurnState } from "./unsaved.ts";
export { type AiSdkRequest, aiSdkRequest, answerAiSdk } from "./ai-sdk/chat.ts";
export type { Health } from "./native/health.ts";
export { citation, failure } from "./native/message.ts";
export { cursor, id, integer, json, jsonObject, pageLimit, time } from "../http/fields.ts";
export { privateJson } from "../http/router.ts";
export {
  type Call,
  type GuestCall,
  type MakeRoute,
  type MakeRoutes,
  type Route,
  guestRoutes,
  openRoutes,
  ownerRoutes,
} from "../http/route.ts";
export { streamFrames } from "../http/stream.ts";
export { SESSION_HEADER } from "../identity/caller.ts";
