import { chatkeep } from "../../../lib/chatkeep";

export const { DELETE, GET, PATCH, POST } = chatkeep.handlers;
