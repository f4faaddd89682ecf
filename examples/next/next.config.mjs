export default {
  output: "standalone",
  // Only because this folder lies inside another project, whose lockfile Next.js would take for the app's own.
  outputFileTracingRoot: import.meta.dirname,
  turbopack: { root: import.meta.dirname },
};
