export { watchSelection } from "@chatkeep/react";
