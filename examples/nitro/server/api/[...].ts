import { defineEventHandler, toWebRequest } from "h3";

import { chatkeep } from "../utils/chatkeep";

export default defineEventHandler(async (event) => {
  await chatkeep.migrate();
  return chatkeep.fetch(toWebRequest(event), { incoming: event.node.req });
});
