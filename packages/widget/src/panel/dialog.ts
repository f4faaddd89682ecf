import { sheetOf } from "./sheet.ts";

import dialogCss from "@chatkeep/react/styles/dialog.css?inline";

export { ConfirmDialog as View } from "@chatkeep/react";

/** The rules of dialogs. */
export const sheet: CSSStyleSheet = sheetOf(dialogCss);
