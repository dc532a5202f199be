/**
 * Records and names as texts, as the generators of worlds and questions and the rules over their answers
 * handle them. Names are absolute, lower-case, and have neither escapes nor dots within a label.
 */

export interface MadeRecord {
  readonly owner: string;
  readonly ttl: number;
  readonly type: string;
  readonly rdata: string;
}

export const recordLine = (record: MadeRecord): string =>
  `${record.owner} ${record.ttl} IN ${record.type} ${record.rdata}`;

/** Whether a name is `ancestor` or lies below it. */
export const isBelow = (name: string, ancestor: string): boolean =>
  ancestor === '.' || name === ancestor || name.endsWith(`.${ancestor}`);

/** `a` under `b.` is `a.b.`; under the root it is `a.`. */
export const under = (labels: string, apex: string): string => `${labels}.${apex === '.' ? '' : apex}`;

/** The name less its first label; the root is its own parent. */
export const parentOf = (name: string): string => name.slice(name.indexOf('.') + 1) || '.';
