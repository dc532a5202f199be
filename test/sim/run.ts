import { play } from './play.ts';
const seed = Number(process.argv[2]);
const n = Number(process.argv[3] ?? 1);
let bad = 0, q = 0, s = 0, f = 0, g = 0;
const t = process.cpuUsage();
for (let i = seed; i < seed + n; i++) {
  const r = await play(i);
  q += r.questions; s += r.sent; f += r.failures; g += r.guesses;
  if (r.broken.length > 0) { bad++; if (bad < 30) console.log(i, r.broken[0]!.split('\n').slice(0, 3).join('\n')); }
  if (n === 1) console.log(r.log.join('\n'));
}
const u = process.cpuUsage(t);
console.log({ n, bad, q, s, f, g, cpu: (u.user + u.system) / 1e6 });
