/** Following a path inside given folders, without a look at anything outside them. */
import type { Stats } from 'node:fs';
import { lstat, readlink, realpath } from 'node:fs/promises';
import { isAbsolute, join, relative, resolve, sep } from 'node:path';

export type Followed =
  /** `path` has no links in it. */
  | { readonly kind: 'there'; readonly path: string; readonly stats: Stats }
  | { readonly kind: 'missing' }
  /** A link on the way leads back to where it was met. */
  | { readonly kind: 'circle' }
  /** More links on the way than are followed. */
  | { readonly kind: 'deep' }
  /** Told by the links alone: whether anything is there outside is not looked at. */
  | { readonly kind: 'outside' };

/** Links in one path; Linux follows as many (path_resolution(7)). */
export const MOST_LINKS = 40;

interface Root {
  /** As it was configured. */
  readonly path: string;
  /** Links resolved. */
  readonly real: string;
}

/** Folders as they are at one moment, links resolved. */
export class Roots {
  private constructor(
    private readonly roots: readonly Root[],
    /** Folders that are not there, as they were configured. */
    private readonly absent: readonly string[],
  ) {}

  static async at(folders: readonly string[]): Promise<Roots> {
    const real = await Promise.all(folders.map((path) => realpath(path).catch(() => undefined)));
    const roots = folders.flatMap((path, index) => {
      const there = real[index];
      return there === undefined ? [] : [{ path, real: there }];
    });
    return new Roots(
      roots,
      folders.filter((_path, index) => real[index] === undefined),
    );
  }

  /** @param path absolute */
  async follow(path: string): Promise<Followed> {
    let pending = path;
    const met = new Set<string>();
    while (met.size <= MOST_LINKS) {
      if (met.has(pending)) return { kind: 'circle' };
      met.add(pending);
      const start = this.#enter(pending);
      if (start === undefined) {
        const isAbsent = this.absent.some((folder) => segmentsWithin(folder, pending) !== undefined);
        return { kind: isAbsent ? 'missing' : 'outside' };
      }
      const step = await walk(start.real, start.segments);
      if (step.kind !== 'link') return step;
      pending = step.path;
    }
    return { kind: 'deep' };
  }

  /** Whether a path without links is to be shown to somebody who looks around: not with a hidden folder on the way. */
  isShown(real: string): boolean {
    return this.roots.some((root) => segmentsWithin(root.real, real)?.every(isShownName));
  }

  #enter(path: string): { real: string; segments: readonly string[] } | undefined {
    for (const root of this.roots) {
      const segments = segmentsWithin(root.real, path) ?? segmentsWithin(root.path, path);
      if (segments !== undefined) return { real: root.real, segments };
    }
    return undefined;
  }
}

export function isShownName(name: string): boolean {
  return !name.startsWith('.') && name !== 'node_modules';
}

/** @returns the names that lead from the folder to the path; undefined where it lies elsewhere */
export function segmentsWithin(folder: string, path: string): readonly string[] | undefined {
  const within = relative(folder, path);
  if (within === '..' || within.startsWith(`..${sep}`) || isAbsolute(within)) return undefined;
  return within === '' ? [] : within.split(sep);
}

async function walk(
  folder: string,
  segments: readonly string[],
): Promise<Extract<Followed, { kind: 'there' | 'missing' }> | { readonly kind: 'link'; readonly path: string }> {
  let path = folder;
  try {
    let stats = await lstat(path);
    for (const [index, segment] of segments.entries()) {
      const next = join(path, segment);
      stats = await lstat(next);
      if (stats.isSymbolicLink()) {
        return { kind: 'link', path: resolve(path, await readlink(next), ...segments.slice(index + 1)) };
      }
      path = next;
    }
    return { kind: 'there', path, stats };
  } catch {
    return { kind: 'missing' };
  }
}
