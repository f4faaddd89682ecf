import { openSession, openStorage } from "@chatkeep/react";
import { createRoot } from "react-dom/client";

import "@chatkeep/react/styles.css";
import "./ground.css";
import { App } from "./App.tsx";
import { createIdentity } from "./identity.ts";
import { createLanguage } from "./language.ts";
import { createSidebarState } from "./sidebar-state.ts";
import { readSignedIn } from "./signing-in.ts";
import { createTheme } from "./theme.ts";

import "./page.css";
import "./print.css";

const storage = openStorage();
const theme = createTheme(storage);
const language = createLanguage(storage);
const session = await openSession({ storage });
const signedIn = await readSignedIn();
const identity = createIdentity({ session, storage, tab: openStorage(() => sessionStorage), signedIn });
await identity.bring();
const root = createRoot(document.querySelector("#page") as Element);
const token = new URLSearchParams(location.search).get("share");
if (token === null) {
  const sidebar = createSidebarState(storage);
  root.render(<App identity={identity} theme={theme} language={language} sidebar={sidebar} />);
} else {
  const { SharedApp } = await import("./share/SharedApp.tsx");
  root.render(<SharedApp token={token} identity={identity} language={language} />);
}
