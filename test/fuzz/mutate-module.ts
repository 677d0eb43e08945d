import { HEADER, leb, text } from '../support/wasm-builder';
import { join, mutateBytes, mutateNumber } from './mutate';
import type { Random } from './random';

/** A module as a list of sections, which is what most mutations are about. */
export interface Sections {
  readonly list: readonly Section[];
}

interface Section {
  readonly id: number;
  readonly content: Uint8Array;
}

const CUSTOM_NAMES = [
  'producers',
  'target_features',
  'name',
  'linking',
  'dylink.0',
  'sourceMappingURL',
  '__proto__',
  '',
];

/** Takes a well-formed module apart. */
export function takeApart(bytes: Uint8Array): Sections {
  const list: Section[] = [];
  for (let at = HEADER.length; at < bytes.length;) {
    const id = bytes[at] ?? 0;
    let size = 0;
    let shift = 0;
    for (at += 1; ; at += 1, shift += 7) {
      const byte = bytes[at] ?? 0;
      size += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) break;
    }
    at += 1;
    list.push({ id, content: bytes.subarray(at, at + size) });
    at += size;
  }
  return { list };
}

export function putTogether({ list }: Sections): Uint8Array {
  return join(HEADER, ...list.flatMap(({ id, content }) => [[id, ...leb(content.length)], content]));
}

/**
 * A module with the same imports, exports and types, and bodies of three bytes: small, so that mutations meet
 * what is read rather than code.
 */
export function skeleton(bytes: Uint8Array): Uint8Array {
  const list = takeApart(bytes).list.flatMap(({ id, content }) => {
    if (id === 11 || id === 12) return [];
    if (id !== 10) return [{ id, content: content.length > 4000 && id === 0 ? content.subarray(0, 200) : content }];
    const count = content.subarray(0, 1 + content.findIndex((byte) => byte < 0x80));
    const bodies = Array.from({ length: decode(count) }, () => [3, 0, 0, 0x0b]).flat();
    return [{ id, content: join(count, bodies) }];
  });
  return putTogether({ list });
}

function decode(bytes: Uint8Array): number {
  return bytes.reduce((value, byte, index) => value + (byte & 0x7f) * 2 ** (7 * index), 0);
}

/** A few changes to one of the modules, mostly of one, most of which leave a module that can be read on. */
export function mutateModule(seeds: readonly Sections[], random: Random): Uint8Array {
  let sections = random.pick(seeds);
  const changes = 1 + random.below(random.oneIn(3) ? 8 : 2);
  for (let change = 0; change < changes; change += 1) sections = change1(sections, seeds, random);
  const bytes = putTogether(sections);
  if (!random.oneIn(6)) return bytes;
  return random.oneIn(3) ? bytes.subarray(0, random.below(bytes.length + 1)) : mutateBytes(bytes, random);
}

function change1({ list }: Sections, seeds: readonly Sections[], random: Random): Sections {
  if (list.length === 0) return random.pick(seeds);
  const index = random.below(list.length);
  const section = list[index] ?? { id: 0, content: new Uint8Array(0) };
  const { id, content } = section;
  const replaced = (...by: readonly Section[]): Sections => ({
    list: [...list.slice(0, index), ...by, ...list.slice(index + 1)],
  });
  const other = random.pick(seeds).list;
  switch (random.below(22)) {
    case 0: // twice
      return replaced(section, section);
    case 1: // not at all
      return replaced();
    case 2: {
      // out of order
      const at = random.below(list.length);
      const moved = list.filter((each) => each !== section);
      return { list: [...moved.slice(0, at), section, ...moved.slice(at)] };
    }
    case 3: // cut short
      return replaced({ id, content: content.subarray(0, random.below(content.length + 1)) });
    case 4: {
      // the same section of another module
      const same = other.filter((each) => each.id === id);
      return same.length === 0 ? { list } : replaced(random.pick(same));
    }
    case 5: // any section of another module
      return other.length === 0 ? { list } : replaced(section, random.pick(other));
    case 6: // the beginning of one, the end of another
      return { list: [...list.slice(0, index), ...other.slice(random.below(other.length + 1))] };
    case 7: // more or fewer items than it says
      return replaced({ id, content: mutateNumber(content, 0, random) });
    case 8: // one more item, which is the copy of a stretch
      return replaced({ id, content: repeatStretch(content, random) });
    case 9:
      return replaced(section, customSection(random));
    case 10:
      return replaced({ id: random.below(16), content });
    default:
      return replaced({ id, content: mutateBytes(content, random) });
  }
}

function repeatStretch(content: Uint8Array, random: Random): Uint8Array {
  const at = Math.min(content.length, 1 + random.below(content.length + 1));
  const stretch = content.subarray(at, at + 1 + random.below(12));
  const times = 1 + random.below(3);
  const copies = Array.from({ length: times }, () => stretch);
  return join([((content[0] ?? 0) + times) & 0x7f], content.subarray(1, at), ...copies, content.subarray(at));
}

function customSection(random: Random): Section {
  const name = random.oneIn(5) ? random.bytes(1 + random.below(4)) : undefined;
  const head = name === undefined ? text(random.pick(CUSTOM_NAMES)) : [...leb(name.length), ...name];
  return { id: 0, content: join(head, random.bytes(random.below(30))) };
}
