import { chatkeep } from "../../../lib/chatkeep";

async function handle(request: Request): Promise<Response> {
  await chatkeep.migrate();
  return chatkeep.fetch(request);
}

export { handle as DELETE, handle as GET, handle as PATCH, handle as POST };
