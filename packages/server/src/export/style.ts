/** The style of an HTML export, for screens, light and dark, and for paper. */
export const STYLE = `
:root { color-scheme: light dark; font: 1rem/1.6 system-ui, sans-serif; }
body { margin: 0; }
main { max-width: 46rem; margin: auto; padding: 2rem 1rem; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; line-height: 1.3; }
article { margin: 1.5rem 0; break-inside: avoid-page; }
article.user { padding: 0.75rem 1rem; border-radius: 0.75rem; background: color-mix(in srgb, CanvasText 7%, Canvas); }
article.user p { margin: 0.25rem 0 0; }
header { font-size: 0.875rem; font-weight: 600; }
time { margin-inline-start: 0.5rem; font-weight: 400; opacity: 0.7; }
.text, pre { white-space: pre-wrap; }
pre { padding: 0.75rem; border-radius: 0.5rem; background: color-mix(in srgb, CanvasText 7%, Canvas); font-size: 0.875rem; }
blockquote { margin: 0.75rem 0; padding-inline-start: 1rem; border-inline-start: 3px solid color-mix(in srgb, CanvasText 25%, Canvas); }
table { border-collapse: collapse; }
th, td { padding: 0.25rem 0.6rem; border: 1px solid color-mix(in srgb, CanvasText 25%, Canvas); text-align: start; }
summary { cursor: pointer; opacity: 0.8; }
img { max-width: 100%; border-radius: 0.5rem; }
.file { opacity: 0.8; }
`;
