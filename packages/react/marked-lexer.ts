import { type Plugin, minifySync } from "vite";

/**
 * What is known here and not in marked: no option is ever set, so its other grammars and its extensions are never
 * used, and no more is read of a token than {@link TOKEN}.
 */
const KNOWN: readonly (readonly [RegExp, string])[] = [
  [/this\.options\.(?:pedantic|breaks|silent)\b/g, "false"],
  [/this\.options\.gfm\b/g, "true"],
  [/this\.options\.(?:extensions|hooks)\?\./g, "null?."],
  [/this\.tokenizer\.(\w+)!==\w+\.prototype\.\1/g, "false"],
  [/this\.tokenizer\.(\w+)===\w+\.prototype\.\1/g, "true"],
  [/static get rules\(\)\{[^}]*\}\}static lex\(\w,\w\)\{[^}]*\}static lexInline\(\w,\w\)\{[^}]*\}/g, ""],
  // The options themselves.
  [/function (\w+)\(\)\{return\{async:[^}]*\}\}var (\w+)=\1\(\);function \w+\(\w\)\{\2=\w\}/g, ""],
  [
    /this\.options=\w\|\|\w+,this\.options\.tokenizer=[^,]*(new \w+),(this\.tokenizer=)[^,]*,[^,]*,/g,
    "$2$1,",
  ],
  [/(class\{)options;rules;(lexer;)constructor\(\w\)\{this\.options=[^}]*\}/g, "$1$2"],
  // The rules, of which one grammar's are left, and need not be looked up.
  [/let \w=\{other:\w+,block:\w+\.normal[^{}]*\};[^{}]*,this\.tokenizer\.rules=\w\}/g, "}"],
  [/,\w+=\{normal:[^{}]*\},\w+=\{normal:[^{}]*\};/g, ";"],
  [/\b(?:this\.(?:tokenizer\.)?rules|\w)\.(other|block|inline)\b(?=[.,;)])/g, "rules_$1"],
  [/,this\.rules\)/g, ")"],
  // Rules that only the other grammars or the renderer have.
  [/outputLinkReplace:.*?,(?=indentCodeCompensation:)/g, ""],
  [/listReplaceNesting:.*?,(?=listIsTask:)/g, ""],
  [/pedanticHrefTitle:.*?,(?=unicodeAlphaNumeric:)/g, ""],
  [/escapeTest:.*?,(?=caret:)/g, ""],
  [/percentDecode:.*?,(?=findPipe:)/g, ""],
  [/spaceLine:.*?,(?=listItemRegex:)/g, ""],
  [/pedanticHeadingBeginRegex:.*?,(?=htmlBeginRegex:)/g, ""],
  // What GitHub's grammar puts in place of the first one's.
  [/lheading:\w+,(list:\w+,newline:\w+,)paragraph:\w+,table:\w+,/g, "$1"],
  [/\{_backpedal:\w+,(anyPunctuation:)/g, "{$1"],
  [/(code:\w+,)del:\w+,delLDelim:\w+,delRDelim:\w+,emStrongLDelim:\w+,emStrongRDelimAst:\w+,/g, "$1"],
  [/,text:\w+,url:\w+\}/g, "}"],
  // Of a token.
  [/codeBlockStyle:"indented",/g, ""],
  [/block:!0,(raw:\w,)pre:.*?,(?=text:)/g, "$1"],
  [/inLink:this\.lexer\.state\.inLink,inRawBlock:this\.lexer\.state\.inRawBlock,block:!1,/g, ""],
  [/,title:(?:\w&&\w\.replace\([^)]*\)|\w(?:\.title)?)(?=[,}])/g, ""],
  // Every browser that knows a popover knows a lookbehind.
  [/(\w+)=\(\(\w=""\)=>\{try\{return!!new RegExp\(.*?\)\(\)/g, "$1=true"],
  // The default instance, which is made at import and keeps everything.
  [
    /var (\w+)=new \w+;function \w+\(\w+,\w+\)\{return \1\.parse[^]*?\b(\w+) as Lexer\b[^]*/g,
    "export{$2 as Lexer};",
  ],
];
/** The rules that are used, by the name that {@link KNOWN} gives them. */
const RULES = {
  other: /(\w+)=\{codeRemoveIndent:/,
  block: /\{normal:\w+,gfm:(\w+),pedantic:/,
  inline: /\{normal:\w+,gfm:(\w+),breaks:/,
};
/** The function that puts a regular expression together, and does nothing else. */
const COMPOSE = /function (\w+)\(\w+,\w+=""\)\{let \w+=typeof \w+=="string"/;
/** What is read of the lexer and of a token. Every other name is marked's own. */
const TOKEN =
  "lex type raw text tokens depth ordered start items task checked header rows align lang href autolink".split(
    " ",
  );
/** Names of the language; the last few belong to each value itself. */
const LANGUAGE = [String, Array, RegExp, WeakMap, Object, Number, Math, console]
  .flatMap((type) => [
    ...Object.getOwnPropertyNames(type),
    ...("prototype" in type ? Object.getOwnPropertyNames(type.prototype) : []),
  ])
  .concat("lastIndex", "index", "length");

/**
 * Leaves of marked's module what its lexer needs for answers: 9.5 KB of 15.6. Its notice stays. Throws when marked is
 * built otherwise than this knows.
 */
export function cutLexer(code: string): string {
  const compose = COMPOSE.exec(code)?.[1];
  const [notice] = /^\/\*\*[^]*?\*\//.exec(code) ?? [];
  const rules = Object.entries(RULES).map(([name, what]) => `rules_${name}=${what.exec(code)?.[1]}`);
  if (compose === undefined || notice === undefined || !KNOWN.every(([what]) => code.search(what) !== -1))
    throw new Error("marked is built otherwise now: compare it with marked-lexer.ts.");
  const known = KNOWN.reduce((all, [what, value]) => all.replace(what, value), code);
  const { errors, ...lexer } = minifySync("marked.js", `${known}const ${rules.join(",")};`, {
    module: true,
    compress: { treeshake: { manualPureFunctions: [compose], propertyReadSideEffects: false } },
    mangleProps: { include: /^[a-z]\w+$/i, reserved: [...TOKEN, ...LANGUAGE] },
  });
  for (const { message } of errors) throw new Error(message);
  return `${notice.replace("/**", "/*!")}\n${lexer.code}\n`;
}

/** Puts what is left of marked in its place; see {@link cutLexer}. */
export function markedLexer(): Plugin {
  return {
    name: "chatkeep-marked-lexer",
    transform: {
      filter: { id: /\/marked\.esm\.js$/ },
      handler: (code) => ({ code: cutLexer(code), map: null }),
    },
  };
}
