/**
 * Each `golden/zone/NN-topic.zone` and what becomes of it: its records as text, then complaints. `vitest -u`
 * writes the expected side anew; read the difference before you commit it.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { nameFromText } from '../../src/wire/name.ts';
import { type Complaint, complaintText } from '../../src/zone/complaint.ts';
import { parseZone } from '../../src/zone/parser.ts';
import { recordTexts } from '../support/records.ts';

const folder = join(import.meta.dirname, '../golden/zone');
const topics = readdirSync(folder).flatMap((file) => (file.endsWith('.zone') ? [file.slice(0, -5)] : []));

test.each(topics)('%s', async (topic) => {
  const complaints: Complaint[] = [];
  const apex = nameFromText('example.') as Uint8Array;
  const records = parseZone({ apex, file: join(folder, `${topic}.zone`), root: folder }, complaints);
  const lines = [...recordTexts(records), ...complaints.map(complaintText)];
  const text = lines
    .map((line) => `${line.replaceAll(`${folder}/`, '').replaceAll(folder, 'zones')}\n`)
    .join('');
  await expect(text).toMatchFileSnapshot(join(folder, `${topic}.expected`));
});
