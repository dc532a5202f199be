/**
 * Our own mistakes. A failed assertion is a bug of Cairn's: the query at hand gets SERVFAIL, the stack is
 * logged, the server lives. A stranger's bytes and an operator's files never come here.
 */

class Bug extends Error {
  override readonly name = 'Bug';
}

export function assert(truth: boolean, law: string): asserts truth {
  if (!truth) throw new Bug(law);
}

/** For the end of an exhaustive switch. */
export function unreachable(value: never): never {
  throw new Bug(`unreachable: ${JSON.stringify(value)}`);
}
