import { buildPackages } from './build.ts'

const { ok, output } = await buildPackages((line) => console.log(line))
if (!ok) console.error(output)
process.exitCode = ok ? 0 : 1
