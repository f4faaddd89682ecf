import { type Plugin, minifySync } from "vite";

/**
 * What is known here and not in marked: no option is ever set, so its other grammars and its extensions are never
 * used. The lexer of GitHub's grammar is 10 KB of the panel's 42; with all the rest marked would be 16.
 */
const KNOWN: readonly (readonly [RegExp, string])[] = [
  [/this\.options\.(?:pedantic|breaks|silent)\b/g, "false"],
  [/this\.options\.gfm\b/g, "true"],
  [/this\.options\.(?:extensions|hooks)\?\./g, "null?."],
  [/=\{normal:\w+,gfm:(\w+),(?:breaks:\w+,)?pedantic:\w+\}/g, "={normal:$1,gfm:$1}"],
  [/this\.tokenizer\.(\w+)!==\w+\.prototype\.\1/g, "false"],
  [/this\.tokenizer\.(\w+)===\w+\.prototype\.\1/g, "true"],
  [/static get rules\(\)\{[^}]*\}\}static lex\(\w,\w\)\{[^}]*\}static lexInline\(\w,\w\)\{[^}]*\}/g, ""],
  // What GitHub's grammar puts in place of the first one's.
  [/lheading:\w+,(list:\w+,newline:\w+,)paragraph:\w+,table:\w+,/g, "$1"],
  [/\{_backpedal:\w+,(anyPunctuation:)/g, "{$1"],
  [/(code:\w+,)del:\w+,delLDelim:\w+,delRDelim:\w+,emStrongLDelim:\w+,emStrongRDelimAst:\w+,/g, "$1"],
  [/,text:\w+,url:\w+\}/g, "}"],
  // The default instance, which is made at import and keeps everything.
  [
    /var (\w+)=new \w+;function \w+\(\w+,\w+\)\{return \1\.parse[^]*?\b(\w+) as Lexer\b[^]*/g,
    "export{$2 as Lexer};",
  ],
];
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

/** Leaves of marked what its lexer needs for answers. Fails when marked is built otherwise than this knows. */
export function markedLexer(): Plugin {
  return {
    name: "chatkeep-marked-lexer",
    transform: {
      filter: { id: /\/marked\.esm\.js$/ },
      handler(code) {
        const compose = COMPOSE.exec(code)?.[1];
        if (compose === undefined || !KNOWN.every(([what]) => code.search(what) !== -1))
          this.error("marked is built otherwise now: compare it with marked-lexer.ts.");
        const known = KNOWN.reduce((all, [what, value]) => all.replace(what, value), code);
        const { errors, ...lexer } = minifySync("marked.js", known, {
          module: true,
          compress: { treeshake: { manualPureFunctions: [compose] } },
          mangleProps: { include: /^[a-z]\w+$/i, reserved: [...TOKEN, ...LANGUAGE] },
        });
        for (const { message } of errors) this.error(message);
        return { code: lexer.code, map: null };
      },
    },
  };
}
