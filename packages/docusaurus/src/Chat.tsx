import type { Props } from "@chatkeep-original/DocVersionRoot";
import { useActiveDocContext } from "@docusaurus/plugin-content-docs/client";
import { useColorMode } from "@docusaurus/theme-common";
import { usePluginData } from "@docusaurus/useGlobalData";
import useIsBrowser from "@docusaurus/useIsBrowser";
import { type ReactNode, createElement } from "react";

import type { ChatkeepOptions } from "./options.ts";
import { useCitations } from "./useCitations.ts";

/** The widget, about the page that is shown. Its scope is the page's id, which outlives its address and its title. */
export function Chat({ version: { pluginId, docs } }: Pick<Props, "version">): ReactNode {
  const { endpoint, label } = usePluginData("chatkeep") as ChatkeepOptions;
  const { colorMode } = useColorMode();
  const { activeDoc: doc } = useActiveDocContext(pluginId);
  // The build on the server does not know the reader's colours, and React does not mend what it finds in the page.
  const isBrowser = useIsBrowser();
  useCitations();

  if (!isBrowser || doc === undefined) return null;
  return createElement("chatkeep-chat", {
    endpoint,
    label,
    // Two sets of docs may each have a page with this id.
    scope: pluginId === "default" ? doc.id : `${pluginId}:${doc.id}`,
    "scope-label": docs[doc.id]?.title,
    theme: colorMode,
  });
}
