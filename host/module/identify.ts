import type { Refusal } from '../abi/adapter';
import { identifySource } from './source-code';

export type FileKind =
  { readonly kind: 'core' } | { readonly kind: 'component' } | { readonly kind: 'other'; readonly refusal: Refusal };

const MAGIC = [0x00, 0x61, 0x73, 0x6d];
const CORE_VERSION = [0x01, 0x00, 0x00, 0x00];
/** Version 13 of layer 1 (Component Model, Binary.md). */
const COMPONENT_VERSION = [0x0d, 0x00, 0x01, 0x00];

/** Bytes at the start that are looked at when a file is no module. */
const LOOKED_AT = 1024;

const COPY_AGAIN = 'Copy or download the .wasm file again, and compare its size with the original.';
const GIVE_WASM = 'Give the .wasm file that the build writes.';

/** Says what kind of file this is by its first bytes; what it holds is never repeated. */
export function identify(bytes: Uint8Array): FileKind {
  if (startsWith(bytes, MAGIC)) return identifyWasm(bytes);
  const sign = SIGNATURES.find(({ at, bytes: expected }) => startsWith(bytes, expected, at ?? 0));
  return { kind: 'other', refusal: sign?.refusal ?? identifyText(bytes) ?? UNKNOWN };
}

function startsWith(bytes: Uint8Array, expected: readonly number[], at = 0): boolean {
  return expected.every((byte, index) => bytes[at + index] === byte);
}

function identifyWasm(bytes: Uint8Array): FileKind {
  if (startsWith(bytes, CORE_VERSION, 4)) return { kind: 'core' };
  if (startsWith(bytes, COMPONENT_VERSION, 4)) return { kind: 'component' };
  if (bytes.length < 8) {
    return other(
      'a WebAssembly file that is cut short',
      `it has only ${bytes.length} of the 8 bytes of a header`,
      COPY_AGAIN,
    );
  }
  const version = bytes.subarray(4, 8).join(' ');
  if (bytes[6] === 1 && bytes[7] === 0) {
    return other(
      'a WebAssembly component of an older draft',
      `its header says version ${bytes[4]} of the Component Model, and 13 is the one in use`,
      'Build it again with current tools (wasm-tools, cargo component, jco).',
    );
  }
  return other(
    'a WebAssembly module of another version',
    `its version bytes are ${version} instead of 1 0 0 0`,
    'Build it again with a current compiler.',
  );
}

function other(kind: string, because: string, remedy: string): FileKind {
  return { kind: 'other', refusal: { kind, because, remedy } };
}

const UNKNOWN: Refusal = {
  kind: 'no WebAssembly file',
  because: 'it does not start with the bytes 00 61 73 6d, as every module does',
  remedy: GIVE_WASM,
};

interface FileSignature {
  readonly at?: number;
  readonly bytes: readonly number[];
  readonly refusal: Refusal;
}

function text(value: string): number[] {
  return [...Buffer.from(value, 'latin1')];
}

function archive(kind: string, bytes: readonly number[], at = 0): FileSignature {
  return {
    at,
    bytes,
    refusal: { kind, because: 'it starts as such a file does', remedy: 'Unpack it and give the .wasm file inside.' },
  };
}

function native(kind: string, bytes: readonly number[]): FileSignature {
  return {
    bytes,
    refusal: {
      kind,
      because: 'it starts as machine code for one kind of computer does',
      remedy:
        'Build for a WebAssembly target instead (in Rust --target wasm32-unknown-unknown, in C --target=wasm32), ' +
        'and give the .wasm file, not what a runtime compiled from it ahead of time.',
    },
  };
}

function library(bytes: readonly number[]): FileSignature {
  return {
    bytes,
    refusal: {
      kind: 'a static library (.a)',
      because: 'it starts as an archive of object files does',
      remedy:
        'Link it into a module: in Rust set crate-type = ["cdylib"], in C link with wasm-ld (clang --target=wasm32).',
    },
  };
}

const SIGNATURES: readonly FileSignature[] = [
  archive('a ZIP archive', text('PK\x03\x04')),
  archive('a ZIP archive', text('PK\x05\x06')),
  archive('a gzip file', [0x1f, 0x8b]),
  archive('an xz file', text('\xfd7zXZ\0')),
  archive('a Zstandard file', [0x28, 0xb5, 0x2f, 0xfd]),
  archive('a bzip2 file', text('BZh')),
  archive('a 7-Zip archive', text("7z\xbc\xaf'\x1c")),
  archive('a tar archive', text('ustar'), 257),
  native('a Linux program or library (ELF)', text('\x7fELF')),
  native('a macOS program or library (Mach-O)', [0xcf, 0xfa, 0xed, 0xfe]),
  native('a macOS program or library (Mach-O)', [0xce, 0xfa, 0xed, 0xfe]),
  native('a macOS program or library (Mach-O)', [0xfe, 0xed, 0xfa, 0xcf]),
  native('a macOS program or library (Mach-O)', [0xfe, 0xed, 0xfa, 0xce]),
  native('a macOS universal binary or a Java class', [0xca, 0xfe, 0xba, 0xbe]),
  native('a Windows program or library (PE)', text('MZ')),
  native('LLVM bitcode', text('BC\xc0\xde')),
  library(text('!<arch>\n')),
  library(text('!<thin>\n')),
];

interface TextKind {
  readonly looksLike: RegExp;
  readonly refusal: Refusal;
}

/** What a text file may be, told by its first words after white space. */
const TEXT_KINDS: readonly TextKind[] = [
  {
    looksLike: /^version https:\/\/git-lfs/,
    refusal: {
      kind: 'a Git LFS pointer',
      because: 'it only says where Git LFS keeps the file',
      remedy: 'Run `git lfs pull` in the repository it came from, then give the file again.',
    },
  },
  {
    looksLike: /^(?:\(;|;;|\((?:module|component|func|import|memory|export)\b)/,
    refusal: {
      kind: 'WebAssembly text (.wat)',
      because: 'it starts as the text format does',
      remedy:
        'Translate it to the binary format, for instance with wat2wasm or `wasm-tools parse`, and give the .wasm file.',
    },
  },
  {
    looksLike: /^<(?:!doctype html|html|head|body)/i,
    refusal: {
      kind: 'a web page (HTML)',
      because: 'it starts as HTML does: often the error or log-in page of a download',
      remedy: 'Download the .wasm file again by its direct address.',
    },
  },
  {
    looksLike: /^<(?:\?xml|!doctype|[a-z])/i,
    refusal: { kind: 'an XML file', because: 'it starts as XML does', remedy: GIVE_WASM },
  },
  {
    looksLike: /^AGFzbQ/,
    refusal: {
      kind: 'a WebAssembly file as base64 text',
      because: 'it starts as a module in base64 does',
      remedy: 'Decode it first, for instance with `base64 -d`, and give the binary file.',
    },
  },
  {
    looksLike: /^\{\s*(?:"|\}|$)|^\[\s*(?:[[{"\]\d-]|true|false|null|$)/,
    refusal: { kind: 'a JSON file', because: 'it starts as JSON does', remedy: GIVE_WASM },
  },
  {
    looksLike: /^#!.*\bnode\b/,
    refusal: { kind: 'a JavaScript program', because: 'it starts with #! and node', remedy: GIVE_WASM },
  },
  {
    looksLike: /^#!(?!\[)/,
    refusal: { kind: 'a script', because: 'it starts with #!', remedy: GIVE_WASM },
  },
];

const EMPTY: Refusal = { kind: 'an empty file', because: 'it has no bytes', remedy: COPY_AGAIN };

function identifyText(bytes: Uint8Array): Refusal | undefined {
  if (bytes.length === 0) return EMPTY;
  if (bytes.length < MAGIC.length && bytes.every((byte, index) => byte === MAGIC[index])) {
    return { kind: 'a file that is cut short', because: `it has only ${bytes.length} bytes`, remedy: COPY_AGAIN };
  }
  const start = decodeStart(bytes);
  if (start === undefined) return undefined;
  const known = TEXT_KINDS.find(({ looksLike }) => looksLike.test(start));
  return (
    known?.refusal ??
    identifySource(start) ?? { kind: 'a text file', because: 'its first bytes are text', remedy: GIVE_WASM }
  );
}

/** The first characters without leading white space, or undefined when they are no text. */
function decodeStart(bytes: Uint8Array): string | undefined {
  const utf16 = startsWith(bytes, [0xff, 0xfe]) ? 'utf-16le' : startsWith(bytes, [0xfe, 0xff]) ? 'utf-16be' : undefined;
  const decoder = new TextDecoder(utf16 ?? 'utf-8', { fatal: true });
  let start: string;
  try {
    // streaming: a character cut at the end of the stretch is no error
    start = decoder.decode(bytes.subarray(0, LOOKED_AT), { stream: true });
  } catch {
    return undefined;
  }
  return hasControlCharacters(start) ? undefined : start.trimStart();
}

function hasControlCharacters(value: string): boolean {
  return [...value].some((character) => character < ' ' && !'\t\n\v\f\r'.includes(character));
}
