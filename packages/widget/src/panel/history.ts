import { sheetOf } from "./sheet.ts";

import historyCss from "./history.css?inline";
import listCss from "@chatkeep/react/styles/list.css?inline";

export { HistoryView as View } from "./HistoryView.tsx";

/** The rules of the list and of what stands around it. */
export const sheet: CSSStyleSheet = sheetOf(listCss + historyCss);
