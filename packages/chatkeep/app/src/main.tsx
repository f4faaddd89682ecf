import { openSession, openStorage } from "@chatkeep/react";
import { createRoot } from "react-dom/client";

import "@chatkeep/react/styles.css";
import "./ground.css";
import { App } from "./App.tsx";
import { createIdentity } from "./identity.ts";
import { createLanguage } from "./language.ts";
import { createSidebarState } from "./sidebar-state.ts";
import { createTheme } from "./theme.ts";

import "./page.css";
import "./print.css";

const storage = openStorage();
const theme = createTheme(storage);
const language = createLanguage(storage);
const session = await openSession({ storage });
const identity = createIdentity({ session, storage, tab: openStorage(() => sessionStorage) });
createRoot(document.querySelector("#page") as Element).render(
  <App identity={identity} theme={theme} language={language} sidebar={createSidebarState(storage)} />,
);
