import { defineEventHandler, toWebRequest } from "h3";

import { chatkeep } from "../utils/chatkeep";

export default defineEventHandler((event) =>
  chatkeep.fetch(toWebRequest(event), { incoming: event.node.req }),
);
