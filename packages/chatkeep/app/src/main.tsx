import { createClient } from "@chatkeep/protocol";
import { type Chat, createChat, openSession, openStorage } from "@chatkeep/react";

import "@chatkeep/react/styles.css";
import "./ground.css";
import { createRoot } from "react-dom/client";

import { Page } from "./Page.tsx";

import "./page.css";
import { createTheme } from "./theme.ts";

const storage = openStorage();
const theme = createTheme(storage);
const history = createClient({ baseUrl: "." });
const session = await openSession({ storage });
const root = createRoot(document.querySelector("#page") as Element);

let chat: Chat | undefined;
/** Anew when another tab has made the session: what belongs to another owner is not mixed in. */
function show(): void {
  const id = session.getSnapshot();
  chat?.close();
  chat = createChat({ history, owner: { kind: "session", id }, storage });
  root.render(<Page key={id} chat={chat} storage={storage} theme={theme} />);
}
session.subscribe(show);
show();
