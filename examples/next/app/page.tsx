import { loadMessages } from "@chatkeep/adapters/ai-sdk";
import type { ReactNode } from "react";

import { chatkeep } from "../lib/chatkeep";
import { signIn, signedInUser } from "../lib/user";
import { Chat } from "./chat";

async function signInAs(form: FormData): Promise<void> {
  "use server";
  await signIn(form.get("name") as string);
}

export default async function Page(): Promise<ReactNode> {
  const user = await signedInUser();
  if (user === undefined) {
    return (
      <form action={signInAs}>
        <input name="name" aria-label="Your name" required />
        <button>Sign in</button>
      </form>
    );
  }
  await chatkeep.migrate();
  const { history } = chatkeep;
  const owner = { kind: "user", id: user } as const;
  const { conversation } = await history.createConversation(owner, { scope: "home" });
  const messages = await loadMessages({ history, owner, chatId: conversation.id });
  return (
    <main>
      <h1>{user}</h1>
      <Chat id={conversation.id} messages={messages} />
    </main>
  );
}
