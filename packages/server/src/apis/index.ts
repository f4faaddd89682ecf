/** What an API of your own is made of: `createServer({ apis: [(services) => [ownerRoute({ … })]] })`. */
export type { Api, ApiServices } from "./api.ts";
export { type Asking, type Begun, beginTurn, endingOf, questionId, settledTurn } from "./ask.ts";
export { type WritableRoles, requireRoles } from "./roles.ts";
export { unsavedTurnState } from "./unsaved.ts";
export { type AiSdkRequest, aiSdkRequest, answerAiSdk } from "./ai-sdk/chat.ts";
export { id, integer, time } from "./schema/field.ts";
export type { Health } from "./schema/health.ts";
export { json, jsonObject } from "./schema/json.ts";
export { failure } from "./schema/message.ts";
export { citation } from "./schema/part.ts";
export { privateJson } from "../http/router.ts";
export { type Call, type GuestCall, type Route, guestRoute, openRoute, ownerRoute } from "../http/route.ts";
export { streamFrames } from "../http/stream.ts";
export { SESSION_HEADER } from "../identity/caller.ts";
