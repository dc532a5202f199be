/**
 * The grammar of scenario files. A file is scenes; a scene is a title, an internet, and steps:
 *
 *     # an alias is followed to another zone [RFC 1034 §5.3.3]
 *     hints a.root 192.0.2.1
 *     server 192.0.2.1 serves .
 *       com            3600 NS  a.gtld
 *       ! delay 30
 *     ask www.example.com A
 *       answer www.example.com 300 A 192.0.2.80
 *       sent 3
 *
 * Indented lines belong to the line above. `use FILE` takes the internet of another file.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Line {
  readonly words: readonly string[];
  readonly text: string;
  readonly number: number;
}

export interface Block extends Line {
  readonly lines: readonly Line[];
}

export interface Scene {
  readonly title: string;
  readonly file: string;
  readonly blocks: readonly Block[];
}

export const FOLDER = import.meta.dirname;

export function scenesOf(file: string): Scene[] {
  const scenes: { title: string; file: string; blocks: Block[] }[] = [];
  for (const block of blocksOf(file)) {
    if (block.text.startsWith('# ')) scenes.push({ title: block.text.slice(2), file, blocks: [] });
    else if (scenes.length === 0) throw new Error(`${file}:${block.number}: expected "# title" first`);
    else if (block.words[0] === 'use') scenes.at(-1)?.blocks.push(...blocksOf(block.words[1] ?? ''));
    else scenes.at(-1)?.blocks.push(block);
  }
  return scenes;
}

function blocksOf(file: string): Block[] {
  const blocks: (Line & { lines: Line[] })[] = [];
  const texts = readFileSync(join(FOLDER, file), 'utf8').split('\n');
  for (const [i, raw] of texts.entries()) {
    const text = raw
      .replace(/\s+;.*$/, '')
      .replace(/^;.*$/, '')
      .trimEnd();
    if (text.trim() === '') continue;
    const line = { words: text.trim().split(/\s+/), text: text.trim(), number: i + 1 };
    if (/^\s/.test(text)) {
      const block = blocks.at(-1);
      if (block === undefined) throw new Error(`${file}:${i + 1}: belongs to nothing`);
      block.lines.push(line);
    } else {
      blocks.push({ ...line, lines: [] });
    }
  }
  return blocks;
}
