export { GERMAN } from "@chatkeep/react";
