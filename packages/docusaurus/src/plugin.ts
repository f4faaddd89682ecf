import { fileURLToPath } from "node:url";

import { type ChatkeepOptions, readOptions } from "./options.ts";
import { type DocsContent, pagesOf } from "./pages.ts";

/** What stays while a reader goes from page to page of the docs. */
const ROOT = "@theme/DocVersionRoot";

/** What is used of what Docusaurus gives a plugin. Source: `LoadContext` of `@docusaurus/types`. */
interface Context {
  readonly siteDir: string;
}

/** What a plugin may do when the content of all plugins is there. Source: `Plugin.allContentLoaded` of `@docusaurus/types`. */
interface AllContentLoaded {
  readonly allContent: Readonly<Record<string, unknown>>;
  readonly actions: {
    createData(name: string, data: object): Promise<string>;
    setGlobalData(data: unknown): void;
  };
}

/** The plugin as Docusaurus runs it. */
interface ChatkeepPlugin {
  readonly name: string;
  configureWebpack(config: { readonly resolve?: { readonly alias?: object } }): object;
  injectHtmlTags(): { readonly headTags: readonly object[] };
  allContentLoaded(loaded: AllContentLoaded): Promise<void>;
}

/** Puts the widget on every page of the docs: see {@link ChatkeepOptions}. */
export default function chatkeep({ siteDir }: Context, { endpoint, label }: ChatkeepOptions): ChatkeepPlugin {
  return {
    name: "chatkeep",
    configureWebpack({ resolve }) {
      const original = (resolve?.alias as Record<string, string> | undefined)?.[ROOT];
      if (original === undefined)
        throw new Error(
          "@chatkeep/docusaurus finds no theme for docs: the site needs one, such as the classic.",
        );
      // Around what the theme or the site has for it, wherever the plugin stands in the site's configuration.
      const own = fileURLToPath(new URL("./DocVersionRoot.js", import.meta.url));
      return {
        resolve: { alias: { [ROOT]: own, [ROOT.replace("@theme", "@chatkeep-original")]: original } },
      };
    },
    injectHtmlTags: () => ({
      headTags: [{ tagName: "script", attributes: { type: "module", src: `${endpoint}/widget.js` } }],
    }),
    async allContentLoaded({ allContent, actions }) {
      const docs = (allContent["docusaurus-plugin-content-docs"] ?? {}) as DocsContent;
      // In a file of its own, which is loaded when somebody opens the panel: it grows with the docs.
      await actions.createData("pages.json", pagesOf(docs, siteDir));
      actions.setGlobalData({ endpoint, label });
    },
  };
}

/** Docusaurus gives the plugin what this returns; its words stand in the message of a failed build. */
export function validateOptions({
  options,
}: {
  readonly options: Readonly<Record<string, unknown>>;
}): ChatkeepOptions & { readonly id: string } {
  // A site has one widget; Docusaurus keeps what an instance generates in a folder of this name.
  return { ...readOptions(options), id: "default" };
}
