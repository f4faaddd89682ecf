import { chatkeep } from "../../../lib/chatkeep";

/** What a server does in the background. Vercel calls it as `vercel.json` says, with the project's CRON_SECRET. */
export async function GET(request: Request): Promise<Response> {
  const secret = process.env["CRON_SECRET"];
  if (secret === undefined || request.headers.get("authorization") !== `Bearer ${secret}`)
    return new Response(null, { status: 401 });
  await chatkeep.migrate();
  return Response.json({ steps: await chatkeep.history.maintain() });
}
