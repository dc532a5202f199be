/**
 * A thread that does nothing but overwrite an answer cache, until a shared word ends it: each entry's RRs are
 * all made of its name's number and of one version, so that whoever reads parts of two sees it.
 */
import { workerData } from 'node:worker_threads';
import { AnswerWriter } from '../../src/server/answer-writer.ts';
import { nameFromText } from '../../src/wire/name.ts';
import { packRrset } from '../../src/wire/rrset.ts';

const { memory, words, names } = workerData as {
  memory: SharedArrayBuffer;
  words: Int32Array;
  names: number;
};
const writer = new AnswerWriter(memory, () => 0);
for (let version = 1; Atomics.load(words, 0) === 0; version = (version + 1) & 0x7fff) {
  const i = (version * 7) % names;
  const owner = nameFromText(`n${i}.test`) as Uint8Array;
  const rdata = Uint8Array.of(i, version >> 8, version & 0xff, i);
  const rdatas = Array.from({ length: 1 + (version % 60) }, () => rdata);
  const answer = [{ owner, block: packRrset(1, 60, rdatas), ttl: 60 }];
  writer.keep(owner, 1, 0, 1, { rcode: 0, answer, authority: [], ede: undefined }, false);
  Atomics.add(words, 1, 1);
}
