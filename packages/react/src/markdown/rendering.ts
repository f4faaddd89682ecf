export { EXTENSIONS } from "./extensions.ts";
export { MarkdownBlocks } from "./MarkdownBlocks.tsx";
