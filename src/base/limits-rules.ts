/**
 * Bounds of what the operator says about names: lists come from others, and are read whole. The rest is in
 * `limits`.
 */
export const RULE_LISTS_MAX = 100;
/** Of one list: four times the largest that are in use. */
export const RULES_PER_LIST_MAX = 4_000_000;
/** What their names take, as they are looked up. */
export const RULE_NAMES_BYTES_MAX = 192 * 1024 * 1024;
/** Slots looked at for one name; names that would need more were chosen to collide. */
export const RULE_PROBES_MAX = 1_000;
/** A file of rules is read whole. */
export const RULE_FILE_BYTES_MAX = 256 * 1024 * 1024;
/** Of an answer that a list gives, unless configured: a client hears soon that it gives it no more. */
export const RULE_SECONDS = 60;
