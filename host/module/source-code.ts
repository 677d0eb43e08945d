import type { Refusal } from '../abi/adapter';

interface Language {
  readonly looksLike: RegExp;
  readonly refusal: Refusal;
}

/**
 * What makes a module of one file, or of a crate, by language; NAME stands for the file's. They export every function
 * that is meant for others, so that they run as they are.
 */
export const BUILD_COMMANDS = {
  rust: 'wasm-pack build --target nodejs',
  c: 'clang --target=wasm32 -O2 -nostdlib -fvisibility=default -Wl,--no-entry -Wl,--export-dynamic -o NAME.wasm NAME.c',
  go: 'tinygo build -target=wasm-unknown -o NAME.wasm',
  zig: 'zig build-exe NAME.zig -target wasm32-freestanding -fno-entry -rdynamic -O ReleaseSmall',
  assemblyscript: 'npx -p assemblyscript asc NAME.ts -o NAME.wasm -O',
  wat: 'npx -p wabt wat2wasm NAME.wat -o NAME.wasm',
} as const;

/**
 * The command for a file, to be copied into a shell.
 * @param file its name; a header is part of the program of that name
 */
export function buildCommand(language: keyof typeof BUILD_COMMANDS, file: string): string {
  const stem = file.slice(0, file.lastIndexOf('.'));
  const ending = file.slice(stem.length).replace(/^\.h$/i, '.c');
  return BUILD_COMMANDS[language].replace(/NAME(\.\w+)/g, (_name, written: string) =>
    quoteForShell(`${stem}${written === '.wasm' ? written : ending}`),
  );
}

/** Blanks and signs mean something to a shell, and a name that begins with a dash is an option to the compiler. */
function quoteForShell(name: string): string {
  const path = name.startsWith('-') ? `./${name}` : name;
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}

const BUILD_FIRST =
  'Build it for a WebAssembly target first (wasm32), and give the .wasm file that the compiler writes.';

/** Source code that begins with a comment, and with no word behind it that tells the language. */
const UNKNOWN_LANGUAGE: Refusal = {
  kind: 'source code',
  because: 'it starts with a comment, as programs do',
  remedy: BUILD_FIRST,
};

function source(language: string, looksLike: RegExp, remedy: string): Language {
  return { looksLike, refusal: { kind: `${language} source code`, because: 'it starts as such code does', remedy } };
}

/** Told by the first words after comments. Languages share words: the more telling patterns come first. */
const LANGUAGES: readonly Language[] = [
  source(
    'Zig',
    /^(?:pub )?(?:const|var) \w+\b[^;]{0,80}= @import\(|^(?:pub |export )(?:inline )?fn \w+\([^)]*\) [\w.]+ \{/,
    `Build it first: \`${BUILD_COMMANDS.zig}\`.`,
  ),
  source(
    'Rust',
    /^(?:#!?\[|(?:pub(?:\([\w ]+\))? )?(?:async |unsafe |const |extern "C" )*fn \w|(?:pub )?use [\w:]+(?:::|;)|(?:pub )?mod \w+\s*[;{]|extern crate\b|(?:pub )?(?:const|static) (?:mut )?[A-Z_\d]+: (?:&|\[|(?:[iuf]\d+|[iu]size|bool)\b)|impl\b|pub (?:struct|enum|trait)\b)/,
    `Build it first: \`${BUILD_COMMANDS.rust}\` in its crate, then give the file of pkg/ that ends in _bg.wasm.`,
  ),
  source('Go', /^package \w+\s/, `Build it first: \`${BUILD_COMMANDS.go}\`, with //go:wasmexport before the function.`),
  source(
    'C or C++',
    /^(?:#\s*(?:include|define|pragma|ifn?def|if|undef)\b|typedef\b|extern "C"|template\s*<|namespace\b|using namespace\b|(?:(?:static|extern|inline|const|unsigned|signed|struct)\s+)*(?:void|int|char|short|long|float|double|bool|size_t|u?int\d+_t|__attribute__)\b)/,
    `Compile it first: \`${BUILD_COMMANDS.c}\` (in C++ with extern "C" before the function).`,
  ),
  {
    looksLike:
      /^(?:['"]use strict|(?:import|export|const|let|var|function|async|class|module|exports|require|interface|declare|\(function)\b)/,
    refusal: {
      kind: 'a JavaScript or TypeScript file',
      because: 'it starts as such a file does',
      remedy:
        'Give the .wasm file that stands beside it (of wasm-pack, the one that ends in _bg.wasm); ' +
        'AssemblyScript is compiled with asc first.',
    },
  },
];

/**
 * Whether text is source code, and of which language: what has to be done before there is a module.
 * @param start the first characters of the file, without leading white space
 */
export function identifySource(start: string): Refusal | undefined {
  const code = withoutComments(start);
  const known = LANGUAGES.find(({ looksLike }) => looksLike.test(code));
  return known?.refusal ?? (code === start ? undefined : UNKNOWN_LANGUAGE);
}

/** Comments of the C family at the start are left out, up to one that goes on beyond the stretch that is looked at. */
function withoutComments(text: string): string {
  let rest = text;
  for (;;) {
    const comment = /^(?:\/\/[^\n]*(?:\n|$)|\/\*[^]*?(?:\*\/|$))\s*/.exec(rest)?.[0];
    if (comment === undefined) return rest;
    rest = rest.slice(comment.length);
  }
}
