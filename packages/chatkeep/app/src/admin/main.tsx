import { openStorage } from "@chatkeep/react";
import { createRoot } from "react-dom/client";

import "@chatkeep/react/styles.css";
import "../ground.css";
import { createTheme } from "../theme.ts";
import { AdminPage } from "./AdminPage.tsx";
import { createOperator } from "./operator.ts";

import "./admin.css";

createTheme(openStorage());
// The key is kept by this tab alone, and no longer than it.
const operator = createOperator({ storage: openStorage(() => sessionStorage) });
createRoot(document.querySelector("#page") as Element).render(<AdminPage operator={operator} />);
