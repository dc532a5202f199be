/**
 * A thread that reads a zone while another one changes it: asks for all names of one version again and again,
 * and tells how often it saw anything but that version. It is handed a newer version now and then.
 */
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { u32 } from '../../src/base/bytes.ts';
import { Type } from '../../src/wire/codes.ts';
import { HashedName } from '../../src/wire/hashed-name.ts';
import { Image, type ImageVersion } from '../../src/zone/image.ts';
import { Finding, lookup } from '../../src/zone/lookup.ts';

export interface VersionReaderStart {
  readonly names: readonly Uint8Array[];
  readonly version: ImageVersion & { readonly number: number };
}

const { names, version } = workerData as VersionReaderStart;
const hashed = names.map((name) => {
  const each = new HashedName();
  each.set(name, 0);
  return each;
});
const finding = new Finding();
let zone = new Image(version.buffer, version.end);
let { number } = version;
let wrong = 0;
let rounds = 0;

/** Each name has an A with the version's number, and every other one a name that is there in odd versions. */
function look(): void {
  for (const [i, name] of hashed.entries()) {
    const { kind, rrset } = lookup(zone, name, Type.A, finding);
    const isThere = i % 2 === 0 || number % 2 === 1;
    if ((kind === 'data') !== isThere) wrong++;
    else if (isThere && u32(zone.bytes, rrset + 14) !== number) wrong++;
  }
}

parentPort?.postMessage('ready');
for (let isOver = false; !isOver; rounds++) {
  look();
  const mail = parentPort && receiveMessageOnPort(parentPort);
  if (mail === null || mail === undefined) continue;
  const next = mail.message as VersionReaderStart['version'] | undefined;
  isOver = next === undefined;
  if (next === undefined) break;
  zone = new Image(next.buffer, next.end);
  number = next.number;
}
parentPort?.postMessage({ wrong, rounds });
