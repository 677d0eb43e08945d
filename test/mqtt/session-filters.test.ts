import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { SessionFilters } from '#dist/mqtt/session-filters';

describe('the file of what sessions are subscribed to', () => {
  test('keeps what was set and not deleted, and says when it cannot be read', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sessions-'));
    const file = join(folder, 'sessions.json');
    const warnings: string[] = [];
    const open = () => new SessionFilters(file, (text) => warnings.push(text));
    const filters = open();
    filters.set('a', ['x/#']);
    filters.set('b', ['y']);
    filters.set('a', ['x/#', 'z']);
    filters.delete('b');
    await filters.written();
    assert.deepEqual(open().get('a'), ['x/#', 'z']);
    assert.deepEqual(open().get('b'), []);
    assert.deepEqual(warnings, []);
    await writeFile(file, '{');
    assert.deepEqual(open().get('a'), []);
    assert.match(warnings[0] ?? '', /sessions\.json cannot be read/);
    await rm(folder, { recursive: true });
  });
});
