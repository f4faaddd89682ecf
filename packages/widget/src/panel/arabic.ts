export { ARABIC } from "@chatkeep/react";
