import type { LanguageFn } from "highlight.js";

/** A language whose code is coloured. */
interface Language {
  /** The extensions of its files, the usual one first. Fences may use them too. */
  readonly files: readonly string[];
  /** Its other names in fences. */
  readonly names: readonly string[];
  readonly load: () => Promise<{ readonly default: LanguageFn }>;
}

const language = (files: string, names: string, load: Language["load"]): Language => ({
  files: files.split(" "),
  names: names.split(" "),
  load,
});

/** The languages that models write most; others stay in one colour. */
export const LANGUAGES: ReadonlyMap<string, Language> = new Map(
  Object.entries({
    bash: language("sh zsh", "shell", () => import("highlight.js/lib/languages/bash")),
    c: language("c h", "", () => import("highlight.js/lib/languages/c")),
    cpp: language("cpp cc hpp", "c++", () => import("highlight.js/lib/languages/cpp")),
    csharp: language("cs", "c#", () => import("highlight.js/lib/languages/csharp")),
    css: language("css", "", () => import("highlight.js/lib/languages/css")),
    dart: language("dart", "", () => import("highlight.js/lib/languages/dart")),
    diff: language("diff patch", "", () => import("highlight.js/lib/languages/diff")),
    dockerfile: language("dockerfile", "docker", () => import("highlight.js/lib/languages/dockerfile")),
    elixir: language("ex exs", "", () => import("highlight.js/lib/languages/elixir")),
    go: language("go", "golang", () => import("highlight.js/lib/languages/go")),
    graphql: language("graphql gql", "", () => import("highlight.js/lib/languages/graphql")),
    haskell: language("hs", "", () => import("highlight.js/lib/languages/haskell")),
    http: language("http", "", () => import("highlight.js/lib/languages/http")),
    ini: language("ini toml conf", "", () => import("highlight.js/lib/languages/ini")),
    java: language("java", "", () => import("highlight.js/lib/languages/java")),
    javascript: language("js jsx mjs cjs", "node", () => import("highlight.js/lib/languages/javascript")),
    json: language("json jsonc json5", "", () => import("highlight.js/lib/languages/json")),
    kotlin: language("kt kts", "", () => import("highlight.js/lib/languages/kotlin")),
    latex: language("tex", "", () => import("highlight.js/lib/languages/latex")),
    lua: language("lua", "", () => import("highlight.js/lib/languages/lua")),
    makefile: language("mk", "make", () => import("highlight.js/lib/languages/makefile")),
    markdown: language("md mdx", "", () => import("highlight.js/lib/languages/markdown")),
    nginx: language("conf", "", () => import("highlight.js/lib/languages/nginx")),
    perl: language("pl", "", () => import("highlight.js/lib/languages/perl")),
    php: language("php", "", () => import("highlight.js/lib/languages/php")),
    powershell: language("ps1", "pwsh", () => import("highlight.js/lib/languages/powershell")),
    python: language("py", "python3", () => import("highlight.js/lib/languages/python")),
    r: language("r", "", () => import("highlight.js/lib/languages/r")),
    ruby: language("rb", "", () => import("highlight.js/lib/languages/ruby")),
    rust: language("rs", "", () => import("highlight.js/lib/languages/rust")),
    scala: language("scala", "", () => import("highlight.js/lib/languages/scala")),
    scss: language("scss sass", "", () => import("highlight.js/lib/languages/scss")),
    shell: language("txt", "console terminal", () => import("highlight.js/lib/languages/shell")),
    sql: language(
      "sql",
      "psql postgres postgresql mysql sqlite",
      () => import("highlight.js/lib/languages/sql"),
    ),
    swift: language("swift", "", () => import("highlight.js/lib/languages/swift")),
    typescript: language("ts tsx mts cts", "", () => import("highlight.js/lib/languages/typescript")),
    xml: language("xml html svg vue xhtml", "", () => import("highlight.js/lib/languages/xml")),
    yaml: language("yaml yml", "", () => import("highlight.js/lib/languages/yaml")),
  }),
);

const BY_FENCE = new Map(
  [...LANGUAGES].flatMap(([name, { files, names }]) =>
    [...files, ...names, name].map((each) => [each, name]),
  ),
);

/** The name of the language that a fence names; `undefined` when its code is not coloured. */
export function languageOf(fence: string): string | undefined {
  return BY_FENCE.get(fence.toLowerCase());
}

/** The file extension of the language that a fence names. */
export function fileEndingOf(fence: string): string {
  const files = LANGUAGES.get(languageOf(fence) ?? "")?.files ?? ["txt"];
  return files.find((ending) => ending === fence.toLowerCase()) ?? files[0] ?? "txt";
}
