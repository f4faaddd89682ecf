// What is used of Docusaurus 3, whose packages (235 MB) are installed for the site of the example only.

declare module "@docusaurus/plugin-content-docs/client" {
  export function useActiveDocContext(pluginId: string): { readonly activeDoc?: { readonly id: string } };
}

declare module "@docusaurus/router" {
  export function useHistory(): { push(path: string): void };
}

declare module "@docusaurus/theme-common" {
  export function useColorMode(): { readonly colorMode: "light" | "dark" };
}

declare module "@docusaurus/useGlobalData" {
  export function usePluginData(name: string): unknown;
}

declare module "@docusaurus/useIsBrowser" {
  export default function useIsBrowser(): boolean;
}

declare module "@generated/chatkeep/default/pages.json" {
  const pages: Readonly<Record<string, string>>;
  export default pages;
}

declare module "@chatkeep-original/DocVersionRoot" {
  import type { FunctionComponent } from "react";

  /** One version of one set of docs. Source: `PropVersionMetadata` of the docs plugin. */
  export interface Props {
    readonly version: {
      readonly pluginId: string;
      readonly docs: Readonly<Record<string, { readonly title: string }>>;
    };
  }
  const DocVersionRoot: FunctionComponent<Props>;
  export default DocVersionRoot;
}
