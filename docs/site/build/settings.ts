import { fileURLToPath } from "node:url";

/** The repository's root, with a slash at its end. */
export const ROOT: string = fileURLToPath(new URL("../../../", import.meta.url));

/** Where files that are no page of the site are shown. */
export const REPOSITORY = "https://github.com/chatkeep/chatkeep";

const withSlash = (address: string): string => address.replace(/\/*$/, "/");

/** The address of the published site, with a slash at its end. Its path is the base of every link. */
export const SITE: string = withSlash(process.env["DOCS_URL"] ?? "https://chatkeep.github.io/chatkeep/");

/** The address of the Chatkeep server that answers in the widget. Empty: the site has no widget. */
export const CHATKEEP_URL: string = (process.env["CHATKEEP_URL"] ?? "").replace(/\/+$/, "");
