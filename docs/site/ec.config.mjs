import { defineEcConfig } from "@astrojs/starlight/expressive-code";

/** The first element of a name, at any depth. */
function find(node, name) {
  if (node.tagName === name) return node;
  for (const child of node.children ?? []) {
    const found = find(child, name);
    if (found !== undefined) return found;
  }
  return undefined;
}

export default defineEcConfig({
  // On a phone a wrapped block is easier to read.
  defaultProps: { wrap: true },
  styleOverrides: { borderRadius: "0.5rem" },
  plugins: [
    {
      name: "Blocks that scroll take the keyboard",
      hooks: {
        // The page's script does it too, but late and as a landmark without a name. From blocks that do not scroll the
        // script takes it away.
        postprocessRenderedBlock: ({ renderData }) => {
          const block = find(renderData.blockAst, "pre");
          if (block !== undefined) block.properties.tabindex = "0";
        },
      },
    },
  ],
});
