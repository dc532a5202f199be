import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { jsonSchema } from '../../src/control/schema.ts';

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: unknown;
  readonly description?: string;
  readonly default?: unknown;
}

function keysOf(schema: Schema, above = ''): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, inner]) => {
    const path = above === '' ? key : `${above}.${key}`;
    return inner.properties === undefined ? [path] : keysOf(inner, path);
  });
}

test('the JSON Schema knows every key and forbids others', () => {
  const schema = jsonSchema() as Schema;
  expect(schema.additionalProperties).toBe(false);
  expect(keysOf(schema)).toContain('recursion.neverQuery');
  expect(schema.properties?.recursion?.properties?.upstreamPort).toMatchObject({ default: 53 });
});

const manual = readFileSync(new URL('../../docs/CONFIGURATION.md', import.meta.url), 'utf8');

test.each(keysOf(jsonSchema() as Schema))('docs/CONFIGURATION.md explains %s', (key) => {
  expect(manual).toContain(`\`${key}\``);
});
