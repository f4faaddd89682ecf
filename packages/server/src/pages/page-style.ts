/** The style sheet of the server's pages. It uses the system's fonts and loads nothing. */
export const PAGE_STYLE: string = `:root {
  color-scheme: light dark;
  --ground: light-dark(#ffffff, #1a1a19);
  --raised: light-dark(#f6f5f2, #232321);
  --line: light-dark(#e5e2db, #33332f);
  --text: light-dark(#1d1c19, #edece7);
  --soft: light-dark(#67645c, #a5a299);
  --accent: light-dark(#0d6b60, #5fd0bf);
  --accent-soft: light-dark(#e3f1ee, #17312d);
  --sans: ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  --mono: ui-monospace, "SF Mono", SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace;
}

* {
  box-sizing: border-box;
}

html {
  background: var(--ground);
  color: var(--text);
  font: 16px/1.6 var(--sans);
  scroll-padding-top: 4rem;
  -webkit-text-size-adjust: 100%;
}

body {
  margin: 0;
}

a {
  color: var(--accent);
  text-underline-offset: 0.2em;
  text-decoration-thickness: 1px;
}

:focus-visible {
  outline: 2px solid var(--accent);
  outline-offset: 2px;
  border-radius: 4px;
}

.skip {
  position: absolute;
  left: -100vw;
}

.skip:focus {
  left: 1rem;
  top: 0.75rem;
  z-index: 2;
  background: var(--ground);
  padding: 0.25rem 0.75rem;
}

.bar {
  position: sticky;
  top: 0;
  z-index: 1;
  display: flex;
  align-items: center;
  gap: 1rem;
  min-height: 3rem;
  padding: 0 1.5rem;
  background: var(--ground);
  border-bottom: 1px solid var(--line);
  font-size: 0.875rem;
  color: var(--soft);
}

.bar a {
  display: inline-flex;
  align-items: center;
  min-height: 2.75rem;
  text-decoration: none;
}

.bar a:first-child {
  color: var(--text);
  font-weight: 650;
}

.bar a:last-child:not(:first-child) {
  margin-left: auto;
}

.columns {
  display: grid;
  grid-template-columns: 17rem minmax(0, 1fr);
  max-width: 76rem;
  margin: 0 auto;
}

nav {
  position: sticky;
  top: 3rem;
  align-self: start;
  height: calc(100vh - 3rem);
  overflow: auto;
  padding: 1.5rem;
  border-right: 1px solid var(--line);
  font-size: 0.875rem;
}

nav ul {
  margin: 0;
  padding: 0;
  list-style: none;
}

nav a {
  display: block;
  padding: 0.3rem 0;
  color: var(--text);
  text-decoration: none;
}

nav .depth2 {
  margin-top: 1.25rem;
  font-weight: 650;
}

nav .depth2:first-child {
  margin-top: 0;
}

nav a:hover,
nav a[aria-current] {
  color: var(--accent);
}

main {
  min-width: 0;
  max-width: 53rem;
  padding: 2rem 2.5rem 6rem;
}

h1,
h2,
h3,
h4 {
  line-height: 1.25;
  letter-spacing: -0.01em;
  text-wrap: balance;
}

h1 {
  margin: 0 0 0.5rem;
  font-size: 2rem;
}

main h2 {
  margin: 3rem 0 1rem;
  font-size: 1.375rem;
}

main h3 {
  margin: 2rem 0 0.5rem;
  font-size: 1.0625rem;
}

main :is(h1, h2, h3, h4) > a {
  color: inherit;
  text-decoration: none;
}

main :is(h2, h3, h4):target {
  border-radius: 4px;
  background: var(--accent-soft);
  box-shadow: 0 0 0 0.35rem var(--accent-soft);
}

.note {
  color: var(--soft);
  font-size: 0.8125rem;
}

table {
  display: block;
  overflow-x: auto;
  margin: 0.75rem 0;
  border-collapse: collapse;
  font-size: 0.875rem;
}

th,
td {
  padding: 0.45rem 1rem 0.45rem 0;
  border-top: 1px solid var(--line);
  text-align: left;
  vertical-align: top;
}

code,
pre {
  font-family: var(--mono);
  font-size: 0.875em;
}

code {
  overflow-wrap: anywhere;
  padding: 0.1em 0.3em;
  background: var(--raised);
  border-radius: 4px;
}

pre {
  padding: 1rem;
  overflow: auto;
  background: var(--raised);
  border: 1px solid var(--line);
  border-radius: 10px;
  line-height: 1.5;
}

pre code {
  padding: 0;
  background: none;
}

blockquote {
  margin: 1rem 0;
  padding-left: 1rem;
  border-left: 3px solid var(--line);
  color: var(--soft);
}

hr {
  border: 0;
  border-top: 1px solid var(--line);
  margin: 2rem 0;
}

@media (max-width: 50rem) {
  .columns {
    grid-template-columns: minmax(0, 1fr);
  }

  nav {
    position: static;
    order: 2;
    height: auto;
    border-right: 0;
    border-top: 1px solid var(--line);
  }

  nav a {
    padding: 0.6rem 0;
  }

  main {
    padding: 1.5rem 1.25rem 4rem;
  }
}

.documents {
  padding-left: 1.5rem;
}

.documents li {
  padding: 0.35rem 0;
}

.turn {
  display: flex;
  justify-content: space-between;
  gap: 1rem;
  margin-top: 4rem;
  padding-top: 1.5rem;
  border-top: 1px solid var(--line);
}

.turn a {
  min-height: 2.75rem;
  text-decoration: none;
}

.turn a[rel="next"] {
  margin-left: auto;
  text-align: right;
}

.turn small {
  display: block;
  color: var(--soft);
}
`;
