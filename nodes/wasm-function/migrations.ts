import type { SavedFunction } from './configuration';

/** A change of the saved properties, so that flows saved before it go on working. */
export interface Migration {
  /** The version of the package that made the change. */
  readonly version: string;
  /** Whether a node was saved in the form from before the change. */
  applies(saved: SavedFunction): boolean;
  migrate(saved: SavedFunction): SavedFunction;
}

/** Oldest first. The properties are as version 0.1.0 made them; a change of them adds a step here. */
export const MIGRATIONS: readonly Migration[] = [];

export function migrate(saved: SavedFunction, migrations: readonly Migration[] = MIGRATIONS): SavedFunction {
  return migrations.reduce((before, step) => (step.applies(before) ? step.migrate(before) : before), saved);
}
