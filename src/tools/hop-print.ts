/** What one of our zones says of a name, in a sentence: data, alias, cut, wildcard, nothing. */
import type { Explanation } from '../control/explainer.ts';
import { bare } from './trail-print.ts';

type ToldHop = Explanation['hops'][number];

export function hopText(hop: ToldHop): string {
  if (hop.zone === undefined) return `no zone of this server has ${bare(hop.name)}`;
  return `${bare(hop.name)} ${whatIsThere(hop)}`;
}

function whatIsThere(hop: ToldHop): string {
  const at = bare(hop.at);
  const by = hop.isWildcard ? ` by the wildcard ${at}` : '';
  const [target = ''] = hop.targets;
  switch (hop.finding) {
    case 'data':
      return `is there${by}`;
    case 'alias':
      return `is an alias of ${bare(target)}${by}`;
    case 'pool':
      return `is a pool${by}`;
    case 'redirect':
      return `is renamed by the DNAME at ${at} to what is below ${bare(target)}`;
    case 'referral':
      return `is below the cut ${at}, delegated to ${hop.targets.map(bare).join(', ')}`;
    case 'nodata':
      return `is there${by}, ${nothingAsked(hop)}`;
    case 'nxdomain':
      return `does not exist: the closest name there is ${at}, which has no wildcard`;
    case 'outside':
      return 'is nobody’s here';
  }
}

const nothingAsked = ({ types }: ToldHop): string =>
  types.length === 0
    ? 'an empty non-terminal: only names below it have records'
    : `with ${types.join(', ')} only`;
