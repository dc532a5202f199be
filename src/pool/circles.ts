/**
 * Where the addresses of a name come from, as far as our zones say: along aliases, and from a pool to its
 * hosts or to the pool it uses. A host whose addresses come from itself has none: what it had once would be
 * kept for ever.
 */
import { HOST_CIRCLE_NAMES_MAX } from '../base/limits.ts';
import { Type } from '../wire/codes.ts';
import { HashedName } from '../wire/hashed-name.ts';
import { type Name, nameKey, nameLength, ownName } from '../wire/name.ts';
import { PoolKind, poolKind, poolSubjectAt } from '../wire/pool.ts';
import { rdatasOf } from '../wire/rrset.ts';
import type { Catalog } from '../zone/catalog.ts';
import type { Image } from '../zone/image.ts';
import { Finding, lookup } from '../zone/lookup.ts';

const hashed = new HashedName();
const finding = new Finding();

/** Whether what some names say comes from the host in the end, the first step taken. */
export function leadsTo(host: Name, from: readonly Name[], catalog: Catalog): boolean {
  const seen = new Set<string>();
  const ahead = from.flatMap((name) => nextOf(name, catalog));
  for (let name = ahead.pop(); name !== undefined; name = ahead.pop()) {
    const key = nameKey(name);
    if (key === nameKey(host)) return true;
    if (seen.has(key) || seen.size === HOST_CIRCLE_NAMES_MAX) continue;
    seen.add(key);
    ahead.push(...nextOf(name, catalog));
  }
  return false;
}

function nextOf(name: Name, catalog: Catalog): Name[] {
  hashed.set(name, 0);
  const image = catalog.find(hashed);
  if (image === undefined) return [];
  const { kind, node, rrset } = lookup(image, hashed, Type.A, finding);
  switch (kind) {
    case 'alias':
      return rdatasOf(image.bytes, rrset).map((target) => ownName(target));
    case 'redirect':
      return [redirected(name, image, node, rrset)];
    case 'pool':
      return rdatasOf(image.bytes, rrset)
        .filter((rdata) => poolKind(rdata, 0) === PoolKind.HOST || poolKind(rdata, 0) === PoolKind.USE)
        .map((rdata) => ownName(rdata, poolSubjectAt(0)));
    default:
      return [];
  }
}

/** RFC 6672 §2.2; of a name that becomes too long, something that is nowhere. */
function redirected(name: Name, image: Image, node: number, dname: number): Name {
  const kept = name.length - nameLength(image.bytes, image.nameAt(node));
  return Uint8Array.of(...name.subarray(0, kept), ...(rdatasOf(image.bytes, dname)[0] ?? []));
}
