import starlight from "@astrojs/starlight";
import { defineConfig } from "astro/config";
import starlightOpenAPI, { openAPISidebarGroups } from "starlight-openapi";
import starlightTypeDoc from "starlight-typedoc";

import { checkLinks } from "./build/links.ts";
import { writePages } from "./build/pages.ts";
import { reference } from "./build/reference.ts";
import { REPOSITORY, SITE } from "./build/settings.ts";

const { origin, pathname } = new URL(SITE);
const guide = writePages();

export default defineConfig({
  site: origin,
  base: pathname,
  trailingSlash: "always",
  devToolbar: { enabled: false },
  integrations: [
    starlight({
      title: "Chatkeep",
      description: "Conversation memory for AI chat, on PostgreSQL.",
      favicon: "/icon.svg",
      customCss: ["./src/styles.css"],
      // Beside the page, not in it: there the widget would be under the table of contents.
      components: {
        PageFrame: "./src/components/PageFrame.astro",
        MarkdownContent: "./src/components/MarkdownContent.astro",
        PageTitle: "./src/components/PageTitle.astro",
      },
      // A word in a title weighs what src/search.ts says: by default the names of 500 types come first.
      pagefind: { ranking: { metaWeights: { title: 0 } } },
      social: [{ icon: "github", label: "GitHub", href: REPOSITORY }],
      plugins: [
        starlightTypeDoc(reference),
        starlightOpenAPI([{ base: "http", schema: "../../packages/server/openapi.json" }]),
      ],
      sidebar: [
        ...guide,
        { label: "HTTP reference", collapsed: true, items: openAPISidebarGroups },
        { label: "TypeScript reference", slug: "reference" },
        { label: "Decisions", collapsed: true, items: [{ autogenerate: { directory: "decisions" } }] },
      ],
    }),
    checkLinks,
  ],
});
