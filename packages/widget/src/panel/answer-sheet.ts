import { sheetOf } from "./sheet.ts";

import markdownCss from "@chatkeep/react/styles/markdown.css?inline";

/** The rules of answers. */
export const answerSheet: CSSStyleSheet = sheetOf(markdownCss);
