/** A small manual on one page's worth of configuration: docs, the classic theme, and Chatkeep. */
export default {
  title: "A small book of gardening",
  url: "https://garden.example",
  baseUrl: "/manual/",
  onBrokenLinks: "throw",
  plugins: [
    ["@docusaurus/plugin-content-docs", { routeBasePath: "/" }],
    ["@chatkeep/docusaurus", { endpoint: process.env.CHATKEEP_URL ?? "http://127.0.0.1:3000" }],
  ],
  themes: ["@docusaurus/theme-classic"],
  themeConfig: {
    navbar: { title: "A small book of gardening" },
    colorMode: { respectPrefersColorScheme: true },
  },
};
