export { openCitation } from "./citation.ts";
export { clearPassage, showPassage } from "./passage.ts";
