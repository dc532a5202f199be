/**
 * Lists of rules from text, as tests ask them.
 */
import { compileList } from '../../src/rules/compile.ts';
import { RuleImage } from '../../src/rules/image.ts';
import type { RuleListSettings } from '../../src/rules/settings.ts';
import { HashedName } from '../../src/wire/hashed-name.ts';
import { type Name, nameFromText } from '../../src/wire/name.ts';
import { type Complaint, complaintText } from '../../src/zone/complaint.ts';

type Format = RuleListSettings['format'];

export function compiled(format: Format, text: string | Uint8Array, told: Partial<RuleListSettings> = {}) {
  const complaints: Complaint[] = [];
  const list = {
    name: 'ads',
    file: 'ads.txt',
    text: '',
    format,
    answer: 'nxdomain',
    ttlSeconds: 60,
  } as const;
  const image = compileList({ ...list, ede: undefined, ...told }, Buffer.from(text), complaints);
  return {
    image: image && new RuleImage(image),
    complaints: complaints.map(complaintText),
  };
}

const hashed = new HashedName();

/** The line of the rule about a name; 0 where there is none. */
export function lineFor(image: RuleImage | undefined, name: string): number {
  if (image === undefined) throw new Error('the list has errors');
  hashed.set(nameFromText(name) as Name, 0);
  const entry = image.find(hashed);
  return entry === 0 ? 0 : image.lineOf(entry);
}
