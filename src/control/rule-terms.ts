/**
 * What the operator says about names, as it is told to the resolver thread: of each list what it is and its
 * image, and what names from outside may not lead to. In: the settings, and what was loaded for them.
 */
import { isDeepStrictEqual } from 'node:util';
import { translated } from '../resolver/dns64.ts';
import type { RuleTerms } from '../rules/rulebook.ts';
import type { Loadout } from './load.ts';
import type { Settings } from './settings.ts';

export function ruleTerms({ recursion }: Settings, { rules }: Pick<Loadout, 'rules'>): RuleTerms {
  const lists = rules.map(({ settings: { name, format, ede }, image }) => ({
    ...{ name, image, ede },
    isData: format === 'records',
  }));
  const { rebinding, dns64 } = recursion;
  if (rebinding === undefined || dns64 === undefined) return { lists, rebinding };
  // Through the NAT64, the hosts of this network have other addresses besides.
  const addresses = [...rebinding.addresses, ...translated(dns64.prefix, rebinding.addresses)];
  return { lists, rebinding: { ...rebinding, addresses } };
}

/** Images are compared by what memory they are, for what is in one does not change. */
export const areSameRules = (a: RuleTerms, b: RuleTerms): boolean =>
  isDeepStrictEqual({ ...a, lists: a.lists.map(withoutImage) }, { ...b, lists: b.lists.map(withoutImage) }) &&
  a.lists.every(({ image }, i) => image === b.lists[i]?.image);

const withoutImage = ({ image, ...others }: RuleTerms['lists'][number]): object => others;
