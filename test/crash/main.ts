// npm run crash -- [--kills N] [--seed S]
import { parseArgs } from "node:util";
import { killLoop } from "./kill-loop.ts";

const { values } = parseArgs({ options: { kills: { type: "string" }, seed: { type: "string" } } });
const kills = Number(values.kills ?? 200);
const seed = Number(values.seed ?? Date.now() % 1_000_000);
console.log(`${kills} kills, seed ${seed} (moments of the kills; the interleaving is the machine's)`);
const report = await killLoop(kills, seed, (done) => {
  if (done % 10 === 0) console.log(`  ${done} of ${kills} kills, nothing lost`);
});
console.log(`${report.kills} kills, ${report.acknowledged} acknowledged writes all there, `
  + `${report.uncertain} writes done whose answer was lost`);
