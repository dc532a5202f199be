/**
 * Conversations of the resolver with a scripted internet, in virtual time: every `*.txt` here, scene by
 * scene. The grammar is told in `script.ts`.
 */
import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { FOLDER, scenesOf } from './script.ts';
import { Stage } from './stage.ts';

const files = readdirSync(FOLDER).filter((file) => file.endsWith('.txt') && !file.startsWith('internet'));

describe.each(files)('%s', (file) => {
  test.each(scenesOf(file).map((scene) => [scene.title, scene] as const))('%s', async (_, scene) => {
    await new Stage().play(scene);
  });
});

test('the same seed sends the same queries', async () => {
  const scenes = files.flatMap(scenesOf);
  expect(scenes.length).toBeGreaterThanOrEqual(40);
  const scene = scenes[0]!;
  const logs = [];
  for (const seed of [7, 7, 8]) {
    const stage = new Stage(seed);
    await stage.play(scene);
    logs.push(JSON.stringify(stage.internet.log));
  }
  expect(logs[0]).toBe(logs[1]);
  expect(logs[0]).not.toBe(logs[2]);
});
