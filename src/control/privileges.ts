/**
 * Gives up root for good, after the doors are bound and before a stranger's byte is read. In: the names or
 * numbers of `user:` and `group:`. Out: undefined, or one sentence that says why it could not be done; then
 * the caller must stop. Supplementary groups, group and user are set in this order (each needs the privilege
 * that the next gives away), and it is tried whether root comes back. The user is left one thing to write to:
 * a folder for compiled code, its own.
 */
import { execFileSync } from 'node:child_process';
import { lchownSync, mkdirSync } from 'node:fs';
import { getCompileCacheDir } from 'node:module';

export interface RunAs {
  readonly user: string | undefined;
  readonly group: string | undefined;
}

/** What of `process` this needs; a test stands in for it. */
export interface Ids {
  getuid(): number;
  setuid(id: number): void;
  setgid(id: number | string): void;
  initgroups(user: number, group: number | string): void;
  setgroups(groups: readonly (number | string)[]): void;
  /** Makes the folder where Node will keep compiled code for this user. */
  makeCodeFolder(uid: number): void;
  /** `id -u NAME` and `id -g NAME`; undefined for a user the system does not know. */
  lookup(what: 'u' | 'g', user: string): number | undefined;
}

export function dropPrivileges({ user, group }: RunAs, ids: Ids = systemIds()): string | undefined {
  if (user === undefined) return group === undefined ? undefined : 'group is set, but no user to become';
  const uid = ids.lookup('u', user) ?? numeric(user);
  if (uid === undefined) return `there is no user ${user} on this system`;
  if (ids.getuid() === uid) return undefined;
  if (ids.getuid() !== 0)
    return `only root can become user ${user}; start as root, or as that user, or remove user`;
  const primary = ids.lookup('g', user);
  const gid = group === undefined ? primary : (numeric(group) ?? group);
  if (gid === undefined) return `user ${user} has no entry in the user database: set group as well`;
  try {
    ids.makeCodeFolder(uid);
    if (primary === undefined) ids.setgroups([gid]);
    else ids.initgroups(uid, gid);
    ids.setgid(gid);
    ids.setuid(uid);
  } catch (error) {
    return `could not become ${user}${group === undefined ? '' : `:${group}`}: ${(error as Error).message}`;
  }
  return regained(ids) ? `became ${user}, but root can be had back; is it really another user?` : undefined;
}

function regained(ids: Ids): boolean {
  for (const attempt of [() => ids.setuid(0), () => ids.setgid(0)]) {
    try {
      attempt();
      return true;
    } catch {
      // Refused, as it must be.
    }
  }
  return ids.getuid() === 0;
}

const numeric = (text: string): number | undefined => (/^\d{1,9}$/.test(text) ? Number(text) : undefined);

/** Missing from Node's types. */
interface Initgroups {
  initgroups?(user: number, group: number | string): void;
}

/**
 * Node keeps compiled code in folders named `VERSION-UID`, and only finds that of its present user. Without
 * one, a thread that starts after root is given up strips the types from all it imports once more
 * (`zone/worker`).
 */
function makeCodeFolder(uid: number): void {
  const folder = getCompileCacheDir()?.replace(/-0$/, `-${uid}`);
  if (folder === undefined) return;
  try {
    mkdirSync(folder, { mode: 0o700 });
    // Of a link the link: where others may write, the name may have been taken meanwhile.
    lchownSync(folder, uid, 0);
  } catch {
    // It is there already, or cannot be: then it is slower.
  }
}

function systemIds(): Ids {
  return {
    getuid: () => process.getuid?.() ?? -1,
    setuid: (id) => process.setuid?.(id),
    setgid: (id) => process.setgid?.(id),
    initgroups: (user, group) => (process as Initgroups).initgroups?.(user, group),
    setgroups: (groups) => process.setgroups?.(groups),
    makeCodeFolder,
    lookup: (what, user) => {
      if (!/^[\w.$-]+$/.test(user)) return undefined;
      try {
        return Number(execFileSync('id', [`-${what}`, '--', user], { encoding: 'utf8', stdio: 'pipe' }));
      } catch {
        return undefined;
      }
    },
  };
}
